// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "./IPanel.sol";
import {PanelTest} from "./PanelTest.t.sol";

contract PanelCommitTest is PanelTest {
    function test_commit_once_untilTheDeadline() public {
        uint256 id = _open();
        skip(COMMIT);
        _commit(id, 0, CLAIM); // the last second counts
        vm.expectRevert(abi.encodeWithSelector(IPanel.AlreadyCommitted.selector, id, members[0]));
        vm.prank(members[0]);
        panel.commit(id, SALT);
        skip(1);
        bytes32 commitment = panel.commitmentOf(id, members[1], CLAIM, SALT);
        vm.expectRevert(abi.encodeWithSelector(IPanel.CommitClosed.selector, id, START + COMMIT));
        vm.prank(members[1]);
        panel.commit(id, commitment);
    }

    function test_commit_strangerOrEmpty_reverts() public {
        uint256 id = _open();
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotMember.selector, claimant));
        vm.prank(claimant);
        panel.commit(id, SALT);
        vm.expectRevert(abi.encodeWithSelector(IPanel.EmptyResult.selector));
        vm.prank(members[0]);
        panel.commit(id, 0);
    }
}
