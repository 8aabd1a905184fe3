// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CoverSetup} from "./CoverSetup.t.sol";
import {ICover} from "./ICover.sol";

contract CoverHappyTest is CoverSetup {
    /// A season from the opening of the risk to the money, with the sums written out.
    function test_season_pays_by_the_formula_and_profits_go_to_the_investors() public {
        uint256 riskId = sellingRisk();
        uint256 policyId = buy(riskId, 1_000e18);
        assertEq(pool.unearnedPremium(), 80e18);
        assertEq(pool.lockedCapital(), 750e18 + FEE);
        assertEq(pool.totalAssets(), 500_000e18);
        checkBooks();

        bytes32 id = ask(riskId);
        assertEq(token.balanceOf(address(oracle)), FEE);
        assertEq(oracle.requestOf(id).valueAtRisk, 750e18);
        uint256 before = token.balanceOf(farmer);
        // Half-way between trigger .85 and exit .25: half of the TSI.
        assertTrue(oracle.report(id, 0.55e18));
        assertEq(token.balanceOf(farmer) - before, 375e18);
        assertEq(uint256(cover.policyStatus(policyId)), uint256(ICover.PolicyStatus.Paid));
        assertEq(pool.lockedCapital(), 0);
        assertEq(pool.claims(), 0);
        assertEq(pool.totalAssets(), 500_000e18 - FEE + 80e18 - 375e18);
        checkBooks();
    }
}
