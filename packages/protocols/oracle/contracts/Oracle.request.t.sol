// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBonds} from "@records/bonds/contracts/IBonds.sol";
import {IOracle} from "./IOracle.sol";
import {Oracle} from "./Oracle.sol";
import {OracleTest, StubReceiver} from "./OracleTest.t.sol";

contract OracleRequestTest is OracleTest {
    function test_request_takesFeeAndOpens() public {
        IOracle.Request memory r = _request(1);
        bytes32 id = _ask(r);
        assertEq(id, oracle.idOf(r));
        (IOracle.Status status, uint256 deadline, bool paid) = oracle.statusOf(id);
        assertEq(uint256(status), uint256(IOracle.Status.Open));
        assertEq(deadline, r.expiry);
        assertFalse(paid);
        assertEq(_free(address(receiver)), 1000e18 - FEE);
    }

    function test_request_O2_idBindsEveryField(uint256 seed) public view {
        IOracle.Request memory r = _request(1);
        bytes32 id = oracle.idOf(r);
        uint256 field = seed % 9;
        if (field == 0) r.requester = address(uint160(r.requester) ^ 1);
        if (field == 1) r.policyId ^= bytes32(uint256(1) << (seed >> 8) % 256);
        if (field == 2) r.modelId ^= 1 << (seed >> 8) % 256;
        if (field == 3) r.inputHash ^= bytes32(uint256(1) << (seed >> 8) % 256);
        if (field == 4) r.valueAtRisk ^= uint128(1 << (seed >> 8) % 128);
        if (field == 5) r.fee ^= uint128(1 << (seed >> 8) % 128);
        if (field == 6) r.callbackGas ^= uint32(1 << (seed >> 8) % 32);
        if (field == 7) r.expiry ^= uint64(1 << (seed >> 8) % 64);
        if (field == 8) r.salt ^= bytes32(uint256(1) << (seed >> 8) % 256);
        assertNotEq(oracle.idOf(r) >> 80, id >> 80);
    }

    function test_request_O2_otherChainOtherHub_otherId() public {
        IOracle.Request memory r = _request(1);
        bytes32 id = oracle.idOf(r);
        vm.chainId(4242);
        assertNotEq(oracle.idOf(r), id);
        vm.chainId(31337);
        Oracle other = new Oracle(token, assets);
        assertNotEq(other.idOf(r), id);
    }

    function test_request_twice_reverts() public {
        IOracle.Request memory r = _request(1);
        bytes32 id = _ask(r);
        vm.expectRevert(abi.encodeWithSelector(IOracle.AlreadyRequested.selector, id));
        _ask(r);
        // Neither the same salt with other fields while the first is open.
        r.expiry += 1;
        vm.expectRevert(abi.encodeWithSelector(IOracle.AlreadyRequested.selector, oracle.idOf(r)));
        _ask(r);
    }

    function test_request_forSomebodyElse_reverts() public {
        IOracle.Request memory r = _request(1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.NotRequester.selector, r.requester, watcher));
        vm.prank(watcher);
        oracle.request(r);
    }

    function test_request_bounds_revert() public {
        IOracle.Request memory r = _request(1);
        r.expiry = uint64(vm.getBlockTimestamp() - 1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.ExpiryPassed.selector, r.expiry, vm.getBlockTimestamp()));
        _ask(r);
        r = _request(1);
        r.callbackGas = 5_000_001;
        vm.expectRevert(abi.encodeWithSelector(IOracle.CallbackGasTooHigh.selector, 5_000_001, 5_000_000));
        _ask(r);
        r = _request(1);
        r.fee = 1001e18;
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientFree.selector, address(receiver), 1001e18, 1000e18));
        _ask(r);
        r = _request(1);
        r.expiry = uint64(vm.getBlockTimestamp());
        _ask(r); // the last second counts
    }

    function test_request_O3_valueAboveBond_reverts(uint128 value) public {
        IOracle.Request memory r = _request(1);
        r.valueAtRisk = uint128(bound(value, uint256(BOND) + 1, type(uint128).max));
        vm.expectRevert(abi.encodeWithSelector(IOracle.ValueAboveBond.selector, r.valueAtRisk, BOND));
        _ask(r);
        r.valueAtRisk = BOND;
        _ask(r);
    }

    function test_request_O2_saltServesAgain_afterTheEnd_withANewId() public {
        IOracle.Request memory r = _request(1);
        bytes32 first = _ask(r);
        IOracle.Answer memory a = _answer(1e18);
        address[] memory signers = _submit(r, a);
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
        IOracle.Request memory next = _request(1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.AlreadyRequested.selector, oracle.idOf(next)));
        _ask(next); // the royalty is still owed
        oracle.distribute(r, a, signers);
        vm.expectRevert(abi.encodeWithSelector(IOracle.AlreadyRequested.selector, first));
        _ask(r); // the very same request never comes again
        bytes32 second = _ask(next);
        assertNotEq(first, second);
        _assertStatus(first, IOracle.Status.None);
        _assertStatus(second, IOracle.Status.Open);
        // Nothing of the first is accepted for the second, nor the other way round.
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, first, IOracle.Status.None));
        oracle.finalize(r, a, signers);
    }

    function test_request_O2_undeliveredKeepsItsSlot() public {
        IOracle.Request memory r = _request(1);
        r.modelId = 0; // no royalty
        _ask(r);
        IOracle.Answer memory a = _answer(1e18);
        address[] memory signers = _submit(r, a);
        skip(WINDOW + 1);
        receiver.behave(StubReceiver.Mode.Revert);
        oracle.finalize(r, a, signers);
        IOracle.Request memory next = _request(1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.AlreadyRequested.selector, oracle.idOf(next)));
        _ask(next);
    }

}
