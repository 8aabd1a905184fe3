// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "@base/testkit/contracts/Test.sol";
import {Payout} from "./Payout.sol";
import {PayoutVectors} from "./PayoutVectors.t.sol";

contract PayoutTest is Test {
    /// C3 against a reference that uses nothing of the library: the inequality that defines the floor.
    function test_share_is_the_floor_of_the_line(uint256 ratio, uint256 trigger, uint256 exit, uint256 tsi) public pure {
        trigger = bound(trigger, 1, 1e18);
        exit = bound(exit, 0, trigger - 1);
        tsi = bound(tsi, 1, 1e18 - exit);
        ratio = bound(ratio, 0, 1e18);
        uint256 share = Payout.share(ratio, trigger, exit, tsi);
        if (ratio >= trigger) {
            assertEq(share, 0);
        } else if (ratio <= exit) {
            assertEq(share, tsi);
        } else {
            uint256 numerator = tsi * (trigger - ratio);
            assertLe(share * (trigger - exit), numerator);
            assertGt((share + 1) * (trigger - exit), numerator);
        }
        assertLe(share, tsi);
    }

    /// Worse seasons never pay less.
    function test_share_is_monotone(uint256 worse, uint256 better) public pure {
        worse = bound(worse, 0, 1e18);
        better = bound(better, worse, 1e18);
        assertGe(Payout.share(worse, 0.85e18, 0.25e18, 0.75e18), Payout.share(better, 0.85e18, 0.25e18, 0.75e18));
    }

    /// C1: floors of the parts never add up to more than the floor of the whole; a payout is within its capital.
    function test_amounts_of_parts_are_covered(uint128[6] memory sums, uint256 share, uint256 tsi) public pure {
        tsi = bound(tsi, 1, 1e18);
        share = bound(share, 0, tsi);
        uint256 whole;
        uint256 parts;
        uint256 capital;
        for (uint256 i = 0; i < sums.length; i++) {
            whole += sums[i];
            parts += Payout.amount(sums[i], share);
            capital += Payout.amountUp(sums[i], tsi);
        }
        assertLe(parts, Payout.amount(whole, share));
        assertLe(Payout.amount(whole, share), capital);
        assertLe(Payout.amount(whole, share) - parts, sums.length);
    }

    function test_clamp(int256 output) public pure {
        uint256 ratio = Payout.clamp(output);
        if (output < 0) assertEq(ratio, 0);
        else if (output > 1e18) assertEq(ratio, 1e18);
        else assertEq(ratio, uint256(output));
    }

    function test_vectors_of_the_twin() public pure {
        uint256[8][] memory cases = PayoutVectors.all();
        assertGt(cases.length, 50);
        for (uint256 i = 0; i < cases.length; i++) {
            uint256[8] memory c = cases[i];
            uint256 ratio = Payout.clamp(int256(c[0]));
            assertEq(Payout.share(ratio, c[1], c[2], c[3]), c[5], "share");
            assertEq(Payout.amount(c[4], c[5]), c[6], "payout");
            assertEq(Payout.amountUp(c[4], c[3]), c[7], "capital");
        }
    }
}
