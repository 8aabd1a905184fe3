// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "@protocols/oracle/contracts/IOracle.sol";
import {CoverSetup} from "./CoverSetup.t.sol";
import {ICover} from "./ICover.sol";

contract CoverDecideTest is CoverSetup {
    uint256 riskId;
    uint64 maturity;
    uint64 deadline;

    function setUp() public override {
        super.setUp();
        riskId = sellingRisk();
        maturity = defaultTerms().maturity;
        deadline = defaultTerms().claimDeadline;
    }

    function test_requestDecision_asks_what_the_terms_say() public {
        buy(riskId, 1_000e18);
        bytes32 id = ask(riskId);
        IOracle.Request memory r = oracle.requestOf(id);
        assertEq(r.requester, address(cover));
        assertEq(r.policyId, POLICY);
        assertEq(r.modelId, 3);
        assertEq(r.inputHash, INPUT);
        assertEq(r.valueAtRisk, 750e18);
        assertEq(r.fee, FEE);
        assertEq(r.callbackGas, 2_000_000);
        assertEq(r.expiry, deadline - 1 hours);
        assertEq(cover.risk(riskId).requestId, id);
        assertEq(pool.lockedCapital(), 750e18);
        checkBooks();
    }

    function test_requestDecision_only_in_its_time() public {
        buy(riskId, 1_000e18);
        vm.warp(maturity - 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.TooEarly.selector, riskId, maturity - 1, maturity));
        cover.requestDecision(riskId);
        uint64 last = deadline - 1 hours;
        vm.warp(last + 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.TooLate.selector, riskId, last + 1, last));
        cover.requestDecision(riskId);
        vm.warp(last);
        cover.requestDecision(riskId);
    }

    function test_requestDecision_without_policies_or_twice_reverts() public {
        vm.warp(maturity);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Open));
        cover.requestDecision(riskId);
        vm.warp(start + 2 days);
        buy(riskId, 1_000e18);
        ask(riskId);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Requested));
        cover.requestDecision(riskId);
    }

    /// C7: a request that ended without an answer is asked again with the fee that came back.
    function test_requestDecision_again_after_a_void_request() public {
        buy(riskId, 1_000e18);
        bytes32 first = ask(riskId);
        oracle.void(first);
        vm.expectRevert(abi.encodeWithSelector(ICover.NoFees.selector, FEE, FEE));
        cover.returnFees();
        uint256 assets = pool.totalAssets();
        bytes32 second = cover.requestDecision(riskId);
        assertNotEq(second, first);
        assertEq(pool.totalAssets(), assets, "paid once");
        assertFalse(oracle.report(first, 0), "the first request is dead");
        assertTrue(oracle.report(second, 0));
        assertEq(uint256(cover.risk(riskId).status), uint256(ICover.Status.Decided));
        checkBooks();
    }

    function test_onReport_from_others_or_for_unknown_requests_reverts() public {
        buy(riskId, 1_000e18);
        bytes32 id = ask(riskId);
        IOracle.Answer memory a;
        bytes memory report = abi.encode(a);
        vm.expectRevert(abi.encodeWithSelector(ICover.NotOracle.selector, address(this), address(oracle)));
        cover.onReport(abi.encode(id, 3, INPUT), report);
        vm.expectRevert(abi.encodeWithSelector(ICover.UnknownRequest.selector, bytes32("no")));
        vm.prank(address(oracle));
        cover.onReport(abi.encode(bytes32("no"), 3, INPUT), report);
    }

    function test_onReport_clamps_the_output() public {
        buy(riskId, 1_000e18);
        bytes32 id = ask(riskId);
        vm.expectEmit(address(cover));
        emit ICover.SeasonDecided(riskId, id, -5, 0, TSI, 750e18);
        assertTrue(oracle.report(id, -5));
        assertEq(cover.risk(riskId).ratio, 0);
        assertEq(cover.risk(riskId).share, TSI);

        uint256 other = _soldAgain();
        id = ask(other);
        assertTrue(oracle.report(id, type(int256).max));
        assertEq(cover.risk(other).ratio, 1e18);
        assertEq(cover.risk(other).share, 0);
    }

    /// C2: a report counts once.
    function test_onReport_twice_reverts() public {
        buy(riskId, 1_000e18);
        bytes32 id = ask(riskId);
        assertTrue(oracle.report(id, 0));
        uint256 balance = token.balanceOf(address(pool));
        assertFalse(oracle.report(id, 0));
        assertEq(token.balanceOf(address(pool)), balance);
    }

    /// C3: above the trigger nobody is paid, everything is closed at once and the premium is earned.
    function test_onReport_above_the_trigger_lapses_all_policies() public {
        uint256 policyId = buy(riskId, 1_000e18);
        buy(riskId, 500e18);
        bytes32 id = ask(riskId);
        vm.expectEmit(address(cover));
        emit ICover.RiskClosed(riskId, 0);
        assertTrue(oracle.report(id, int256(uint256(TRIGGER))));
        assertEq(uint256(cover.policyStatus(policyId)), uint256(ICover.PolicyStatus.Lapsed));
        assertEq(pool.totalAssets(), 500_000e18 + 120e18 - FEE);
        assertEq(pool.lockedCapital(), 0);
        assertEq(cover.settle(riskId, 10), 0);
        vm.expectRevert(abi.encodeWithSelector(ICover.AlreadySettled.selector, policyId));
        cover.settlePolicy(policyId);
        checkBooks();
    }

    /// C8: the loss of a season is the investors' at the decision, before any policy is settled.
    function test_onReport_moves_the_share_price_once() public {
        vm.startPrank(farmer);
        for (uint160 i = 0; i < 100; i++) cover.buy(riskId, 100e18, 8e18, address(0x9000 + i));
        vm.stopPrank();
        bytes32 id = ask(riskId);
        vm.warp(maturity + 1);
        assertTrue(oracle.report(id, 0));
        uint256 settled = cover.risk(riskId).settled;
        assertGt(settled, 0);
        assertLt(settled, 100, "the gas of the callback ends before the policies do");
        uint256 price = pool.convertToAssets(1e24);
        cover.settle(riskId, 100);
        assertEq(cover.risk(riskId).settled, 100);
        assertEq(pool.convertToAssets(1e24), price);
        assertEq(pool.claims(), 0);
        checkBooks();
    }

    function test_onReport_after_the_claim_deadline_reverts() public {
        buy(riskId, 1_000e18);
        bytes32 id = ask(riskId);
        vm.warp(deadline + 1);
        assertFalse(oracle.report(id, 0));
        vm.warp(deadline);
        assertTrue(oracle.report(id, 0));
    }

    /// C12: a silent oracle gives the premium back and the capital free.
    function test_expire_refunds_premiums_and_frees_the_capital() public {
        uint256 policyId = buy(riskId, 1_000e18);
        uint256 other = buy(riskId, 777e18 + 13);
        bytes32 id = ask(riskId);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(ICover.TooEarly.selector, riskId, deadline, deadline + 1));
        cover.expire(riskId);
        vm.warp(deadline + 1);
        uint256 before = token.balanceOf(farmer);
        uint256 premiums = cover.risk(riskId).premium;
        vm.expectEmit(address(cover));
        emit ICover.RiskExpired(riskId, premiums);
        cover.expire(riskId);
        assertEq(pool.lockedCapital(), 0);
        assertEq(pool.maxWithdraw(investor), 500_000e18 - FEE);
        assertEq(uint256(cover.policyStatus(policyId)), uint256(ICover.PolicyStatus.Refundable));
        assertFalse(oracle.report(id, 0), "too late");
        assertEq(cover.settle(riskId, 10), 2);
        assertEq(uint256(cover.policyStatus(other)), uint256(ICover.PolicyStatus.Refunded));
        assertEq(token.balanceOf(farmer) - before, premiums);
        checkBooks();

        // The oracle gives the fee back when it ends the request: it returns to the investors.
        oracle.void(id);
        vm.prank(anyone);
        assertEq(cover.returnFees(), FEE);
        assertEq(pool.totalAssets(), 500_000e18);
        checkBooks();
    }

    function test_expire_without_a_request_frees_the_fee_too() public {
        buy(riskId, 1_000e18);
        vm.warp(deadline + 1);
        cover.expire(riskId);
        assertEq(pool.lockedCapital(), 0);
        assertEq(pool.freeCapital(), 500_000e18);
        cover.settle(riskId, 1);
        checkBooks();
    }

    function test_expire_of_an_unsold_risk_closes_it() public {
        vm.warp(deadline + 1);
        vm.expectEmit(address(cover));
        emit ICover.RiskClosed(riskId, 0);
        cover.expire(riskId);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Expired));
        cover.expire(riskId);
    }

    function test_expire_after_a_decision_reverts() public {
        buy(riskId, 1_000e18);
        oracle.report(ask(riskId), 0);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Decided));
        cover.expire(riskId);
    }

    /// C9: nobody enters or leaves the pool between the end of a season and its decision.
    function test_pool_is_shut_while_a_decision_is_awaited() public {
        buy(riskId, 1_000e18);
        assertGt(pool.maxWithdraw(investor), 0);
        vm.warp(maturity - 1);
        assertGt(pool.maxRedeem(investor), 0);
        vm.warp(maturity);
        assertEq(pool.maxDeposit(investor) + pool.maxMint(investor), 0);
        assertEq(pool.maxWithdraw(investor) + pool.maxRedeem(investor), 0);
        vm.prank(investor);
        vm.expectRevert();
        pool.deposit(1, investor);
        vm.prank(investor);
        vm.expectRevert();
        pool.withdraw(1, investor, investor);
        oracle.report(ask(riskId), 0);
        assertEq(pool.maxDeposit(investor), type(uint256).max);
        assertEq(pool.maxWithdraw(investor), 500_000e18 - FEE + 80e18 - 750e18);
    }

    function _soldAgain() private returns (uint256 other) {
        ICover.Terms memory t = defaultTerms();
        uint64 shift = uint64(vm.getBlockTimestamp()) - start;
        t.salesStart += shift;
        t.salesEnd += shift;
        t.maturity += shift;
        t.claimDeadline += shift;
        other = openRisk(t);
        vm.warp(t.salesStart);
        buy(other, 1_000e18);
    }
}
