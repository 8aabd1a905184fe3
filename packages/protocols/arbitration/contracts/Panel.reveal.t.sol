// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "./IPanel.sol";
import {PanelTest} from "./PanelTest.t.sol";

contract PanelRevealTest is PanelTest {
    function test_reveal_R4_notBeforeAllCommittedOrTimeIsUp() public {
        uint256 id = _open();
        for (uint256 i; i < 4; ++i) {
            _commit(id, i, CLAIM);
        }
        vm.expectRevert(abi.encodeWithSelector(IPanel.RevealNotOpen.selector, id, START + COMMIT));
        _reveal(id, 0, CLAIM);
        _commit(id, 4, CLAIM);
        _reveal(id, 0, CLAIM); // all have committed: nothing left to copy
        (bool seated,, bytes32 result) = panel.voteOf(id, members[0]);
        assertTrue(seated);
        assertEq(result, CLAIM);
    }

    function test_reveal_deadlines() public {
        uint256 id = _open();
        _commit(id, 0, CLAIM);
        _commit(id, 1, CLAIM);
        skip(COMMIT + REVEAL);
        _reveal(id, 0, CLAIM);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IPanel.RevealClosed.selector, id, START + COMMIT + REVEAL));
        _reveal(id, 1, CLAIM);
    }

    function test_reveal_R4_commitmentBindsEverything(bytes32 result, bytes32 salt) public {
        uint256 id = _open();
        _commit(id, 0, CLAIM);
        skip(COMMIT + 1);
        if (result == 0 || (result == CLAIM && salt == SALT)) result = OTHER;
        vm.expectRevert(abi.encodeWithSelector(IPanel.CommitmentMismatch.selector, id, members[0]));
        vm.prank(members[0]);
        panel.reveal(id, result, salt);
    }

    function test_reveal_R4_copiedCommitmentIsWorthless() public {
        uint256 id = _open();
        _commit(id, 0, CLAIM);
        bytes32 copied = panel.commitmentOf(id, members[0], CLAIM, SALT);
        vm.prank(members[1]);
        panel.commit(id, copied);
        skip(COMMIT + 1);
        _reveal(id, 0, CLAIM);
        vm.expectRevert(abi.encodeWithSelector(IPanel.CommitmentMismatch.selector, id, members[1]));
        _reveal(id, 1, CLAIM);
    }

    function test_reveal_twiceOrEmpty_reverts() public {
        uint256 id = _open();
        _commit(id, 0, CLAIM);
        skip(COMMIT + 1);
        _reveal(id, 0, CLAIM);
        vm.expectRevert(abi.encodeWithSelector(IPanel.AlreadyRevealed.selector, id, members[0]));
        _reveal(id, 0, CLAIM);
        vm.expectRevert(abi.encodeWithSelector(IPanel.EmptyResult.selector));
        _reveal(id, 1, 0);
    }
}
