// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CoverSetup} from "./CoverSetup.t.sol";
import {ICover} from "./ICover.sol";
import {ICoverPool} from "./ICoverPool.sol";

contract CoverBuyTest is CoverSetup {
    function test_buy_locks_the_largest_payout_and_keeps_the_premium_apart() public {
        uint256 riskId = sellingRisk();
        vm.expectEmit(address(cover));
        emit ICover.PolicyBought(1_000_001, riskId, anyone, farmer, 1_000e18, 80e18, 750e18);
        vm.prank(farmer);
        (uint256 policyId, uint256 premium) = cover.buy(riskId, 1_000e18, 80e18, anyone);
        assertEq(policyId, 1_000_001);
        assertEq(premium, 80e18);
        assertEq(cover.ownerOf(policyId), anyone);
        assertEq(uint256(cover.policyStatus(policyId)), uint256(ICover.PolicyStatus.Active));
        assertEq(cover.risk(riskId).insured, 1_000e18);
        assertEq(cover.risk(riskId).capital, 750e18);
        (uint256 capital, uint256 cap) = cover.cluster(CLUSTER);
        assertEq(capital, 750e18);
        assertEq(cap, 300_000e18);
        assertEq(pool.lockedCapital(), 750e18 + FEE);
        buy(riskId, 10e18);
        assertEq(pool.lockedCapital(), 757.5e18 + FEE, "the fee is set aside once");
        checkBooks();
    }

    /// C4: premium and capital round up, so that no split of a policy is cheaper than the whole.
    function test_buy_rounds_up(uint256 sumInsured) public {
        sumInsured = bound(sumInsured, 1e18, 100_000e18);
        uint256 riskId = sellingRisk();
        (uint256 premium, uint256 capital) = cover.quote(riskId, sumInsured);
        assertGe(premium * 1e18, sumInsured * RATE);
        assertLt((premium - 1) * 1e18, sumInsured * RATE);
        assertGe(capital * 1e18, sumInsured * TSI);
        assertLt((capital - 1) * 1e18, sumInsured * TSI);
        uint256 before = token.balanceOf(farmer);
        buy(riskId, sumInsured);
        assertEq(before - token.balanceOf(farmer), premium);
        checkBooks();
    }

    function test_buy_outside_sales_reverts() public {
        uint256 riskId = openRisk();
        (uint64 from, uint64 to) = (start + 1 days, start + 10 days);
        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.SalesClosed.selector, riskId, from - 1, from, to));
        buy(riskId, 1e18);
        vm.warp(to);
        vm.expectRevert(abi.encodeWithSelector(ICover.SalesClosed.selector, riskId, to, from, to));
        buy(riskId, 1e18);
        vm.warp(from);
        buy(riskId, 1e18);
        vm.warp(to - 1);
        buy(riskId, 1e18);
    }

    function test_buy_guards() public {
        uint256 riskId = sellingRisk();
        vm.expectRevert(abi.encodeWithSelector(ICover.UnknownRisk.selector, 9));
        buy(9, 1e18);
        vm.expectRevert(abi.encodeWithSelector(ICover.SumInsuredTooSmall.selector, 1e18 - 1, 1e18));
        buy(riskId, 1e18 - 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.PremiumTooHigh.selector, 80e18, 80e18 - 1));
        vm.prank(farmer);
        cover.buy(riskId, 1_000e18, 80e18 - 1, farmer);
    }

    /// C7: `available` is exact: it is accepted, a little more is not.
    function test_buy_stops_at_the_cap_that_available_names() public {
        uint256 riskId = sellingRisk();
        uint256 most = cover.available(riskId);
        // 200,000 of capital at a TSI of .75.
        assertEq(most, uint256(200_000e18) * 1e18 / TSI);
        uint256 ofRisk = 200_000e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(ICover.RiskCapReached.selector, riskId, ofRisk, 200_000e18));
        buy(riskId, most + 2);
        buy(riskId, most);
        assertEq(cover.available(riskId), 0);
        checkBooks();
    }

    function test_buy_stops_at_the_cluster_cap_over_all_its_risks() public {
        uint256 first = openRisk();
        uint256 second = openRisk();
        vm.warp(start + 2 days);
        buy(first, 240_000e18);
        // 180,000 locked; 120,000 of the cluster are left, 200,000 of the second risk.
        assertEq(cover.available(second), uint256(120_000e18) * 1e18 / TSI);
        vm.expectRevert(abi.encodeWithSelector(ICover.ClusterCapReached.selector, CLUSTER, 301_500e18, 300_000e18));
        buy(second, 162_000e18);
        buy(second, 160_000e18);
        assertEq(cover.available(second), 0);
        checkBooks();
    }

    /// C5: shares of the pool bind where they are smaller than the caps of the terms.
    function test_buy_stops_at_the_share_of_the_pool() public {
        uint256 riskId = sellingRisk();
        vm.prank(investor);
        pool.withdraw(400_000e18, investor, investor);
        assertEq(cover.available(riskId), uint256(50_000e18) * 1e18 / TSI);
        vm.expectRevert(abi.encodeWithSelector(ICover.RiskCapReached.selector, riskId, 52_500e18, 50_000e18));
        buy(riskId, 70_000e18);
    }

    function test_buy_with_too_little_free_capital_reverts() public {
        uint256 riskId = sellingRisk();
        vm.startPrank(investor);
        pool.redeem(pool.balanceOf(investor), investor, investor);
        pool.deposit(20e18, investor);
        vm.stopPrank();
        // 10 of capital fit the share of the pool; with the fee of 10 all 20 are taken.
        assertEq(cover.available(riskId), uint256(10e18) * 1e18 / TSI);
        vm.prank(investor);
        pool.withdraw(4e18, investor, investor);
        vm.expectRevert(abi.encodeWithSelector(ICoverPool.NotEnoughCapital.selector, 7.5e18 + FEE, 16e18));
        buy(riskId, 10e18);
    }

    function test_buy_with_a_fee_taking_token_reverts() public {
        uint256 riskId = sellingRisk();
        token.setFee(100);
        vm.expectRevert(abi.encodeWithSelector(ICoverPool.WrongAmountReceived.selector, 79.2e18, 80e18));
        buy(riskId, 1_000e18);
    }

    function test_buy_after_the_request_reverts() public {
        ICover.Terms memory t = defaultTerms();
        t.salesEnd = t.maturity;
        uint256 riskId = openRisk(t);
        vm.warp(start + 2 days);
        buy(riskId, 10e18);
        ask(riskId);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Requested));
        buy(riskId, 10e18);
    }

    function test_buy_opens_at_most_32_undecided_risks() public {
        for (uint256 i = 0; i < 33; i++) openRisk();
        vm.warp(start + 2 days);
        for (uint256 i = 1; i <= 32; i++) buy(i, 1e18);
        assertEq(cover.available(33), 0);
        vm.expectRevert(abi.encodeWithSelector(ICover.TooManyOpenRisks.selector, 32));
        buy(33, 1e18);
        // One of them ends: there is room again, and the list stays right.
        bytes32 id = ask(5);
        oracle.report(id, 1e18);
        assertTrue(pool.maxDeposit(investor) == 0, "31 others are past maturity");
        for (uint256 i = 1; i <= 32; i++) if (i != 5) oracle.report(ask(i), 1e18);
        assertEq(pool.maxDeposit(investor), type(uint256).max);
        (uint256 capital,) = cover.cluster(CLUSTER);
        assertEq(capital, 0);
        assertEq(pool.lockedCapital(), 0);
        checkBooks();
    }
}
