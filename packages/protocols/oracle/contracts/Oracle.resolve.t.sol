// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IOracle} from "./IOracle.sol";
import {OracleTest, StubCourt} from "./OracleTest.t.sol";

contract OracleResolveTest is OracleTest {
    IOracle.Request internal r;
    IOracle.Answer internal wrong;
    IOracle.Answer internal right;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        _begin(1);
    }

    function _begin(uint8 threshold) internal returns (IOracle.Dispute memory) {
        policyId = oracle.registerPolicy(_policy(threshold));
        r = _request(uint256(threshold) + 100);
        id = _ask(r);
        wrong = _answer(9e18);
        right = _answer(1e18);
        return _challenge(r, wrong, _submitByAll(r, wrong, threshold), right);
    }

    function _dispute() internal view returns (IOracle.Dispute memory) {
        return IOracle.Dispute(wrong, _one(operators[0]), right, watcher, 1);
    }

    function test_resolve_pending_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IOracle.TooEarly.selector, id, vm.getBlockTimestamp() + COURT_TIME));
        oracle.resolve(r, _dispute());
    }

    function test_resolve_O7_claimRight_halfToChallengerHalfBurned() public {
        court.say(IArbiter.Ruling.Claim);
        oracle.resolve(r, _dispute());
        assertEq(_locked(operators[0]), 0);
        assertEq(_free(operators[0]), 1000e18 - BOND);
        assertEq(_free(watcher), 1000e18 - BOND + BOND / 2);
        assertEq(_locked(watcher), BOND, "now stands behind its own answer");
        assertEq(oracle.burned(), BOND / 2);
        _assertStatus(id, IOracle.Status.Answered);
        skip(WINDOW + 1);
        oracle.finalize(r, right, _one(watcher));
        assertEq(_free(watcher), 1000e18 + BOND / 2 + FEE * 7 / 10, "bond back and the fee");
        assertTrue(oracle.isFinal(r, right, _one(watcher)));
        assertEq(_ledgerSum() + FEE * 3 / 10, token.balanceOf(address(oracle)), "O8 conserved");
    }

    function test_resolve_O7_defenceRight_halfToSignersHalfBurned_freshWindow() public {
        court.say(IArbiter.Ruling.Defence);
        skip(COURT_TIME);
        oracle.resolve(r, _dispute());
        assertEq(_locked(watcher), 0);
        assertEq(_free(watcher), 1000e18 - BOND);
        assertEq(_free(operators[0]), 1000e18 - BOND + BOND / 2);
        assertEq(_locked(operators[0]), BOND);
        assertEq(oracle.burned(), BOND / 2);
        (, uint256 deadline,) = oracle.statusOf(id);
        assertEq(deadline, vm.getBlockTimestamp() + WINDOW);
        // An arranged, lost challenge shields nothing: the answer may be challenged again.
        _challenge(r, wrong, _one(operators[0]), right);
        _assertStatus(id, IOracle.Status.Disputed);
    }

    function test_resolve_O7_neitherRight_reopens_halfToRequester() public {
        court.say(IArbiter.Ruling.Neither);
        oracle.resolve(r, _dispute());
        assertEq(_free(address(receiver)), 1000e18 - FEE + BOND);
        assertEq(oracle.burned(), BOND);
        assertEq(_locked(watcher) + _locked(operators[0]), 0);
        (IOracle.Status status, uint256 deadline,) = oracle.statusOf(id);
        assertEq(uint256(status), uint256(IOracle.Status.Open));
        assertEq(deadline, vm.getBlockTimestamp() + WINDOW);
        // The old envelope is dead; a new one, produced later, lives.
        skip(10);
        vm.expectRevert(abi.encodeWithSelector(IOracle.BadAnswer.selector, "producedAt"));
        vm.prank(operators[1]);
        oracle.submit(r, wrong, "");
        _submitBy(operators[1], r, _answer(3e18));
        _assertStatus(id, IOracle.Status.Answered);
    }

    function test_resolve_reopened_canExpire() public {
        court.say(IArbiter.Ruling.Neither);
        oracle.resolve(r, _dispute());
        skip(WINDOW + 1);
        oracle.expire(r);
        _assertStatus(id, IOracle.Status.Void);
        assertEq(_free(address(receiver)), 1000e18 + BOND);
    }

    function test_resolve_O9_refused_givesAllBack() public {
        court.say(IArbiter.Ruling.Refused);
        oracle.resolve(r, _dispute());
        _assertAllBack();
    }

    function test_resolve_O9_silence_givesAllBack_afterDeadlineOnly(uint8 mode) public {
        court.behave(StubCourt.Mode(mode % 4));
        skip(COURT_TIME);
        vm.expectRevert(abi.encodeWithSelector(IOracle.TooEarly.selector, id, vm.getBlockTimestamp()));
        oracle.resolve(r, _dispute());
        skip(1);
        oracle.resolve(r, _dispute());
        _assertAllBack();
    }

    function test_resolve_O9_lateRulingCounts_untilVoid() public {
        skip(COURT_TIME + 100);
        court.say(IArbiter.Ruling.Claim);
        oracle.resolve(r, _dispute());
        _assertStatus(id, IOracle.Status.Answered);
    }

    function test_resolve_O9_starvedCourtIsNotSilent() public {
        court.say(IArbiter.Ruling.Claim);
        skip(COURT_TIME + 1);
        bytes memory data = abi.encodeCall(IOracle.resolve, (r, _dispute()));
        (bool ok,) = address(oracle).call{gas: 200_000}(data);
        assertFalse(ok, "too little gas to hear the court");
        _assertStatus(id, IOracle.Status.Disputed);
    }

    function test_resolve_otherDispute_reverts() public {
        court.say(IArbiter.Ruling.Claim);
        IOracle.Dispute memory d = _dispute();
        d.challenger = operators[1];
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, id));
        oracle.resolve(r, d);
        d = _dispute();
        d.disputeId = 2;
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, id));
        oracle.resolve(r, d);
    }

    function test_resolve_twice_reverts() public {
        court.say(IArbiter.Ruling.Claim);
        oracle.resolve(r, _dispute());
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Answered));
        oracle.resolve(r, _dispute());
    }

    function test_resolve_O8_conserved_forEveryRulingAndThreshold(uint8 ruling, uint8 threshold) public {
        IArbiter.Ruling said = IArbiter.Ruling(bound(ruling, 1, 4));
        court.say(IArbiter.Ruling.Refused);
        oracle.resolve(r, _dispute());
        IOracle.Dispute memory d = _begin(uint8(bound(threshold, 2, 3)));
        uint256 before = _ledgerSum();
        court.say(said);
        oracle.resolve(r, d);
        assertEq(_ledgerSum(), before + (said == IArbiter.Ruling.Refused ? FEE : 0));
        uint256 slashed = said == IArbiter.Ruling.Refused ? 0 : said == IArbiter.Ruling.Neither ? 2 : 1;
        assertEq(oracle.burned() * 2, slashed * d.signers.length * BOND, "half of what is slashed");
    }

    function test_resolve_O7_selfDisputeLosesMoney() public {
        // An operator challenging its own answer, whatever the ruling, ends with less than before.
        court.say(IArbiter.Ruling.Refused);
        oracle.resolve(r, _dispute());
        r = _request(55);
        id = _ask(r);
        uint256 before = _free(operators[0]);
        _submit(r, wrong);
        vm.prank(operators[0]);
        uint256 disputeId = oracle.challenge(r, wrong, _one(operators[0]), right, 0);
        court.say(IArbiter.Ruling.Claim);
        oracle.resolve(r, IOracle.Dispute(wrong, _one(operators[0]), right, operators[0], disputeId));
        skip(WINDOW + 1);
        oracle.finalize(r, right, _one(operators[0]));
        assertEq(_free(operators[0]), before - BOND / 2 + FEE * 7 / 10);
    }

    function _assertAllBack() private view {
        _assertStatus(id, IOracle.Status.Void);
        assertEq(_free(operators[0]), 1000e18);
        assertEq(_free(watcher), 1000e18);
        assertEq(_free(address(receiver)), 1000e18);
        assertEq(_locked(operators[0]) + _locked(watcher) + oracle.burned(), 0);
    }
}
