// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAssets} from "./IAssets.sol";
import {AssetsTest} from "./AssetsTest.t.sol";

contract AssetsWithdrawTest is AssetsTest {
    function test_withdraw_everythingOnce(uint128 price) public {
        price = uint128(bound(price, 1, 1_000_000e18));
        uint256 id = _publish(alice, 0, price, _none());
        _buy(id, bob);
        _buy(id, carol);
        vm.startPrank(alice);
        assertEq(assets.withdraw(), 2 * uint256(price));
        assertEq(token.balanceOf(alice), 2 * uint256(price));
        vm.expectRevert(abi.encodeWithSelector(IAssets.NothingToWithdraw.selector, alice));
        assets.withdraw();
    }
}
