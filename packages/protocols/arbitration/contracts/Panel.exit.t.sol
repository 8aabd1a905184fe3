// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "./IPanel.sol";
import {PanelTest} from "./PanelTest.t.sol";

contract PanelExitTest is PanelTest {
    function test_exit_R3_lastStakeNeedsNotice() public {
        vm.startPrank(members[0]);
        panel.withdraw(100e18 - STAKE); // what is beyond one stake is free
        vm.expectRevert(abi.encodeWithSelector(IPanel.ExitNotReady.selector, members[0], 0));
        panel.withdraw(1);
        panel.announceExit();
        skip(EXIT);
        vm.expectRevert(abi.encodeWithSelector(IPanel.ExitNotReady.selector, members[0], START + EXIT));
        panel.withdraw(1);
        skip(1);
        panel.withdraw(STAKE);
        vm.stopPrank();
        assertEq(token.balanceOf(members[0]), 100e18);
    }

    function test_exit_R3_noticeCanBeTakenBack() public {
        vm.startPrank(members[0]);
        panel.announceExit();
        panel.cancelExit();
        skip(EXIT + 1);
        vm.expectRevert(abi.encodeWithSelector(IPanel.ExitNotReady.selector, members[0], 0));
        panel.withdraw(100e18);
        vm.stopPrank();
    }

    function test_exit_strangers() public {
        vm.startPrank(claimant);
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotMember.selector, claimant));
        panel.announceExit();
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotMember.selector, claimant));
        panel.cancelExit();
        vm.stopPrank();
        panel.deposit(claimant, 5e18);
        vm.prank(claimant);
        panel.withdraw(5e18);
    }

    function test_exit_R3_seatedStakeStaysWhateverTheNotice() public {
        vm.prank(members[0]);
        panel.announceExit();
        skip(EXIT + 1);
        _open();
        vm.startPrank(members[0]);
        panel.withdraw(100e18 - STAKE);
        vm.expectRevert();
        panel.withdraw(1);
        vm.stopPrank();
        assertEq(_locked(members[0]), STAKE);
    }
}
