// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test, Vm} from "@base/testkit/contracts/Test.sol";
import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {Disputes} from "./Disputes.sol";
import {IDisputes} from "./IDisputes.sol";
import {JobLib} from "./Job.sol";
import {Verdicts} from "./Verdicts.sol";

/// @notice The real game with two funded players; games end by silence, so nothing has to be judged.
abstract contract DisputesTest is Test {
    TestToken internal token;
    Disputes internal game;
    JobLib.Job internal job;
    address internal defender = address(0xA001);
    address internal challenger = address(0xA002);

    function _deploy() internal {
        token = new TestToken();
        IDisputes.Terms memory terms =
            IDisputes.Terms({claimBond: 100e18, challengeBond: 10e18, window: 1 hours, clock: 5 minutes});
        game = new Disputes(token, Verdicts(address(1)), terms);
        (job.rows, job.batch, job.steps, job.stepsPerEpoch) = (8, 2, 20, 4);
        for (uint160 i = 0xA001; i <= 0xA002; i++) {
            token.faucet(address(i), 10_000e18);
            vm.startPrank(address(i));
            token.approve(address(game), type(uint256).max);
            game.deposit(address(i), 5_000e18);
            vm.stopPrank();
        }
    }

    function _hash() internal view returns (bytes32) {
        return keccak256(abi.encode(JobLib.DOMAIN, job));
    }

    /// @dev `by` challenges the claim, and its claimant falls silent.
    function _defeat(address claimant, uint64 stand, bytes32 result, address by) internal {
        vm.recordLogs();
        vm.prank(by);
        game.challenge(claimant, stand, result, job);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; i++) {
            if (logs[i].topics[0] != IDisputes.Moved.selector) continue;
            (, IDisputes.State memory state,) = abi.decode(logs[i].data, (IDisputes.Phase, IDisputes.State, bytes32[]));
            vm.warp(vm.getBlockTimestamp() + 5 minutes + 1);
            game.timeout(uint256(logs[i].topics[1]), state);
        }
    }
}
