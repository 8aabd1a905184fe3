// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "./IOracle.sol";
import {OracleTest, StubReceiver} from "./OracleTest.t.sol";

contract OracleDistributeTest is OracleTest {
    IOracle.Request internal r;
    IOracle.Answer internal a;
    address[] internal signers;

    function _final(uint256 salt, uint256 model) private {
        r = _request(salt);
        r.modelId = model;
        _ask(r);
        a = _answer(1);
        signers = _submit(r, a);
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
    }

    function test_distribute_O11_alongTheLineage() public {
        _final(1, modelId);
        oracle.distribute(r, a, signers);
        uint256 royalty = FEE * 3 / 10;
        assertEq(_free(dataOwner), royalty / 10);
        assertEq(_free(modeller), royalty - royalty / 10);
        vm.prank(dataOwner);
        oracle.withdraw(royalty / 10);
        assertEq(token.balanceOf(dataOwner), royalty / 10);
    }

    function test_distribute_O11_once() public {
        _final(1, modelId);
        oracle.distribute(r, a, signers);
        oracle.distribute(r, a, signers);
        assertEq(_free(dataOwner) + _free(modeller), FEE * 3 / 10);
    }

    function test_distribute_notFinal_reverts() public {
        r = _request(1);
        bytes32 id = _ask(r);
        a = _answer(1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Open));
        oracle.distribute(r, a, signers);
    }

    function test_distribute_unknownModel_backToRequester() public {
        _final(1, 999);
        uint256 before = _free(address(receiver));
        oracle.distribute(r, a, signers);
        assertEq(_free(address(receiver)), before + FEE * 3 / 10);
    }

    function test_distribute_undelivered_paysToo() public {
        receiver.behave(StubReceiver.Mode.Revert);
        _final(1, modelId);
        oracle.distribute(r, a, signers);
        assertEq(_free(dataOwner) + _free(modeller), FEE * 3 / 10);
    }

    /// @dev A requester may find two requests of one salt whose ids begin alike (2^40 hashes); the second, with a fee
    /// that was never paid, must take nothing out.
    function test_distribute_O2_idsThatBeginAlike_takeNothing(uint128 fee) public {
        _final(1, modelId);
        IOracle.Request memory twin = r;
        twin.fee = uint128(bound(fee, 10, type(uint128).max));
        if (twin.fee == FEE) twin.fee += 1;
        _makeAlike(oracle.idOf(r), oracle.idOf(twin));
        bytes32 id = oracle.idOf(twin);
        _assertStatus(id, IOracle.Status.Final);
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, id));
        oracle.distribute(twin, a, signers);
        assertFalse(oracle.isFinal(twin, a, signers));
    }

    function test_expire_O2_idsThatBeginAlike_takeNothing(uint128 fee) public {
        r = _request(1);
        _ask(r);
        IOracle.Request memory twin = r;
        twin.fee = uint128(bound(fee, FEE + 1, type(uint128).max));
        _makeAlike(oracle.idOf(r), oracle.idOf(twin));
        vm.warp(uint256(r.expiry) + 1);
        bytes32 id = oracle.idOf(twin);
        vm.expectRevert(abi.encodeWithSelector(IOracle.CommitmentMismatch.selector, id));
        oracle.expire(twin);
    }

    /// @dev Puts the first bits of `twin` where the slot keeps those of `id`: the slots are the only mapping in which
    /// this key holds a word with them.
    function _makeAlike(bytes32 id, bytes32 twin) private {
        assertEq(uint80(uint256(id)), uint80(uint256(twin)), "one slot");
        uint256 mask = uint256(type(uint40).max) << 48;
        for (uint256 i; i < 16; ++i) {
            bytes32 key = keccak256(abi.encode(uint256(uint80(uint256(id))), i));
            uint256 word = uint256(vm.load(address(oracle), key));
            if (word == 0) continue;
            assertEq((word & mask) >> 48, uint256(id) >> 216);
            vm.store(address(oracle), key, bytes32((word & ~mask) | (uint256(twin) >> 216 << 48)));
            return;
        }
        fail("no slot");
    }
}
