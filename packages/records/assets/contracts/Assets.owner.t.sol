// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAssets} from "./IAssets.sol";
import {AssetsTest} from "./AssetsTest.t.sol";

contract AssetsOwnerTest is AssetsTest {
    function test_setPrice_ownerOnly(uint128 price) public {
        uint256 id = _publish(alice, 0, 1e18, _none());
        vm.prank(alice);
        assets.setPrice(id, price);
        assertEq(assets.asset(id).price, price);
        vm.expectRevert(abi.encodeWithSelector(IAssets.NotOwner.selector, id, bob));
        vm.prank(bob);
        assets.setPrice(id, 1);
    }

    function test_setState_ownerOnly_retiredForGood() public {
        uint256 id = _publish(alice, 0, 1e18, _none());
        vm.expectRevert(abi.encodeWithSelector(IAssets.NotOwner.selector, id, bob));
        vm.prank(bob);
        assets.setState(id, IAssets.State.Retired);
        vm.startPrank(alice);
        assets.setState(id, IAssets.State.OrderingDisabled);
        assets.setState(id, IAssets.State.Active);
        assets.setState(id, IAssets.State.Retired);
        vm.expectRevert(abi.encodeWithSelector(IAssets.RetiredIsFinal.selector, id));
        assets.setState(id, IAssets.State.Active);
    }

    function test_transfer_handsOverTheRights() public {
        uint256 id = _publish(alice, 0, 1e18, _none());
        vm.prank(alice);
        assets.transferFrom(alice, bob, id);
        vm.expectRevert(abi.encodeWithSelector(IAssets.NotOwner.selector, id, alice));
        vm.prank(alice);
        assets.setPrice(id, 1);
        vm.prank(bob);
        assets.setPrice(id, 1);
        assertEq(assets.asset(id).publisher, alice, "who published stays on record");
    }
}
