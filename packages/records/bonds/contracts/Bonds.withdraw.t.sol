// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBonds} from "./IBonds.sol";
import {BondsTest, HookToken} from "./BondsTest.t.sol";

contract BondsWithdrawTest is BondsTest {
    function test_withdraw_B3_freeOnly(uint128 amount, uint128 locked, uint128 out) public {
        amount = uint128(bound(amount, 1, 1_000_000e18));
        locked = uint128(bound(locked, 0, amount));
        _deposit(alice, amount);
        bonds.lock(alice, locked);
        uint256 free = amount - locked;
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientFree.selector, alice, free + 1, free));
        bonds.withdraw(free + 1);
        if (free == 0) return;
        out = uint128(bound(out, 1, free));
        bonds.withdraw(out);
        _assertAccount(alice, free - out, locked);
        assertEq(token.balanceOf(alice), 1_000_000e18 - amount + out);
    }

    function test_withdraw_nothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.ZeroAmount.selector));
        bonds.withdraw(0);
    }

    function test_withdraw_reentrance_isRefused() public {
        HookToken hook = new HookToken();
        _use(hook);
        _deposit(alice, 100);
        hook.hook(address(bonds), abi.encodeCall(IBonds.withdraw, (60)));
        vm.prank(alice);
        bonds.withdraw(60);
        assertFalse(hook.reentered());
        _assertAccount(alice, 40, 0);
    }

    function test_withdraw_B4_burnAccountNever() public {
        _deposit(alice, 100);
        bonds.lock(alice, 100);
        bonds.slash(alice, 99, bob);
        assertEq(bonds.burned(), 50, "half, rounded up");
        _assertAccount(bob, 49, 0);
        _assertAccount(alice, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientFree.selector, BURN, 1, 0));
        vm.prank(BURN);
        bonds.withdraw(1);
    }
}
