// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBonds} from "@records/bonds/contracts/IBonds.sol";
import {IOracle} from "./IOracle.sol";
import {Oracle} from "./Oracle.sol";
import {OracleTest} from "./OracleTest.t.sol";

contract OracleSubmitTest is OracleTest {
    function test_submit_locksBondAndStartsWindow(int256 output) public {
        IOracle.Request memory r = _request(1);
        bytes32 id = _ask(r);
        _submit(r, _answer(output));
        (IOracle.Status status, uint256 deadline,) = oracle.statusOf(id);
        assertEq(uint256(status), uint256(IOracle.Status.Answered));
        assertEq(deadline, vm.getBlockTimestamp() + WINDOW);
        assertEq(_locked(operators[0]), BOND);
        assertEq(_free(operators[0]), 1000e18 - BOND);
    }

    function test_submit_logsWhatItSays(uint8 threshold) public {
        threshold = uint8(bound(threshold, 1, 3));
        policyId = oracle.registerPolicy(_policy(threshold));
        IOracle.Request memory r = _request(1);
        bytes32 id = oracle.idOf(r);
        vm.expectEmit(address(oracle));
        emit IOracle.Requested(id, address(receiver), r);
        _ask(r);
        IOracle.Answer memory a = _answer(-7);
        address[] memory signers = new address[](threshold);
        for (uint256 i; i < threshold; ++i) {
            signers[i] = operators[i];
        }
        bytes memory signatures = _signatures(r, a, threshold);
        vm.expectEmit(address(oracle));
        emit IOracle.Submitted(id, a, signers, vm.getBlockTimestamp() + WINDOW);
        vm.prank(operators[0]);
        oracle.submit(r, a, signatures);
    }

    function test_submit_O4_oneEnvelopeOnce() public {
        IOracle.Request memory r = _request(1);
        bytes32 id = _ask(r);
        IOracle.Answer memory a = _answer(1);
        _submit(r, a);
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Answered));
        vm.prank(operators[1]);
        oracle.submit(r, a, "");
        skip(WINDOW + 1);
        oracle.finalize(r, a, _one(operators[0]));
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Final));
        vm.prank(operators[1]);
        oracle.submit(r, a, "");
    }

    function test_submit_O5_allSignersLockedAndBound() public {
        policyId = oracle.registerPolicy(_policy(3));
        IOracle.Request memory r = _request(1);
        _ask(r);
        IOracle.Answer memory a = _answer(7);
        address[] memory signers = _submitByAll(r, a, 3);
        for (uint256 i; i < 3; ++i) {
            assertEq(_locked(operators[i]), BOND);
        }
        skip(WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, oracle.idOf(r)));
        oracle.finalize(r, a, _one(operators[0]));
        oracle.finalize(r, a, signers);
        assertTrue(oracle.isFinal(r, a, signers));
    }

    function test_submit_O5_duplicateOrPermutedSigners_revert() public {
        policyId = oracle.registerPolicy(_policy(3));
        IOracle.Request memory r = _request(1);
        _ask(r);
        IOracle.Answer memory a = _answer(7);
        bytes32 digest = oracle.envelopeHash(r, a);
        bytes memory one = signature(keys[operators[1]], digest);
        bytes memory two = signature(keys[operators[2]], digest);
        bytes memory own = signature(keys[operators[0]], digest);
        vm.startPrank(operators[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IOracle.SignersNotAscending.selector, operators[2], operators[1])
        );
        oracle.submit(r, a, bytes.concat(two, one));
        vm.expectRevert(
            abi.encodeWithSelector(IOracle.SignersNotAscending.selector, operators[1], operators[1])
        );
        oracle.submit(r, a, bytes.concat(one, one));
        vm.expectRevert(abi.encodeWithSelector(IOracle.SignersNotAscending.selector, address(0), operators[0]));
        oracle.submit(r, a, bytes.concat(own, one));
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongSignatures.selector, 65, 130));
        oracle.submit(r, a, one);
        vm.stopPrank();
    }

    function test_submit_O5_signatureOfOtherEnvelope_reverts(uint8 field) public {
        policyId = oracle.registerPolicy(_policy(2));
        IOracle.Request memory r = _request(1);
        _ask(r);
        IOracle.Answer memory a = _answer(7);
        bytes memory signed = _signatures(r, a, 2);
        field %= 6;
        if (field == 0) a.output = 8;
        if (field == 1) a.confidenceBps = 1;
        if (field == 2) a.whyHash = 0;
        if (field == 3) a.evidenceRoot = 0;
        if (field == 4) a.producedAt -= 1;
        if (field == 5) a.validUntil += 1;
        vm.expectPartialRevert(IOracle.NotOperator.selector); // recovers somebody else
        vm.prank(operators[0]);
        oracle.submit(r, a, signed);
    }

    function test_submit_O2_replayOnOtherChainOrHub_reverts() public {
        policyId = oracle.registerPolicy(_policy(2));
        IOracle.Request memory r = _request(1);
        IOracle.Answer memory a = _answer(7);
        _ask(r);
        bytes memory signed = _signatures(r, a, 2);
        vm.chainId(99);
        vm.expectPartialRevert(IOracle.WrongStatus.selector);
        vm.prank(operators[0]);
        oracle.submit(r, a, signed);
        _ask(_with(r, 2)); // the same words on the fork
        vm.expectPartialRevert(IOracle.NotOperator.selector);
        vm.prank(operators[0]);
        oracle.submit(_with(r, 2), a, signed);
    }

    function test_submit_malleableOrEmptySignature_reverts() public {
        policyId = oracle.registerPolicy(_policy(2));
        IOracle.Request memory r = _request(1);
        _ask(r);
        IOracle.Answer memory a = _answer(7);
        vm.expectRevert(abi.encodeWithSelector(IOracle.BadSignature.selector, 0));
        vm.prank(operators[0]);
        oracle.submit(r, a, new bytes(65));
        (uint8 v, bytes32 rr, bytes32 s) = vm.sign(keys[operators[1]], oracle.envelopeHash(r, a));
        bytes memory high = abi.encodePacked(rr, bytes32(SECP256K1_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSelector(IOracle.BadSignature.selector, 0));
        vm.prank(operators[0]);
        oracle.submit(r, a, high);
    }

    function test_submit_stranger_reverts() public {
        IOracle.Request memory r = _request(1);
        _ask(r);
        IOracle.Answer memory a = _answer(7);
        vm.expectRevert(abi.encodeWithSelector(IOracle.NotOperator.selector, policyId, watcher));
        vm.prank(watcher);
        oracle.submit(r, a, "");
    }

    function test_submit_openPolicy_admitsAnyBond() public {
        IOracle.Policy memory p = _policy(1);
        p.operators = new address[](0);
        policyId = oracle.registerPolicy(p);
        IOracle.Request memory r = _request(1);
        _ask(r);
        _submitBy(watcher, r, _answer(7));
        assertEq(_locked(watcher), BOND);
    }

    function test_submit_unregisteredPolicy_nobodyCan() public {
        IOracle.Request memory r = _request(1);
        r.policyId = policyId ^ bytes32(uint256(1)); // open, but never registered
        _ask(r);
        vm.expectRevert(abi.encodeWithSelector(IOracle.NotOperator.selector, r.policyId, operators[0]));
        vm.prank(operators[0]);
        oracle.submit(r, _answer(7), "");
    }

    function test_submit_O6_deadlineInclusive() public {
        IOracle.Request memory r = _request(1);
        IOracle.Request memory late = _request(2);
        _ask(r);
        bytes32 id = _ask(late);
        vm.warp(r.expiry);
        _submit(r, _answer(1));
        vm.warp(uint256(r.expiry) + 1);
        IOracle.Answer memory a = _answer(1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.TooLate.selector, id, late.expiry));
        vm.prank(operators[0]);
        oracle.submit(late, a, "");
    }

    function test_submit_badAnswer_reverts() public {
        IOracle.Request memory r = _request(1);
        _ask(r);
        IOracle.Answer memory a = _answer(1);
        a.confidenceBps = 10_001;
        _expectBad(r, a, "confidenceBps");
        a = _answer(1);
        a.producedAt += 1;
        _expectBad(r, a, "producedAt");
        a = _answer(1);
        a.validUntil = uint64(vm.getBlockTimestamp() + WINDOW - 1);
        _expectBad(r, a, "validUntil");
    }

    function test_submit_withoutBond_reverts() public {
        vm.prank(operators[0]);
        oracle.withdraw(950e18);
        IOracle.Request memory r = _request(1);
        _ask(r);
        IOracle.Answer memory a = _answer(1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientFree.selector, operators[0], BOND, 50e18));
        vm.prank(operators[0]);
        oracle.submit(r, a, "");
    }

    function test_envelopeHash_followsEip712() public view {
        IOracle.Request memory r = _request(1);
        IOracle.Answer memory a = _answer(5);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Assay Oracle"),
                keccak256("1"),
                block.chainid,
                address(oracle)
            )
        );
        bytes32 message = keccak256(
            abi.encode(
                keccak256(
                    "Envelope(bytes32 requestId,uint256 modelId,bytes32 inputHash,int256 output,uint16 confidenceBps,bytes32 whyHash,bytes32 evidenceRoot,uint64 producedAt,uint64 validUntil)"
                ),
                oracle.idOf(r),
                r.modelId,
                r.inputHash,
                a
            )
        );
        assertEq(oracle.envelopeHash(r, a), keccak256(abi.encodePacked(hex"1901", domain, message)));
        assertEq(
            oracle.resultHash(r, a),
            keccak256(abi.encode(r.modelId, r.inputHash, a.output, a.confidenceBps, a.whyHash, a.evidenceRoot))
        );
    }

    function _with(IOracle.Request memory r, uint256 salt) private pure returns (IOracle.Request memory) {
        return IOracle.Request(
            r.requester, r.policyId, r.modelId, r.inputHash, r.valueAtRisk, r.fee, r.callbackGas, r.expiry, bytes32(salt)
        );
    }

    function _expectBad(IOracle.Request memory r, IOracle.Answer memory a, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IOracle.BadAnswer.selector, field));
        vm.prank(operators[0]);
        oracle.submit(r, a, "");
    }
}
