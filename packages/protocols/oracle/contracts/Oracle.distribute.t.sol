// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "./IOracle.sol";
import {OracleTest, StubReceiver} from "./OracleTest.t.sol";

contract OracleDistributeTest is OracleTest {
    function _final(uint256 salt, uint256 model) private returns (IOracle.Request memory r) {
        r = _request(salt);
        r.modelId = model;
        _ask(r);
        IOracle.Answer memory a = _answer(1);
        address[] memory signers = _submit(r, a);
        skip(WINDOW + 1);
        oracle.finalize(r, a, signers);
    }

    function _list(IOracle.Request memory r) private pure returns (IOracle.Request[] memory list) {
        list = new IOracle.Request[](1);
        list[0] = r;
    }

    function test_distribute_O11_alongTheLineage() public {
        IOracle.Request memory r = _final(1, modelId);
        oracle.distribute(_list(r));
        uint256 royalty = FEE * 3 / 10;
        assertEq(_free(dataOwner), royalty / 10);
        assertEq(_free(modeller), royalty - royalty / 10);
        vm.prank(dataOwner);
        oracle.withdraw(royalty / 10);
        assertEq(token.balanceOf(dataOwner), royalty / 10);
    }

    function test_distribute_O11_once() public {
        IOracle.Request memory r = _final(1, modelId);
        IOracle.Request[] memory twice = new IOracle.Request[](2);
        (twice[0], twice[1]) = (r, r);
        oracle.distribute(twice);
        oracle.distribute(twice);
        assertEq(_free(dataOwner) + _free(modeller), FEE * 3 / 10);
    }

    function test_distribute_notFinal_reverts() public {
        IOracle.Request memory r = _request(1);
        bytes32 id = _ask(r);
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Open));
        oracle.distribute(_list(r));
    }

    function test_distribute_unknownModel_backToRequester() public {
        IOracle.Request memory r = _final(1, 999);
        uint256 before = _free(address(receiver));
        oracle.distribute(_list(r));
        assertEq(_free(address(receiver)), before + FEE * 3 / 10);
    }

    function test_distribute_undelivered_paysToo() public {
        receiver.behave(StubReceiver.Mode.Revert);
        IOracle.Request memory r = _final(1, modelId);
        oracle.distribute(_list(r));
        assertEq(_free(dataOwner) + _free(modeller), FEE * 3 / 10);
    }
}
