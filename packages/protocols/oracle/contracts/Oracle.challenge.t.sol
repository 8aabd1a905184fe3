// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBonds} from "@records/bonds/contracts/IBonds.sol";
import {IOracle} from "./IOracle.sol";
import {OracleTest} from "./OracleTest.t.sol";

contract OracleChallengeTest is OracleTest {
    IOracle.Request internal r;
    IOracle.Answer internal wrong;
    IOracle.Answer internal right;
    address[] internal signers;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        r = _request(1);
        id = _ask(r);
        wrong = _answer(9e18);
        right = _answer(1e18);
        signers = _submit(r, wrong);
    }

    function test_challenge_locksEqualStakesAndOpens() public {
        IOracle.Dispute memory d = _challenge(r, wrong, signers, right);
        (IOracle.Status status, uint256 deadline,) = oracle.statusOf(id);
        assertEq(uint256(status), uint256(IOracle.Status.Disputed));
        assertEq(deadline, vm.getBlockTimestamp() + COURT_TIME);
        assertEq(_locked(watcher), BOND);
        assertEq(d.disputeId, 1);
        assertEq(court.lastDefence(), oracle.resultHash(r, wrong));
        assertEq(court.lastClaim(), oracle.resultHash(r, right));
        assertEq(court.defender(), operators[0]);
        assertEq(court.claimant(), watcher);
        assertEq(keccak256(court.lastContext()), keccak256(abi.encode(r, wrong, right)));
    }

    function test_challenge_O6_lastSecondCounts() public {
        skip(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IOracle.TooEarly.selector, id, vm.getBlockTimestamp()));
        oracle.finalize(r, wrong, signers);
        _challenge(r, wrong, signers, right);
    }

    function test_challenge_O6_afterWindow_reverts() public {
        uint256 deadline = vm.getBlockTimestamp() + WINDOW;
        skip(WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.TooLate.selector, id, deadline));
        _challenge(r, wrong, signers, right);
    }

    function test_challenge_O7_oneAtATime() public {
        _challenge(r, wrong, signers, right);
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Disputed));
        _challenge(r, wrong, signers, right);
    }

    function test_challenge_sameResult_reverts() public {
        IOracle.Answer memory claim = wrong;
        claim.validUntil += 5; // what re-execution does not determine cannot be disputed
        bytes32 hash = oracle.resultHash(r, claim);
        vm.expectRevert(abi.encodeWithSelector(IOracle.SameResult.selector, hash));
        _challenge(r, wrong, signers, claim);
    }

    function test_challenge_otherAnswerOrSigners_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, id));
        _challenge(r, right, signers, wrong);
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, id));
        _challenge(r, wrong, _one(operators[1]), right);
    }

    function test_challenge_badClaim_reverts() public {
        IOracle.Answer memory claim = right;
        claim.producedAt += 1;
        vm.expectRevert(abi.encodeWithSelector(IOracle.BadAnswer.selector, "producedAt"));
        _challenge(r, wrong, signers, claim);
    }

    function test_challenge_withoutBond_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientFree.selector, dataOwner, BOND, 0));
        vm.prank(dataOwner);
        oracle.challenge(r, wrong, signers, right, 0);
    }

    function test_challenge_courtFee_takenFromLedger_restReturned(uint128 fee, uint128 take) public {
        fee = uint128(bound(fee, 1, 500e18));
        take = uint128(bound(take, 0, fee));
        court.setFee(fee, take);
        vm.expectRevert(abi.encodeWithSelector(IOracle.CourtFeeAbove.selector, fee, fee - 1));
        vm.prank(watcher);
        oracle.challenge(r, wrong, signers, right, fee - 1);
        vm.prank(watcher);
        oracle.challenge(r, wrong, signers, right, fee);
        assertEq(_free(watcher), 1000e18 - BOND - take);
        assertEq(token.balanceOf(address(court)), take);
        assertEq(token.allowance(address(oracle), address(court)), 0);
        assertEq(_ledgerSum() + FEE, token.balanceOf(address(oracle)), "O8 conserved");
    }

    function test_challenge_courtCannotTakeMoreThanItsFee() public {
        court.setFee(1e18, 2e18);
        vm.expectRevert();
        _challenge(r, wrong, signers, right);
    }
}
