// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IPanel} from "./IPanel.sol";
import {PanelTest} from "./PanelTest.t.sol";

contract PanelSettleTest is PanelTest {
    function test_settle_R5_majorityRules() public {
        _assertVote([CLAIM, CLAIM, CLAIM, CLAIM, CLAIM], IArbiter.Ruling.Claim);
        _assertVote([DEFENCE, CLAIM, DEFENCE, CLAIM, DEFENCE], IArbiter.Ruling.Defence);
        _assertVote([OTHER, OTHER, DEFENCE, CLAIM, OTHER], IArbiter.Ruling.Neither);
        bytes32 no = panel.UNAVAILABLE();
        _assertVote([no, no, no, CLAIM, CLAIM], IArbiter.Ruling.Refused);
        _assertVote([CLAIM, CLAIM, DEFENCE, DEFENCE, OTHER], IArbiter.Ruling.Refused);
        _assertVote([CLAIM, CLAIM, bytes32(0), bytes32(0), bytes32(0)], IArbiter.Ruling.Refused);
        _assertVote([CLAIM, CLAIM, CLAIM, bytes32(0), bytes32(0)], IArbiter.Ruling.Claim);
    }

    function test_settle_R6_minorityAndSilentPay_majorityShares() public {
        uint256 id = _open();
        _vote(id, [CLAIM, CLAIM, CLAIM, DEFENCE, bytes32(0)]);
        panel.settle(id);
        // Two penalties of 5: half of each (2.5) burned, the rest and the fee to three members.
        uint256 pot = FEE + PENALTY;
        assertEq(panel.burned(), PENALTY);
        assertEq(_free(members[1]), 100e18 + pot / 3);
        assertEq(_free(members[0]) + _free(members[1]) + _free(members[2]), 300e18 + pot, "to the last unit");
        assertEq(_free(members[3]), 100e18 - PENALTY);
        assertEq(_free(members[4]), 100e18 - PENALTY);
        for (uint256 i; i < 5; ++i) {
            assertEq(_locked(members[i]), 0);
        }
    }

    function test_settle_R6_withoutMajority_onlySilenceCosts() public {
        uint256 id = _open();
        _vote(id, [CLAIM, CLAIM, DEFENCE, DEFENCE, bytes32(0)]);
        panel.settle(id);
        uint256 pot = FEE + PENALTY / 2;
        assertEq(_free(members[0]), 100e18 + pot / 4);
        assertEq(_free(members[2]), 100e18 + pot / 4);
        assertEq(_free(members[4]), 100e18 - PENALTY);
    }

    function test_settle_R7_allSilent_feeBackToClaimant() public {
        uint256 id = _open();
        skip(COMMIT + REVEAL + 1);
        panel.settle(id);
        _assertRuling(id, IArbiter.Ruling.Refused);
        assertEq(_free(claimant), FEE);
        assertEq(panel.burned(), 5 * PENALTY);
    }

    function test_settle_R7_anyone_onlyWhenDue() public {
        uint256 id = _open();
        skip(COMMIT + REVEAL);
        vm.expectRevert(abi.encodeWithSelector(IPanel.TooEarly.selector, id, START + COMMIT + REVEAL));
        panel.settle(id);
        skip(1);
        vm.prank(makeAddr("stranger"));
        panel.settle(id);
        vm.expectRevert(abi.encodeWithSelector(IPanel.AlreadyRuled.selector, id));
        panel.settle(id);
    }

    function test_settle_assoonAsAllRevealed() public {
        uint256 id = _open();
        for (uint256 i; i < 5; ++i) {
            _commit(id, i, CLAIM);
        }
        for (uint256 i; i < 5; ++i) {
            _reveal(id, i, CLAIM);
        }
        panel.settle(id);
        _assertRuling(id, IArbiter.Ruling.Claim);
    }

    function test_settle_R1_conserved(uint256 votes) public {
        uint256 id = _open();
        bytes32[4] memory options = [bytes32(0), CLAIM, DEFENCE, OTHER];
        bytes32[5] memory results;
        for (uint256 i; i < 5; ++i) {
            results[i] = options[(votes >> (2 * i)) % 4];
        }
        _vote(id, results);
        panel.settle(id);
        assertEq(_ledgerSum(), token.balanceOf(address(panel)));
    }

    function test_settle_rulingNeverChanges() public {
        uint256 id = _open();
        _vote(id, [CLAIM, CLAIM, CLAIM, DEFENCE, DEFENCE]);
        panel.settle(id);
        uint256 next = _open();
        _vote(next, [DEFENCE, DEFENCE, DEFENCE, CLAIM, CLAIM]);
        panel.settle(next);
        _assertRuling(id, IArbiter.Ruling.Claim);
        _assertRuling(next, IArbiter.Ruling.Defence);
    }

    function _assertVote(bytes32[5] memory results, IArbiter.Ruling expected) private {
        uint256 id = _open();
        _vote(id, results);
        panel.settle(id);
        _assertRuling(id, expected);
    }
}
