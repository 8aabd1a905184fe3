// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBonds} from "./IBonds.sol";
import {BondsTest, HookToken, OpenBonds, TaxedToken} from "./BondsTest.t.sol";

contract BondsDepositTest is BondsTest {
    function test_deposit_creditsTheNamedAccount(uint128 amount) public {
        amount = uint128(bound(amount, 1, 1_000_000e18));
        vm.expectEmit(address(bonds));
        emit IBonds.Deposited(alice, bob, amount);
        vm.prank(alice);
        assertEq(bonds.deposit(bob, amount), amount);
        _assertAccount(bob, amount, 0);
        _assertAccount(alice, 0, 0);
        assertEq(token.balanceOf(address(bonds)), amount);
    }

    function test_deposit_B2_taxedToken_creditsWhatArrived(uint128 amount) public {
        _use(new TaxedToken());
        amount = uint128(bound(amount, 1, 1_000_000e18));
        _deposit(alice, amount);
        _assertAccount(alice, amount - amount / 100, 0);
        assertEq(token.balanceOf(address(bonds)), amount - amount / 100);
    }

    function test_deposit_B2_reentrance_isRefused() public {
        HookToken hook = new HookToken();
        _use(hook);
        hook.hook(address(bonds), abi.encodeCall(IBonds.deposit, (bob, 1)));
        _deposit(alice, 100);
        assertFalse(hook.reentered());
        _assertAccount(alice, 100, 0);
    }

    function test_deposit_nothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.ZeroAmount.selector));
        _deposit(alice, 0);
        vm.expectRevert(abi.encodeWithSelector(IBonds.ZeroAddress.selector));
        vm.prank(alice);
        bonds.deposit(address(0), 1);
    }

    function test_deposit_beyond128Bits_reverts() public {
        // The ledger's mapping is the first thing in storage.
        vm.store(address(bonds), keccak256(abi.encode(alice, uint256(0))), bytes32(uint256(type(uint128).max)));
        _assertAccount(alice, type(uint128).max, 0);
        vm.expectRevert(abi.encodeWithSelector(IBonds.AmountTooLarge.selector, uint256(type(uint128).max) + 1));
        _deposit(alice, 1);
    }

    function test_constructor_withoutToken_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.ZeroAddress.selector));
        new OpenBonds(IERC20(address(0)));
    }
}
