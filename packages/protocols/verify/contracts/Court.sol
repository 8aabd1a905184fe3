// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {Execution} from "./Execution.sol";
import {IDisputes} from "./IDisputes.sol";

/// @title Court: the dispute game as a court for contracts that know `IArbiter` (rule D15)
/// @notice `defence` and `claim` are execution hashes, keccak256("assay/execution/1", job, result), of one job with two
/// results, for each of which its party stands in `Disputes` with a bond. At most one of them can survive: the other
/// party, or anybody, plays it down to one element. The court only reads how that ended.
/// @dev It costs nothing to ask. A ruling is kept when somebody calls `settle`; until then it follows from the claims.
contract Court is IArbiter {
    /// @notice One party's claim: who stands where for which result.
    struct Side {
        address party;
        uint64 stand;
        bytes32 result;
    }

    struct Case {
        bytes32 job;
        Side defence;
        Side claim;
        Ruling ruling;
    }

    /// @notice The hashes are not those of the two claims, or a claim does not stand.
    error NotClaimed(address party);

    /// @notice Where the claims stand.
    IDisputes public immutable disputes;

    uint256 private _count;
    mapping(uint256 disputeId => Case) private _cases;

    constructor(IDisputes disputes_) {
        disputes = disputes_;
    }

    /// @inheritdoc IArbiter
    /// @param context `abi.encode(bytes32 job, uint64 stand, bytes32 result, uint64 stand, bytes32 result)`: the defence's
    /// stand and result, then the claim's.
    function open(
        bytes32 subject,
        bytes32 defence,
        bytes32 claim,
        address defender,
        address claimant,
        bytes calldata context
    ) external returns (uint256 disputeId) {
        Case memory c = _caseOf(defender, claimant, context);
        if (c.defence.result == c.claim.result) revert NotClaimed(claimant);
        _stands(c.job, c.defence, defence);
        _stands(c.job, c.claim, claim);
        disputeId = ++_count;
        _cases[disputeId] = c;
        emit DisputeOpened(disputeId, msg.sender, subject, defence, claim, context);
    }

    /// @notice Keeps the ruling for good; anyone may call it, and whoever it favours should, before its stand is used again.
    function settle(uint256 disputeId) external {
        Ruling now_ = ruling(disputeId);
        if (now_ == Ruling.Pending || _cases[disputeId].ruling != Ruling.Pending) return;
        _cases[disputeId].ruling = now_;
        emit Ruled(disputeId, now_);
    }

    /// @inheritdoc IArbiter
    function ruling(uint256 disputeId) public view returns (Ruling) {
        Case storage c = _cases[disputeId];
        if (c.job == 0) revert UnknownDispute(disputeId);
        if (c.ruling != Ruling.Pending) return c.ruling;
        IDisputes.ClaimStatus one = disputes.statusOf(c.defence.party, c.defence.stand, c.job, c.defence.result);
        IDisputes.ClaimStatus two = disputes.statusOf(c.claim.party, c.claim.stand, c.job, c.claim.result);
        if (one == IDisputes.ClaimStatus.STANDING || two == IDisputes.ClaimStatus.STANDING) return Ruling.Pending;
        bool left = one == IDisputes.ClaimStatus.FINAL;
        bool right = two == IDisputes.ClaimStatus.FINAL;
        if (left && right) return Ruling.Refused; // nobody disputed either of them
        if (left) return Ruling.Defence;
        return right ? Ruling.Claim : Ruling.Neither;
    }

    /// @inheritdoc IArbiter
    function fee() external pure returns (uint256) {
        return 0;
    }

    function _caseOf(address defender, address claimant, bytes calldata context) private pure returns (Case memory c) {
        (bytes32 job, uint64 standOne, bytes32 resultOne, uint64 standTwo, bytes32 resultTwo) =
            abi.decode(context, (bytes32, uint64, bytes32, uint64, bytes32));
        c.job = job;
        c.defence = Side({party: defender, stand: standOne, result: resultOne});
        c.claim = Side({party: claimant, stand: standTwo, result: resultTwo});
    }

    function _stands(bytes32 job, Side memory side, bytes32 hash) private view {
        bool named = hash == Execution.hash(job, side.result);
        if (!named || disputes.statusOf(side.party, side.stand, job, side.result) != IDisputes.ClaimStatus.STANDING) {
            revert NotClaimed(side.party);
        }
    }
}
