// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CoverSetup} from "./CoverSetup.t.sol";
import {CoverPool} from "./CoverPool.sol";
import {ICoverPool} from "./ICoverPool.sol";

contract CoverPoolTest is CoverSetup {
    function test_only_the_product_moves_capital() public {
        bytes[5] memory calls = [
            abi.encodeCall(ICoverPool.collect, (farmer, 1, 1)),
            abi.encodeCall(ICoverPool.payFee, (1)),
            abi.encodeCall(ICoverPool.release, (0, 0, 0)),
            abi.encodeCall(ICoverPool.pay, (anyone, 1)),
            abi.encodeCall(ICoverPool.returnClaims, (0))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            vm.prank(underwriter);
            (bool ok, bytes memory why) = address(pool).call(calls[i]);
            assertFalse(ok);
            assertEq(why, abi.encodeWithSelector(ICoverPool.NotProduct.selector, underwriter, address(cover)));
        }
        assertEq(pool.product(), address(cover));
    }

    function test_withdraw_leaves_what_is_locked() public {
        uint256 riskId = sellingRisk();
        buy(riskId, 100_000e18);
        uint256 free = 500_000e18 - 75_000e18 - FEE;
        assertEq(pool.freeCapital(), free);
        assertEq(pool.maxWithdraw(investor), free);
        vm.prank(investor);
        vm.expectRevert();
        pool.withdraw(free + 1, investor, investor);
        vm.prank(investor);
        pool.withdraw(free, investor, investor);
        assertEq(pool.freeCapital(), 0);
        assertEq(pool.maxWithdraw(investor), 0);
        checkBooks();
    }

    /// C10: `maxWithdraw` and `maxRedeem` are honest: what they name is accepted, and never touches locked capital.
    function test_maxWithdraw_and_maxRedeem_are_accepted(uint256 part, uint256 sumInsured, uint256 donation) public {
        uint256 riskId = sellingRisk();
        address second = makeAddr("second investor");
        fund(second, 1_000_000e18);
        part = bound(part, 1, 1_000_000e18);
        vm.prank(second);
        pool.deposit(part, second);
        buy(riskId, bound(sumInsured, 1e18, 200_000e18));
        token.mint(address(pool), bound(donation, 0, 1e24));
        uint256 snapshot = vm.snapshotState();
        uint256 most = pool.maxWithdraw(second);
        vm.prank(second);
        pool.withdraw(most, second, second);
        assertLe(pool.lockedCapital(), pool.totalAssets());
        vm.revertToState(snapshot);
        most = pool.maxRedeem(second);
        vm.prank(second);
        pool.redeem(most, second, second);
        assertLe(pool.lockedCapital(), pool.totalAssets());
        most = pool.maxRedeem(investor);
        vm.prank(investor);
        pool.redeem(most, investor, investor);
        assertLe(pool.lockedCapital(), pool.totalAssets());
    }

    /// C8: who comes after a policy was sold and leaves before its season ended takes nothing of its premium.
    function test_premium_is_not_earned_before_the_decision() public {
        uint256 riskId = sellingRisk();
        address late = makeAddr("late investor");
        fund(late, 1_000_000e18);
        vm.prank(late);
        pool.deposit(500_000e18, late);
        buy(riskId, 200_000e18);
        vm.startPrank(late);
        pool.redeem(pool.maxRedeem(late), late, late);
        vm.stopPrank();
        assertLe(token.balanceOf(late), 1_000_000e18);
    }

    /// The first depositor cannot be robbed by a donation: the attacker pays many times what the victim loses.
    function test_donation_attack_costs_more_than_it_brings(uint256 donation, uint256 deposit_) public {
        CoverPool fresh = new CoverPool(token, "fresh", "F");
        assertEq(fresh.product(), address(this));
        donation = bound(donation, 1, 1_000_000e18);
        deposit_ = bound(deposit_, 1e6, 1_000_000e18);
        address attacker = makeAddr("attacker");
        address victim = makeAddr("victim");
        token.mint(attacker, donation + 1);
        token.mint(victim, deposit_);
        vm.startPrank(attacker);
        token.approve(address(fresh), type(uint256).max);
        fresh.deposit(1, attacker);
        token.transfer(address(fresh), donation);
        vm.stopPrank();
        vm.startPrank(victim);
        token.approve(address(fresh), type(uint256).max);
        uint256 shares = fresh.deposit(deposit_, victim);
        if (shares != 0) fresh.redeem(shares, victim, victim);
        vm.stopPrank();
        uint256 lost = deposit_ - token.balanceOf(victim);
        vm.startPrank(attacker);
        fresh.redeem(fresh.balanceOf(attacker), attacker, attacker);
        vm.stopPrank();
        uint256 cost = donation + 1 - token.balanceOf(attacker);
        assertLe(token.balanceOf(attacker), donation + 1, "no profit");
        assertLe(lost, cost / 400_000 + 2, "a loss of the victim costs the attacker 400,000 times as much");
    }

    /// This contract stands in for the product of the pool above.
    function awaitingDecision() external pure returns (bool) {
        return false;
    }

    function test_deposit_of_a_fee_taking_token_reverts() public {
        token.setFee(50);
        vm.prank(investor);
        vm.expectRevert(abi.encodeWithSelector(ICoverPool.WrongAmountReceived.selector, 99.5e18, 100e18));
        pool.deposit(100e18, investor);
    }

    function test_shares_have_six_more_decimals_than_the_asset() public view {
        assertEq(pool.decimals(), 24);
        assertEq(pool.asset(), address(token));
        assertEq(pool.balanceOf(investor), 500_000e24);
    }
}
