// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "./IOracle.sol";
import {IReceiver} from "./IReceiver.sol";
import {OracleTest, StubReceiver} from "./OracleTest.t.sol";

contract OracleFinalizeTest is OracleTest {
    IOracle.Request internal r;
    IOracle.Answer internal a;
    address[] internal signers;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        r = _request(1);
        id = _ask(r);
        a = _answer(4e17);
        signers = _submit(r, a);
    }

    function test_finalize_paysReleasesDelivers() public {
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
        assertEq(_free(operators[0]), 1000e18 + FEE * 7 / 10);
        assertEq(_locked(operators[0]), 0);
        assertEq(receiver.calls(), 1);
        assertEq(receiver.metadataHash(), keccak256(abi.encode(id, r.modelId, r.inputHash)));
        assertEq(receiver.reportHash(), keccak256(abi.encode(a)));
        _assertStatus(id, IOracle.Status.Final);
        assertTrue(oracle.isFinal(r, a, signers));
        a.output += 1;
        assertFalse(oracle.isFinal(r, a, signers));
    }

    function test_finalize_O6_notBeforeTheEnd(uint256 early) public {
        skip(bound(early, 0, WINDOW));
        vm.expectPartialRevert(IOracle.TooEarly.selector);
        oracle.finalize(r, a, signers);
    }

    function test_finalize_twice_reverts() public {
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Final));
        oracle.finalize(r, a, signers);
    }

    function test_finalize_O10_badReceiverFreezesNothing(uint8 mode) public {
        receiver.behave(StubReceiver.Mode(1 + mode % 3)); // revert, burn gas, return bomb
        skip(WINDOW + 1);
        uint256 before = gasleft();
        oracle.finalize(r, a, signers);
        assertLt(before - gasleft(), 400_000, "bounded by the request's gas");
        _assertStatus(id, IOracle.Status.Undelivered);
        assertEq(_free(operators[0]), 1000e18 + FEE * 7 / 10, "bond and fee do not wait");
        assertTrue(oracle.isFinal(r, a, signers));
    }

    function test_finalize_O10_starvedReceiverIsNotDelivered(uint256 gas_) public {
        skip(WINDOW + 1);
        bytes memory data = abi.encodeCall(IOracle.finalize, (r, a, signers));
        (bool ok,) = address(oracle).call{gas: bound(gas_, 30_000, 230_000)}(data);
        if (!ok) {
            _assertStatus(id, IOracle.Status.Answered);
        } else {
            _assertStatus(id, IOracle.Status.Final);
            assertEq(receiver.calls(), 1);
        }
    }

    function test_finalize_O10_reentranceFindsNothing(uint8 which) public {
        bytes memory attack;
        which %= 4;
        if (which == 0) attack = abi.encodeCall(IOracle.finalize, (r, a, signers));
        if (which == 1) attack = abi.encodeCall(IOracle.redeliver, (r, a, signers));
        if (which == 2) attack = abi.encodeCall(IOracle.expire, (r));
        if (which == 3) attack = abi.encodeCall(IOracle.request, (r));
        receiver.attackWith(attack);
        r.callbackGas = 1_000_000;
        r.salt = bytes32(uint256(2));
        id = _ask(r);
        if (which < 3) {
            if (which == 0) attack = abi.encodeCall(IOracle.finalize, (r, a, signers));
            if (which == 1) attack = abi.encodeCall(IOracle.redeliver, (r, a, signers));
            if (which == 2) attack = abi.encodeCall(IOracle.expire, (r));
            receiver.attackWith(attack);
        } else {
            receiver.attackWith(abi.encodeCall(IOracle.request, (r)));
        }
        _submit(r, a);
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
        assertFalse(receiver.attackSucceeded());
        assertEq(receiver.calls(), 1);
        _assertStatus(id, IOracle.Status.Final);
    }

    function test_finalize_accountWithoutCode_isDelivered() public {
        IOracle.Request memory q = _request(3);
        q.requester = watcher;
        bytes32 qid = _ask(q);
        _submit(q, a);
        skip(WINDOW + 1);
        oracle.finalize(q, a, signers);
        _assertStatus(qid, IOracle.Status.Final);
    }

    function test_finalize_O11_feeSplitsExactly(uint128 fee, uint8 threshold, uint16 royalty) public {
        IOracle.Policy memory p = _policy(uint8(bound(threshold, 1, 3)));
        p.royaltyBps = uint16(bound(royalty, 0, 10_000));
        policyId = oracle.registerPolicy(p);
        r = _request(9);
        r.fee = uint128(bound(fee, 0, 900e18));
        _ask(r);
        uint256 before = _ledgerSum();
        signers = _submitByAll(r, a, p.threshold);
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
        uint256 royaltyDue = uint256(r.fee) * p.royaltyBps / 10_000;
        assertEq(_ledgerSum(), before + r.fee - royaltyDue);
        oracle.distribute(r, a, signers);
        assertEq(_ledgerSum(), before + r.fee, "to the last unit");
    }

    function test_finalize_withoutModel_signersGetAll() public {
        r = _request(4);
        r.modelId = 0;
        id = _ask(r);
        _submit(r, a);
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
        assertEq(_free(operators[0]), 1000e18 - BOND + FEE, "the other answer still holds a bond");
        (,, bool paid) = oracle.statusOf(id);
        assertTrue(paid);
    }
}
