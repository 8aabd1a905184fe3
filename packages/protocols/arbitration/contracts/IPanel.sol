// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IBonds} from "@records/bonds/contracts/IBonds.sol";

/// @title IPanel: a bonded panel that re-executes and rules by what it finds
/// @notice Fixed members each re-execute the disputed decision, commit to the hash of their result, then reveal it.
/// The result that at least `quorum` (more than half) of all members reveal decides: it is the defence, the
/// claim, or neither. Members of the majority share the court fee and half of what the others lose.
///
/// Life of a dispute: open -> commit period -> reveal period (starts early when all have committed) -> settle.
/// @dev Safety rests on: a majority of members re-executing honestly. Liveness rests on nobody: anyone may settle after
/// the reveal period (or as soon as all have revealed), and with no quorum the ruling is Refused.
/// Deadlines are inclusive for the acting member (`<=`), exclusive for the next step (`>`).
interface IPanel is IArbiter, IBonds {
    /// @param stake Locked per member and dispute; lost in part by silence or by revealing another result.
    /// @param fee Price of a dispute, shared by the majority; not zero, so that calling the panel for nothing costs.
    /// @param commitPeriod Seconds for commitments.
    /// @param revealPeriod Seconds for reveals.
    /// @param exitDelay Seconds between a member's notice and the withdrawal of its last stake.
    /// @param penaltyBps Part of the stake that a minority or silent member loses, 1..10,000.
    struct Terms {
        uint96 stake;
        uint96 fee;
        uint32 commitPeriod;
        uint32 revealPeriod;
        uint32 exitDelay;
        uint16 penaltyBps;
    }

    /// @notice Where a dispute stands.
    struct Case {
        address client;
        bytes32 subject;
        bytes32 defence;
        bytes32 claim;
        uint64 commitDeadline;
        uint64 revealDeadline;
        uint16 seated;
        uint8 commits;
        uint8 reveals;
        Ruling ruling;
    }

    event Committed(uint256 indexed disputeId, address indexed member, bytes32 commitment);
    event Revealed(uint256 indexed disputeId, address indexed member, bytes32 result);
    /// @notice `result` is the majority's result hash, 0 when there was no quorum.
    event Settled(uint256 indexed disputeId, bytes32 result, Ruling ruling, uint256 reward, uint256 burned);
    event ExitAnnounced(address indexed member, uint256 withdrawableAt);
    event ExitCancelled(address indexed member);

    error BadTerms(string field);
    error NotMember(address who);
    error NotSeated(uint256 disputeId, address member);
    error SameResult(bytes32 result);
    error NotEnoughMembers(uint256 bonded, uint256 quorum);
    error CommitClosed(uint256 disputeId, uint256 deadline);
    error RevealNotOpen(uint256 disputeId, uint256 opensAfter);
    error RevealClosed(uint256 disputeId, uint256 deadline);
    error AlreadyCommitted(uint256 disputeId, address member);
    error AlreadyRevealed(uint256 disputeId, address member);
    error CommitmentMismatch(uint256 disputeId, address member);
    error EmptyResult();
    error TooEarly(uint256 disputeId, uint256 deadline);
    error AlreadyRuled(uint256 disputeId);
    error ExitNotReady(address member, uint256 withdrawableAt);
    error FeeShort(uint256 expected, uint256 received);

    /// @notice Commits the caller's result: `commitmentOf(disputeId, member, result, salt)`.
    function commit(uint256 disputeId, bytes32 commitment) external;

    /// @notice Opens the commitment. `result` is the hash of the re-executed result, in the client's terms.
    function reveal(uint256 disputeId, bytes32 result, bytes32 salt) external;

    /// @notice Counts, rules, pays and slashes; anyone, after the reveal deadline or once all seated members revealed.
    function settle(uint256 disputeId) external;

    /// @notice The result a member reveals when the bytes to re-execute cannot be had; a majority of it rules Refused.
    function UNAVAILABLE() external view returns (bytes32);

    /// @notice Gives notice: after `exitDelay` the caller may withdraw its last free stake too (what
    /// it has beyond one stake is free at any time). Disputes opened until then still seat it.
    function announceExit() external;

    /// @notice Takes the notice back.
    function cancelExit() external;

    /// @notice keccak256(abi.encode(chainid, this, disputeId, member, result, salt)).
    function commitmentOf(uint256 disputeId, address member, bytes32 result, bytes32 salt) external view returns (bytes32);

    function dispute(uint256 disputeId) external view returns (Case memory);

    /// @notice A member's commitment and revealed result in a dispute, 0 where there is none.
    function voteOf(uint256 disputeId, address member) external view returns (bool seated, bytes32 commitment, bytes32 result);

    /// @notice All members, as fixed at creation.
    function members() external view returns (address[] memory);

    /// @notice Equal results that decide; more than half of the members.
    function quorum() external view returns (uint256);

    function terms() external view returns (Terms memory);

    /// @notice Members who could be seated now (free bond >= stake).
    function bonded() external view returns (uint256);
}
