// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IPanel} from "./IPanel.sol";
import {Panel} from "./Panel.sol";
import {PanelTest} from "./PanelTest.t.sol";

contract PanelOpenTest is PanelTest {
    function test_open_seatsAndTakesFee() public {
        uint256 before = token.balanceOf(address(this));
        vm.expectEmit(address(panel));
        emit IArbiter.DisputeOpened(1, address(this), keccak256("subject"), DEFENCE, CLAIM, "context");
        uint256 id = _open();
        assertEq(id, 1);
        assertEq(before - token.balanceOf(address(this)), FEE);
        IPanel.Case memory c = panel.dispute(id);
        assertEq(c.client, address(this));
        assertEq(c.seated, 31);
        assertEq(c.commitDeadline, START + COMMIT);
        assertEq(c.revealDeadline, START + COMMIT + REVEAL);
        for (uint256 i; i < 5; ++i) {
            assertEq(_locked(members[i]), STAKE);
        }
        _assertRuling(id, IArbiter.Ruling.Pending);
    }

    function test_open_R2_onlyBondedAreSeated() public {
        _leave(0);
        _leave(1);
        assertEq(panel.bonded(), 3);
        uint256 id = _open();
        (bool seated,,) = panel.voteOf(id, members[0]);
        assertFalse(seated);
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotSeated.selector, id, members[0]));
        vm.prank(members[0]);
        panel.commit(id, SALT);
        _leave(2);
        // Two full stakes are gone, a third is locked: not enough for a second dispute.
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotEnoughMembers.selector, 2, 3));
        _open();
    }

    function test_open_badSides_revert() public {
        vm.expectRevert(abi.encodeWithSelector(IPanel.SameResult.selector, CLAIM));
        panel.open(0, CLAIM, CLAIM, defender, claimant, "");
        vm.expectRevert(abi.encodeWithSelector(IPanel.EmptyResult.selector));
        panel.open(0, CLAIM, 0, defender, claimant, "");
        vm.expectRevert();
        vm.prank(claimant); // no fee
        panel.open(0, CLAIM, DEFENCE, defender, claimant, "");
    }

    function test_ruling_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IArbiter.UnknownDispute.selector, 9));
        panel.ruling(9);
    }

    function test_constructor_badTerms_revert() public {
        IPanel.Terms memory t = _terms();
        _expectBad(members, 2, t, "quorum"); // two of five are no majority
        _expectBad(members, 6, t, "quorum");
        _expectBad(new address[](0), 1, t, "members");
        _expectBad(new address[](16), 9, t, "members");
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (claimant, claimant);
        _expectBad(twice, 2, t, "members");
        t.stake = 0;
        _expectBad(members, 3, t, "stake");
        t = _terms();
        t.fee = 0;
        _expectBad(members, 3, t, "fee");
        t = _terms();
        t.commitPeriod = 0;
        _expectBad(members, 3, t, "commitPeriod");
        t = _terms();
        t.revealPeriod = 31 days;
        _expectBad(members, 3, t, "revealPeriod");
        t = _terms();
        t.exitDelay = 31 days;
        _expectBad(members, 3, t, "exitDelay");
        t = _terms();
        t.penaltyBps = 0;
        _expectBad(members, 3, t, "penaltyBps");
    }

    function _expectBad(address[] memory m, uint256 quorum, IPanel.Terms memory t, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IPanel.BadTerms.selector, field));
        new Panel(token, m, quorum, t);
    }

    function _leave(uint256 i) private {
        vm.startPrank(members[i]);
        panel.announceExit();
        skip(EXIT + 1);
        panel.withdraw(_free(members[i]));
        vm.stopPrank();
    }
}
