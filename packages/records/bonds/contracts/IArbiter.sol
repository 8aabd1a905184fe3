// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IArbiter: any court that can say which of two results stands
/// @notice A contract that holds bonds opens a dispute between a `defence` and a `claim` (hashes of results) and later
/// pulls the ruling. A panel that re-executes, a jury, or a two-party arithmetic game all fit: the caller only
/// ever waits until its own deadline, so a silent, slow or reverting court freezes nothing.
/// @dev The court must answer `ruling` within 200,000 gas and must not change a ruling once it is not Pending.
/// A caller must not take a ruling for the whole truth: a two-party game decides between two parties only, so
/// whatever stands afterwards should stay open to other challengers.
interface IArbiter {
    /// @notice Pending: not decided yet. Defence, Claim: that side is right. Neither: both are wrong.
    /// Refused: the court could not decide; the caller gives every bond back.
    enum Ruling {
        Pending,
        Defence,
        Claim,
        Neither,
        Refused
    }

    /// @notice A dispute on `subject` of `client` was opened; `context` holds what is needed to re-execute.
    event DisputeOpened(
        uint256 indexed disputeId, address indexed client, bytes32 indexed subject, bytes32 defence, bytes32 claim, bytes context
    );
    event Ruled(uint256 indexed disputeId, Ruling ruling);

    error UnknownDispute(uint256 disputeId);

    /// @notice Opens a dispute; takes `fee()` of the fee token from the caller's allowance.
    /// @param subject What the dispute is about, in the caller's terms (an oracle request id).
    /// @param defence Hash of the result that stands.
    /// @param claim Hash of the result held against it; differs from `defence`.
    /// @param context Everything the court needs to find the result again; opaque to the interface. An oracle's
    /// context begins with its Request (see IOracle.challenge).
    /// @param defender Party that posted the defence (for two-party games).
    /// @param claimant Party that posted the claim.
    /// @return disputeId Id in this court.
    function open(
        bytes32 subject,
        bytes32 defence,
        bytes32 claim,
        address defender,
        address claimant,
        bytes calldata context
    ) external returns (uint256 disputeId);

    /// @notice The ruling, Pending until there is one. Never changes afterwards.
    function ruling(uint256 disputeId) external view returns (Ruling);

    /// @notice Price of opening a dispute, in units of the fee token.
    function fee() external view returns (uint256);
}
