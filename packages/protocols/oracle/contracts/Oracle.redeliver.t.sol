// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "./IOracle.sol";
import {OracleTest, StubReceiver} from "./OracleTest.t.sol";

contract OracleRedeliverTest is OracleTest {
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
        skip(WINDOW + 1);
        receiver.behave(StubReceiver.Mode.Revert);
        oracle.finalize(r, a, signers);
    }

    function test_redeliver_O10_successOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IOracle.DeliveryFailed.selector, id));
        oracle.redeliver(r, a, signers);
        _assertStatus(id, IOracle.Status.Undelivered);
        receiver.behave(StubReceiver.Mode.Accept);
        vm.prank(watcher);
        oracle.redeliver(r, a, signers);
        assertEq(receiver.calls(), 1);
        assertEq(receiver.reportHash(), keccak256(abi.encode(a)));
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Final));
        oracle.redeliver(r, a, signers);
        assertEq(receiver.calls(), 1);
    }

    function test_redeliver_otherAnswer_reverts() public {
        receiver.behave(StubReceiver.Mode.Accept);
        a.output += 1;
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, id));
        oracle.redeliver(r, a, signers);
    }

    function test_redeliver_reentrance_deliversOnce() public {
        receiver.attackWith(abi.encodeCall(IOracle.redeliver, (r, a, signers)));
        oracle.redeliver(r, a, signers);
        assertFalse(receiver.attackSucceeded());
        assertEq(receiver.calls(), 1);
    }

    function test_redeliver_withMoreGasThanNamed() public {
        IOracle.Request memory poor = _request(2);
        poor.callbackGas = 1000;
        bytes32 poorId = _ask(poor);
        IOracle.Answer memory b = _answer(1);
        _submit(poor, b);
        skip(WINDOW + 1);
        receiver.behave(StubReceiver.Mode.Accept);
        oracle.finalize(poor, b, signers);
        _assertStatus(poorId, IOracle.Status.Undelivered);
        oracle.redeliver(poor, b, signers);
        _assertStatus(poorId, IOracle.Status.Final);
        assertEq(receiver.calls(), 1);
    }

    function test_redeliver_afterDistribute() public {
        oracle.distribute(r, a, signers);
        receiver.behave(StubReceiver.Mode.Accept);
        oracle.redeliver(r, a, signers);
        (IOracle.Status status,, bool paid) = oracle.statusOf(id);
        assertEq(uint256(status), uint256(IOracle.Status.Final));
        assertTrue(paid);
    }
}
