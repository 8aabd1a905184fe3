// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Execution} from "./Execution.sol";
import {IDisputes} from "./IDisputes.sol";

/// @title What of an ERC-8004 validation registry a validator uses
/// @dev ABI of the registry's draft; the text has moved before and may again, so nothing else here depends on it.
interface IValidationRegistry {
    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (
            address validatorAddress,
            uint256 agentId,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 lastUpdate
        );

    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external;
}

/// @title Validator: tells an ERC-8004 registry how claims ended (rule D16)
/// @notice An agent asks for validation with `requestHash(agentId, claimant, stand, job, result)` and this contract as
/// validator. Once the claim is final anyone has it answered with 100, once it is defeated with 0.
contract Validator {
    /// @notice The claim still stands, or the stand holds another.
    error NotDecided(IDisputes.ClaimStatus status);
    /// @notice The registry knows no such request to this contract of this agent.
    error NotAsked(bytes32 requestHash);

    string private constant TAG = "assay/dispute/1";

    IDisputes public immutable disputes;
    IValidationRegistry public immutable registry;

    constructor(IDisputes disputes_, IValidationRegistry registry_) {
        (disputes, registry) = (disputes_, registry_);
    }

    /// @notice Hash under which a claim's validation is asked for. It binds the agent, so that a stranger who takes the
    /// hash first takes nothing from it.
    function requestHash(uint256 agentId, address claimant, uint64 stand, bytes32 job, bytes32 result)
        public
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(block.chainid, disputes, agentId, claimant, stand, Execution.hash(job, result))
        );
    }

    /// @notice Answers a request.
    function respond(uint256 agentId, address claimant, uint64 stand, bytes32 job, bytes32 result, string calldata uri)
        external
    {
        bytes32 asked = requestHash(agentId, claimant, stand, job, result);
        (address validator, uint256 agent,,,,) = registry.getValidationStatus(asked);
        if (validator != address(this) || agent != agentId) revert NotAsked(asked);
        IDisputes.ClaimStatus status = disputes.statusOf(claimant, stand, job, result);
        if (status != IDisputes.ClaimStatus.FINAL && status != IDisputes.ClaimStatus.DEFEATED) revert NotDecided(status);
        uint8 response = status == IDisputes.ClaimStatus.FINAL ? 100 : 0;
        registry.validationResponse(asked, response, uri, Execution.hash(job, result), TAG);
    }
}
