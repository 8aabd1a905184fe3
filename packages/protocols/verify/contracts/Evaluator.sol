// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Execution} from "./Execution.sol";
import {IDisputes} from "./IDisputes.sol";

/// @title What of an ERC-8183 job escrow an evaluator uses
/// @dev ABI of the draft; nothing else here depends on it.
interface IJobEscrow {
    function complete(uint256 jobId, bytes32 reason, bytes calldata optParams) external;
    function reject(uint256 jobId, bytes32 reason, bytes calldata optParams) external;
}

/// @title Evaluator: an ERC-8183 evaluator that believes nobody (rule D17)
/// @notice A client deploys one for the job that it wants computed and the provider that may compute it, and names it in
/// `createJob`. The escrow pays when the provider's claim is final and gives back when it was defeated; until then
/// nobody, the client included, can make it do either.
contract Evaluator {
    /// @notice The claim still stands, or the stand holds another.
    error NotDecided(IDisputes.ClaimStatus status);

    IDisputes public immutable disputes;
    address public immutable provider;
    bytes32 public immutable job;

    constructor(IDisputes disputes_, address provider_, bytes32 job_) {
        (disputes, provider, job) = (disputes_, provider_, job_);
    }

    /// @notice Completes or rejects a job of an escrow that names this contract; anyone may call it.
    function evaluate(IJobEscrow escrow, uint256 jobId, uint64 stand, bytes32 result) external {
        IDisputes.ClaimStatus status = disputes.statusOf(provider, stand, job, result);
        bytes32 reason = Execution.hash(job, result);
        if (status == IDisputes.ClaimStatus.FINAL) escrow.complete(jobId, reason, "");
        else if (status == IDisputes.ClaimStatus.DEFEATED) escrow.reject(jobId, reason, "");
        else revert NotDecided(status);
    }
}
