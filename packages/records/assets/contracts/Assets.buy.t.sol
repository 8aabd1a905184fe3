// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {IAssets} from "./IAssets.sol";
import {AssetsTest} from "./AssetsTest.t.sol";

/// @notice Takes one per cent of every transfer.
contract TaxedToken is TestToken {
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        super._update(from, address(0xfee), value / 100);
        super._update(from, to, value - value / 100);
    }
}

contract AssetsBuyTest is AssetsTest {
    function test_buy_grantsAccessAndCreditsTheOwner(uint128 price) public {
        price = uint128(bound(price, 1, 1_000_000e18));
        uint256 id = _publish(alice, 0, price, _none());
        assertFalse(assets.hasAccess(id, carol));
        _buy(id, carol);
        assertTrue(assets.hasAccess(id, carol));
        assertFalse(assets.hasAccess(id, buyer), "the payer bought for somebody else");
        assertEq(assets.balance(alice), price);
        assertEq(token.balanceOf(address(assets)), price);
    }

    function test_buy_A7_splitsToTheLastUnit(uint128 price, uint16 one, uint16 two) public {
        price = uint128(bound(price, 1, 1_000_000e18));
        uint256 a = _publish(alice, uint16(bound(one, 0, 5000)), 0, _none());
        uint256 b = _publish(bob, uint16(bound(two, 0, 5000)), 0, _list(a));
        uint256 c = _publish(carol, 0, price, _list(b));
        (address[] memory owners, uint256[] memory amounts) = assets.payees(c, price);
        _buy(c, buyer);
        uint256 sum;
        for (uint256 i; i < owners.length; ++i) {
            sum += amounts[i];
            assertEq(assets.balance(owners[i]), amounts[i]);
        }
        assertEq(sum, price);
        assertEq(assets.balance(alice), uint256(price) * bound(one, 0, 5000) / 10_000, "rounded down");
    }

    function test_buy_paysTheOwnerOfToday() public {
        uint256 a = _publish(alice, 1000, 0, _none());
        uint256 b = _publish(bob, 0, 100e18, _list(a));
        vm.prank(alice);
        assets.transferFrom(alice, carol, a);
        _buy(b, buyer);
        assertEq(assets.balance(carol), 10e18);
        assertEq(assets.balance(alice), 0);
        assertTrue(assets.hasAccess(a, carol));
    }

    function test_buy_twice_reverts() public {
        uint256 id = _publish(alice, 0, 1e18, _none());
        _buy(id, carol);
        vm.expectRevert(abi.encodeWithSelector(IAssets.AlreadyHasAccess.selector, id, carol));
        _buy(id, carol);
        vm.expectRevert(abi.encodeWithSelector(IAssets.AlreadyHasAccess.selector, id, alice));
        _buy(id, alice);
    }

    function test_buy_aboveMaxPrice_reverts() public {
        uint256 id = _publish(alice, 0, 1e18, _none());
        vm.prank(alice);
        assets.setPrice(id, 2e18);
        vm.expectRevert(abi.encodeWithSelector(IAssets.PriceAbove.selector, id, 2e18, 1e18));
        vm.prank(buyer);
        assets.buy(id, buyer, 1e18);
    }

    function test_buy_A8_notWhenDisabledOrRetired_accessStays(bool retire) public {
        uint256 id = _publish(alice, 0, 1e18, _none());
        _buy(id, carol);
        IAssets.State state = retire ? IAssets.State.Retired : IAssets.State.OrderingDisabled;
        vm.prank(alice);
        assets.setState(id, state);
        vm.expectRevert(abi.encodeWithSelector(IAssets.NotForSale.selector, id, state));
        _buy(id, bob);
        assertTrue(assets.hasAccess(id, carol));
    }

    function test_buy_free_costsNothing() public {
        uint256 id = _publish(alice, 0, 0, _none());
        assertTrue(assets.hasAccess(id, carol), "free and on sale");
        vm.prank(carol);
        assets.buy(id, carol, 0);
        vm.prank(alice);
        assets.setState(id, IAssets.State.OrderingDisabled);
        assertTrue(assets.hasAccess(id, carol), "recorded");
        assertFalse(assets.hasAccess(id, bob));
    }

    function test_buy_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IAssets.UnknownAsset.selector, 5));
        _buy(5, buyer);
        vm.expectRevert(abi.encodeWithSelector(IAssets.UnknownAsset.selector, 5));
        assets.splitOf(5);
    }
}

contract AssetsBuyTaxedTest is AssetsTest {
    function _newToken() internal override returns (TestToken) {
        return new TaxedToken();
    }

    function test_buy_A7_shortPayment_reverts() public {
        uint256 id = _publish(alice, 0, 100e18, _none());
        vm.expectRevert(abi.encodeWithSelector(IAssets.PaymentShort.selector, 100e18, 99e18));
        _buy(id, buyer);
    }
}
