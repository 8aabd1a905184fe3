// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IPanel} from "./IPanel.sol";
import {PanelTest} from "./PanelTest.t.sol";

contract PanelInvariantTest is PanelTest {
    uint256 internal opened;
    mapping(uint256 disputeId => mapping(uint256 member => bytes32)) internal secrets;
    mapping(uint256 disputeId => IArbiter.Ruling) internal seen;

    function setUp() public override {
        super.setUp();
        bytes4[] memory moves = new bytes4[](6);
        moves[0] = this.open.selector;
        moves[1] = this.commit.selector;
        moves[2] = this.reveal.selector;
        moves[3] = this.settle.selector;
        moves[4] = this.wait.selector;
        moves[5] = this.withdraw.selector;
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), moves));
    }

    function open() external {
        if (panel.bonded() < 3 || opened == 10) return;
        _open();
        ++opened;
    }

    function commit(uint256 id, uint256 member, uint8 vote) external {
        if (opened == 0) return;
        (id, member) = (id % opened + 1, member % 5);
        (bool seated, bytes32 commitment,) = panel.voteOf(id, members[member]);
        if (!seated || commitment != 0 || vm.getBlockTimestamp() > panel.dispute(id).commitDeadline) return;
        bytes32 result = [DEFENCE, CLAIM, OTHER][vote % 3];
        _commit(id, member, result);
        secrets[id][member] = result;
    }

    function reveal(uint256 id, uint256 member) external {
        if (opened == 0) return;
        (id, member) = (id % opened + 1, member % 5);
        IPanel.Case memory c = panel.dispute(id);
        (, bytes32 commitment, bytes32 result) = panel.voteOf(id, members[member]);
        if (commitment == 0 || result != 0) return;
        if (vm.getBlockTimestamp() <= c.commitDeadline || vm.getBlockTimestamp() > c.revealDeadline) return;
        _reveal(id, member, secrets[id][member]);
    }

    function settle(uint256 id) external {
        if (opened == 0) return;
        id = id % opened + 1;
        IPanel.Case memory c = panel.dispute(id);
        if (c.ruling != IArbiter.Ruling.Pending || vm.getBlockTimestamp() <= c.revealDeadline) return;
        panel.settle(id);
        seen[id] = panel.ruling(id);
        assertTrue(seen[id] != IArbiter.Ruling.Pending);
    }

    function wait(uint16 seconds_) external {
        skip(seconds_ % 15 minutes);
    }

    function withdraw(uint256 member, uint128 amount) external {
        uint256 free = _free(members[member % 5]);
        if (free <= STAKE) return;
        vm.prank(members[member % 5]);
        panel.withdraw(bound(amount, 1, free - STAKE));
    }

    function invariant_R1_valueConserved() public view {
        uint256 pending;
        for (uint256 id = 1; id <= opened; ++id) {
            if (panel.ruling(id) == IArbiter.Ruling.Pending) pending += FEE;
        }
        assertEq(_ledgerSum() + pending, token.balanceOf(address(panel)));
    }

    function invariant_R1_lockedIsWhatIsSeated() public view {
        uint256 locked;
        uint256 seats;
        for (uint256 i; i < 5; ++i) {
            locked += _locked(members[i]);
            for (uint256 id = 1; id <= opened; ++id) {
                (bool seated,,) = panel.voteOf(id, members[i]);
                if (seated && panel.ruling(id) == IArbiter.Ruling.Pending) ++seats;
            }
        }
        assertEq(locked, seats * STAKE);
    }

    function invariant_R5_rulingNeverChanges() public view {
        for (uint256 id = 1; id <= opened; ++id) {
            if (seen[id] != IArbiter.Ruling.Pending) assertTrue(panel.ruling(id) == seen[id]);
        }
    }

    /// @dev Whatever the members do, a stranger alone brings every dispute to a ruling.
    function invariant_R7_everyDisputeEnds() public {
        uint256 here = vm.snapshotState();
        skip(COMMIT + REVEAL + 1);
        for (uint256 id = 1; id <= opened; ++id) {
            if (panel.ruling(id) == IArbiter.Ruling.Pending) panel.settle(id);
        }
        for (uint256 i; i < 5; ++i) {
            assertEq(_locked(members[i]), 0);
        }
        vm.revertToState(here);
    }
}
