// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test, Vm} from "@base/testkit/contracts/Test.sol";
import {IOracle} from "@protocols/oracle/contracts/IOracle.sol";
import {Cover} from "./Cover.sol";
import {CoverPool} from "./CoverPool.sol";
import {CoverSetup, ScriptedOracle, TrickToken} from "./CoverSetup.t.sol";
import {ICover} from "./ICover.sol";

/// @dev Random life of a product: risks, buyers, investors, an oracle that answers, errs, or is silent, a token that
/// refuses some holders. Keeps its own books to compare with.
contract CoverHandler is Test {
    Cover cover;
    CoverPool pool;
    ScriptedOracle oracle;
    TrickToken token;
    address underwriter;
    ICover.Terms template;

    uint256[] public policies;
    mapping(uint256 => uint256) public received;
    mapping(uint256 => uint256) public settlements;
    uint256 public paidOut;
    uint256 public refunded;

    constructor(Cover cover_, ScriptedOracle oracle_, TrickToken token_, address underwriter_, ICover.Terms memory t) {
        cover = cover_;
        pool = CoverPool(address(cover_.pool()));
        oracle = oracle_;
        token = token_;
        underwriter = underwriter_;
        template = t;
        token.mint(address(this), 1e30);
        token.approve(address(pool), type(uint256).max);
    }

    function policyCount() external view returns (uint256) {
        return policies.length;
    }

    function createRisk(uint256 seed) external {
        if (cover.risks() >= 8) return;
        ICover.Terms memory t = template;
        uint64 now_ = uint64(vm.getBlockTimestamp());
        t.trigger = uint64(bound(seed, 0.3e18, 1e18));
        t.exit = uint64(bound(seed >> 8, 0, t.trigger - 0.1e18));
        t.tsi = uint64(bound(seed >> 16, 0.05e18, 1e18 - t.exit));
        t.salesStart = now_ + 1 days;
        t.salesEnd = now_ + 8 days;
        t.maturity = now_ + 9 days;
        t.claimDeadline = t.maturity + 3 days;
        t.callbackGas = seed % 2 == 0 ? 250_000 : 1_500_000;
        vm.prank(underwriter);
        cover.createRisk(t);
    }

    /// @dev A whole season at once, so that random walks also reach what comes after a decision.
    function season(uint256 seed, int256 output) external {
        uint256 before = cover.risks();
        this.createRisk(seed);
        if (cover.risks() == before) return;
        skip(1 days);
        for (uint256 i = 0; i < 3; i++) this.buy(before, seed >> (8 * i), seed >> i);
        skip(8 days);
        this.ask(before);
        if (seed % 4 != 0) this.answer(before, output);
        else if (seed % 8 == 0) skip(4 days);
    }

    function buy(uint256 riskSeed, uint256 amount, uint256 holder) external {
        uint256 riskId = _risk(riskSeed);
        if (riskId == 0) return;
        uint256 most = cover.available(riskId);
        if (most == 0) return;
        uint256 sum = bound(amount, 1e18, most);
        (uint256 premium,) = cover.quote(riskId, sum);
        (uint256 policyId, uint256 paid) = cover.buy(riskId, sum, premium, address(uint160(0x5000 + holder % 5)));
        assertEq(paid, premium);
        policies.push(policyId);
    }

    function deposit(uint256 amount) external {
        uint256 most = pool.maxDeposit(address(this));
        if (most == 0) return;
        pool.deposit(bound(amount, 1, 1e24), address(this));
    }

    function withdraw(uint256 amount) external {
        uint256 most = pool.maxWithdraw(address(this));
        if (most == 0) return;
        pool.withdraw(bound(amount, 1, most), address(this), address(this));
    }

    function redeem(uint256 shares) external {
        uint256 most = pool.maxRedeem(address(this));
        if (most == 0) return;
        pool.redeem(bound(shares, 1, most), address(this), address(this));
    }

    function donate(uint256 amount) external {
        token.transfer(address(pool), bound(amount, 1, 1e22));
    }

    function refuse(uint256 holder, bool yes) external {
        token.refuse(address(uint160(0x5000 + holder % 5)), yes);
    }

    function ask(uint256 riskSeed) external {
        uint256 riskId = _risk(riskSeed);
        if (riskId == 0) return;
        ICover.Terms memory t = cover.terms(riskId);
        ICover.Risk memory r = cover.risk(riskId);
        uint256 now_ = vm.getBlockTimestamp();
        if (r.policies == 0 || now_ < t.maturity || now_ > t.claimDeadline - 1 hours) return;
        bool void_;
        if (r.status == ICover.Status.Requested) {
            (IOracle.Status s,,) = oracle.statusOf(r.requestId);
            void_ = s == IOracle.Status.Void;
        }
        if (r.status != ICover.Status.Open && !void_) return;
        cover.requestDecision(riskId);
    }

    function answer(uint256 riskSeed, int256 output) external {
        uint256 riskId = _risk(riskSeed);
        if (riskId == 0 || cover.risk(riskId).requestId == 0) return;
        bytes32 id = cover.risk(riskId).requestId;
        (IOracle.Status s,,) = oracle.statusOf(id);
        if (s != IOracle.Status.Open && s != IOracle.Status.Undelivered) return;
        vm.recordLogs();
        oracle.report(id, bound(output, -1e18, 2e18));
        _book();
    }

    function voidRequest(uint256 riskSeed) external {
        uint256 riskId = _risk(riskSeed);
        if (riskId == 0 || cover.risk(riskId).requestId == 0) return;
        bytes32 id = cover.risk(riskId).requestId;
        (IOracle.Status s,,) = oracle.statusOf(id);
        if (s == IOracle.Status.Open) oracle.void(id);
    }

    function expire(uint256 riskSeed) external {
        uint256 riskId = _risk(riskSeed);
        if (riskId == 0) return;
        ICover.Status s = cover.risk(riskId).status;
        if (s != ICover.Status.Open && s != ICover.Status.Requested) return;
        if (vm.getBlockTimestamp() <= cover.terms(riskId).claimDeadline) return;
        cover.expire(riskId);
    }

    function settle(uint256 riskSeed, uint256 max) external {
        uint256 riskId = _risk(riskSeed);
        if (riskId == 0 || cover.risk(riskId).status < ICover.Status.Decided) return;
        vm.recordLogs();
        cover.settle(riskId, bound(max, 0, 4));
        _book();
    }

    function settlePolicy(uint256 seed) external {
        if (policies.length == 0) return;
        uint256 policyId = policies[seed % policies.length];
        ICover.PolicyStatus s = cover.policyStatus(policyId);
        if (s != ICover.PolicyStatus.Claimed && s != ICover.PolicyStatus.Refundable) return;
        vm.recordLogs();
        cover.settlePolicy(policyId);
        _book();
    }

    function fetchOwed(uint256 holder) external {
        address account = address(uint160(0x5000 + holder % 5));
        if (pool.owed(account) == 0) return;
        vm.prank(account);
        pool.withdrawOwed(address(uint160(0x6000)));
    }

    function returnFees() external {
        try cover.returnFees() {} catch {}
    }

    function wait(uint256 time) external {
        skip(bound(time, 1 hours, 3 days));
    }

    /// @dev Reads what was paid from the events, the only place where each payout is named.
    function _book() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            bytes32 topic = logs[i].topics[0];
            bool paid = topic == ICover.PolicyPaid.selector;
            if (!paid && topic != ICover.PolicyRefunded.selector) continue;
            uint256 policyId = uint256(logs[i].topics[1]);
            uint256 amount;
            if (paid) (, amount,) = abi.decode(logs[i].data, (bytes32, uint256, bool));
            else (amount,) = abi.decode(logs[i].data, (uint256, bool));
            settlements[policyId] += 1;
            received[policyId] += amount;
            if (paid) paidOut += amount;
            else refunded += amount;
        }
    }

    function _risk(uint256 seed) private view returns (uint256) {
        uint256 count = cover.risks();
        return count == 0 ? 0 : 1 + seed % count;
    }
}

contract CoverInvariantTest is CoverSetup {
    CoverHandler handler;

    function setUp() public override {
        super.setUp();
        handler = new CoverHandler(cover, oracle, token, underwriter, defaultTerms());
        targetContract(address(handler));
    }

    /// C1: payouts <= cover <= locked <= assets, for every risk and over all of them.
    function invariant_C1_payouts_within_cover_within_locked_within_assets() public view {
        uint256 locked;
        for (uint256 id = 1; id <= cover.risks(); id++) {
            ICover.Risk memory r = cover.risk(id);
            ICover.Terms memory t = cover.terms(id);
            assertLe(r.claims, r.status == ICover.Status.Expired ? r.premium : r.capital);
            assertLe(r.capital, t.cap);
            if (r.status == ICover.Status.Open && r.policies > 0) locked += uint256(r.capital) + t.oracleFee;
            if (r.status == ICover.Status.Requested) locked += r.capital;
        }
        assertEq(pool.lockedCapital(), locked);
        assertLe(pool.lockedCapital(), pool.totalAssets());
    }

    /// C2 and C3: no policy is settled twice; what it got is what the formula or its premium says.
    function invariant_C2_no_policy_is_paid_twice() public view {
        for (uint256 i = 0; i < handler.policyCount(); i++) {
            uint256 policyId = handler.policies(i);
            uint256 times = handler.settlements(policyId);
            assertLe(times, 1);
            if (times == 0) continue;
            ICover.Risk memory r = cover.risk(policyId / 1_000_000);
            ICover.Policy memory p = cover.policy(policyId);
            uint256 due = r.status == ICover.Status.Decided ? uint256(p.sumInsured) * r.share / 1e18 : p.premium;
            assertEq(handler.received(policyId), due);
        }
    }

    /// C8: every token in the pool belongs to exactly one of: investors, unearned premiums, claims.
    function invariant_C8_conservation() public view {
        checkBooks();
        uint256 unearned;
        uint256 claims;
        for (uint256 id = 1; id <= cover.risks(); id++) {
            ICover.Risk memory r = cover.risk(id);
            if (r.status == ICover.Status.Open || r.status == ICover.Status.Requested) unearned += r.premium;
            claims += r.status < ICover.Status.Decided ? 0 : r.claims;
        }
        for (uint160 i = 0; i < 5; i++) claims += pool.owed(address(0x5000 + i));
        assertEq(pool.unearnedPremium(), unearned);
        assertEq(pool.claims(), claims);
        assertEq(token.balanceOf(address(cover)), 0);
    }

    /// C7: the capital of a cluster is that of its undecided risks, within its cap.
    function invariant_C7_cluster_is_the_sum_of_its_risks() public view {
        (uint256 capital, uint256 cap) = cover.cluster(CLUSTER);
        uint256 sum;
        for (uint256 id = 1; id <= cover.risks(); id++) {
            ICover.Risk memory r = cover.risk(id);
            if (r.status == ICover.Status.Open || r.status == ICover.Status.Requested) sum += r.capital;
        }
        assertEq(capital, sum);
        assertLe(capital, cap);
    }

    /// C12: whatever happened before, a silent oracle frees everything after the deadlines.
    function invariant_C12_silence_never_locks_capital_for_ever() public {
        uint256 snapshot = vm.snapshotState();
        skip(60 days);
        for (uint256 id = 1; id <= cover.risks(); id++) {
            ICover.Status s = cover.risk(id).status;
            if (s == ICover.Status.Open || s == ICover.Status.Requested) cover.expire(id);
            cover.settle(id, 1_000);
        }
        assertEq(pool.lockedCapital(), 0);
        assertEq(pool.unearnedPremium(), 0);
        assertEq(pool.maxRedeem(investor), pool.balanceOf(investor));
        vm.revertToState(snapshot);
    }
}
