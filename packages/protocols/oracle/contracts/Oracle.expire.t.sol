// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "./IOracle.sol";
import {OracleTest} from "./OracleTest.t.sol";

contract OracleExpireTest is OracleTest {
    function test_expire_O6_refunds_afterDeadlineOnly() public {
        IOracle.Request memory r = _request(1);
        bytes32 id = _ask(r);
        vm.warp(r.expiry);
        vm.expectRevert(abi.encodeWithSelector(IOracle.TooEarly.selector, id, r.expiry));
        oracle.expire(r);
        vm.warp(uint256(r.expiry) + 1);
        oracle.expire(r);
        _assertStatus(id, IOracle.Status.Void);
        assertEq(_free(address(receiver)), 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Void));
        oracle.expire(r);
    }

    function test_expire_answered_reverts() public {
        IOracle.Request memory r = _request(1);
        bytes32 id = _ask(r);
        _submit(r, _answer(1));
        vm.warp(uint256(r.expiry) + 1);
        vm.expectRevert(abi.encodeWithSelector(IOracle.WrongStatus.selector, id, IOracle.Status.Answered));
        oracle.expire(r);
    }

    function test_expire_otherFields_revert() public {
        IOracle.Request memory r = _request(1);
        _ask(r);
        vm.warp(uint256(r.expiry) + 1);
        r.fee += 1; // a higher refund than was paid
        vm.expectPartialRevert(IOracle.WrongStatus.selector);
        oracle.expire(r);
    }

    function test_expire_voidSaltServesAgain() public {
        IOracle.Request memory r = _request(1);
        _ask(r);
        vm.warp(uint256(r.expiry) + 1);
        oracle.expire(r);
        _assertStatus(_ask(_request(1)), IOracle.Status.Open);
    }
}
