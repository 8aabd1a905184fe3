// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "./IOracle.sol";
import {OracleTest} from "./OracleTest.t.sol";

contract OracleRegisterPolicyTest is OracleTest {
    function test_registerPolicy_O1_idCarriesTheTerms() public view {
        (uint8 t, uint32 w, uint32 c, uint96 b, uint16 r, address a, bool open) = oracle.policy(policyId);
        assertEq(t, 1);
        assertEq(w, WINDOW);
        assertEq(c, COURT_TIME);
        assertEq(b, BOND);
        assertEq(r, ROYALTY_BPS);
        assertEq(a, address(court));
        assertFalse(open);
        assertTrue(oracle.isOperator(policyId, operators[1]));
        assertFalse(oracle.isOperator(policyId, watcher));
    }

    function test_registerPolicy_O1_sameTermsSameId(uint8 threshold, uint96 bond, uint32 window, uint16 royalty) public {
        IOracle.Policy memory p = _policy(uint8(bound(threshold, 1, 3)));
        p.bond = uint96(bound(bond, 1, type(uint96).max));
        p.window = uint32(bound(window, 1, 365 days));
        p.royaltyBps = uint16(bound(royalty, 0, 10_000));
        bytes32 id = oracle.registerPolicy(p);
        assertEq(oracle.registerPolicy(p), id);
        (uint8 t, uint32 w,, uint96 b, uint16 r,,) = oracle.policy(id);
        assertEq(t, p.threshold);
        assertEq(w, p.window);
        assertEq(b, p.bond);
        assertEq(r, p.royaltyBps);
        p.courtTime = COURT_TIME + 1;
        assertNotEq(oracle.registerPolicy(p), id, "other court time, other id");
    }

    function test_registerPolicy_emptyList_admitsEverybody() public {
        IOracle.Policy memory p = _policy(1);
        p.operators = new address[](0);
        bytes32 id = oracle.registerPolicy(p);
        assertTrue(oracle.isOperator(id, watcher));
        assertFalse(oracle.isOperator(id, address(0)));
    }

    function test_registerPolicy_badTerms_revert() public {
        IOracle.Policy memory p = _policy(1);
        p.threshold = 0;
        _expectBad(p, "threshold");
        p = _policy(33);
        _expectBad(p, "threshold");
        p = _policy(4);
        _expectBad(p, "operators");
        p = _policy(1);
        p.window = 0;
        _expectBad(p, "window");
        p = _policy(1);
        p.courtTime = 0;
        _expectBad(p, "courtTime");
        p = _policy(1);
        p.bond = 0;
        _expectBad(p, "bond");
        p = _policy(1);
        p.royaltyBps = 10_001;
        _expectBad(p, "royaltyBps");
        p = _policy(1);
        p.arbiter = makeAddr("nobody");
        _expectBad(p, "arbiter");
        p = _policy(1);
        p.operators[1] = p.operators[0];
        _expectBad(p, "operators");
        p = _policy(1);
        (p.operators[1], p.operators[2]) = (p.operators[2], p.operators[1]);
        _expectBad(p, "operators");
    }

    function test_policy_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IOracle.UnknownPolicy.selector, bytes32(uint256(7))));
        oracle.policy(bytes32(uint256(7)));
    }

    function _expectBad(IOracle.Policy memory p, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IOracle.BadPolicy.selector, field));
        oracle.registerPolicy(p);
    }
}
