// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IReceiver: a contract that acts on final decisions
/// @notice The widely used two-argument report receiver (interface id 0x805f2132).
/// @dev An implementation must accept calls from its oracle only. It gets the gas its request named, is called at
/// most once with success, and may revert: the decision stays final and anyone may deliver it again.
interface IReceiver {
    /// @param metadata `abi.encode(bytes32 requestId, uint256 modelId, bytes32 inputHash)`.
    /// @param report `abi.encode(IOracle.Answer)`: output, confidenceBps, whyHash, evidenceRoot, producedAt, validUntil.
    function onReport(bytes calldata metadata, bytes calldata report) external;
}
