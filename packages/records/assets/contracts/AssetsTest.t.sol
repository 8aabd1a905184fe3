// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "@base/testkit/contracts/Test.sol";
import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {Assets} from "./Assets.sol";
import {IAssets} from "./IAssets.sol";

abstract contract AssetsTest is Test {
    TestToken internal token;
    Assets internal assets;
    address internal alice;
    address internal bob;
    address internal carol;
    address internal buyer;
    uint256 private _serial;

    function setUp() public virtual {
        token = _newToken();
        assets = new Assets(token);
        alice = makeAddr("alice");
        bob = makeAddr("bob");
        carol = makeAddr("carol");
        buyer = makeAddr("buyer");
        token.faucet(buyer, 10_000_000e18);
        vm.prank(buyer);
        token.approve(address(assets), type(uint256).max);
    }

    function _newToken() internal virtual returns (TestToken) {
        return new TestToken();
    }

    /// @dev A publication with a root of its own.
    function _publication(uint16 royaltyBps, uint128 price, uint256[] memory parents)
        internal
        returns (IAssets.Publication memory)
    {
        bytes32 root = keccak256(abi.encode("root", ++_serial));
        return IAssets.Publication(IAssets.Kind.Data, root, keccak256("statement"), price, royaltyBps, parents, "https://a");
    }

    function _publish(address owner, uint16 royaltyBps, uint128 price, uint256[] memory parents)
        internal
        returns (uint256)
    {
        IAssets.Publication memory p = _publication(royaltyBps, price, parents);
        vm.prank(owner);
        return assets.publish(p);
    }

    function _none() internal pure returns (uint256[] memory) {
        return new uint256[](0);
    }

    function _list(uint256 a) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = a;
    }

    function _list(uint256 a, uint256 b) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }

    function _buy(uint256 id, address to) internal {
        vm.prank(buyer);
        assets.buy(id, to, type(uint256).max);
    }
}
