// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IDisputes} from "./IDisputes.sol";

/// @title AnswerCourt: which of two answers of an oracle is the model's, by the dispute game (rule D28)
/// @notice An oracle compares hashes of answers; a game decides about jobs. The requester says which job its question is:
/// the answer of one network on one input, as `assay disputes answer` derives it. Each party to a dispute then stands in
/// `Disputes` for "that job gives my output", the game finds out who is right, and this court reads how it ended.
/// @dev It decides the output alone, a number of 18 decimals that is the job's one binary32 element rounded down. Reasons,
/// evidence and confidence are no arithmetic of a job: a challenge that changes nothing else is lost.
contract AnswerCourt is IArbiter {
    /// @notice The job that a requester's question is; `clamp`: outputs below 0 are 0, above 1 are 1, as a recipe may say.
    struct Question {
        bytes32 job;
        bool clamp;
    }

    struct Side {
        address party;
        uint64 stand;
        IDisputes.ClaimStatus fate; // NONE until it is known; then FINAL or DEFEATED
        int256 output;
        bytes32 result; // 0 until the party stands
    }

    struct Case {
        bytes32 job;
        uint40 until;
        bool clamp;
        Ruling ruling;
        Side[2] sides; // the defence, the claim
    }

    /// @dev What the oracle's context begins with (IOracle.Request), and then twice (IOracle.Answer).
    struct Asked {
        address requester;
        bytes32 policyId;
        uint256 modelId;
        bytes32 inputHash;
        uint128 valueAtRisk;
        uint128 fee;
        uint32 callbackGas;
        uint64 expiry;
        bytes32 salt;
    }

    struct Answered {
        int256 output;
        uint16 confidenceBps;
        bytes32 whyHash;
        bytes32 evidenceRoot;
        uint64 producedAt;
        uint64 validUntil;
    }

    event Bound(address indexed requester, uint256 indexed modelId, bytes32 indexed inputHash, bytes32 job, bool clamp);
    event Stood(uint256 indexed disputeId, address indexed party, uint64 stand, bytes32 result);

    /// @notice The requester has said already which job its question is.
    error AlreadyBound(bytes32 job);
    /// @notice The requester has not said which job its question is.
    error NotBound(address requester, uint256 modelId, bytes32 inputHash);
    /// @notice The context is not what the two hashes are of.
    error WrongContext();
    /// @notice No side of this dispute is the caller's with this output, or it stands already.
    error NotYourSide(uint256 disputeId, address caller, int256 output);
    /// @notice The claim does not stand, or not for long enough to be challenged.
    error NotStanding(address party, uint64 stand);
    /// @notice The time to stand is over.
    error TooLate(uint256 until);
    /// @notice An infinity or NaN is no answer.
    error NotFinite(uint256 bits);

    /// @notice Where the parties stand.
    IDisputes public immutable disputes;
    /// @notice Seconds after the opening in which a party must stand; its claim must stay open to challenge as long again.
    uint40 public immutable time;

    uint256 private _count;
    mapping(uint256 disputeId => Case) private _cases;
    mapping(bytes32 question => Question) private _questions;

    constructor(IDisputes disputes_, uint40 time_) {
        (disputes, time) = (disputes_, time_);
    }

    /// @notice Says which job the caller's questions of this model and input are; for good. To be done before they are
    /// asked under a policy with this court: a dispute about another question cannot be opened.
    function bind(uint256 modelId, bytes32 inputHash, bytes32 job, bool clamp) external {
        bytes32 key = _key(msg.sender, modelId, inputHash);
        if (_questions[key].job != 0) revert AlreadyBound(_questions[key].job);
        _questions[key] = Question({job: job, clamp: clamp});
        emit Bound(msg.sender, modelId, inputHash, job, clamp);
    }

    /// @notice The job of a requester's question, 0 when it said none: who answers or challenges looks here first.
    function questionOf(address requester, uint256 modelId, bytes32 inputHash) external view returns (Question memory) {
        return _questions[_key(requester, modelId, inputHash)];
    }

    /// @inheritdoc IArbiter
    /// @param context `abi.encode(request, answer, claim)`, as IOracle.challenge gives it.
    function open(
        bytes32 subject,
        bytes32 defence,
        bytes32 claim,
        address defender,
        address claimant,
        bytes calldata context
    ) external returns (uint256 disputeId) {
        (Asked memory r, Answered memory a, Answered memory b) = abi.decode(context, (Asked, Answered, Answered));
        if (_resultHash(r, a) != defence || _resultHash(r, b) != claim) revert WrongContext();
        Question memory q = _questions[_key(r.requester, r.modelId, r.inputHash)];
        if (q.job == 0) revert NotBound(r.requester, r.modelId, r.inputHash);
        disputeId = ++_count;
        Case storage c = _cases[disputeId];
        (c.job, c.until, c.clamp) = (q.job, uint40(block.timestamp) + time, q.clamp);
        (c.sides[0].party, c.sides[0].output) = (defender, a.output);
        (c.sides[1].party, c.sides[1].output) = (claimant, b.output);
        emit DisputeOpened(disputeId, msg.sender, subject, defence, claim, context);
        if (a.output == b.output) _rule(disputeId, c, Ruling.Defence);
    }

    /// @notice The caller stands for its side: on this stand it claims that the job gives the element `bits`.
    function stand(uint256 disputeId, uint64 stand_, uint256 bits) external {
        Case storage c = _caseOf(disputeId);
        if (block.timestamp > c.until) revert TooLate(c.until);
        int256 output = toWad(bits, c.clamp);
        Side storage side = c.sides[output == c.sides[0].output ? 0 : 1];
        if (side.party != msg.sender || side.output != output || side.result != 0) {
            revert NotYourSide(disputeId, msg.sender, output);
        }
        bytes32 result = resultOf(bits);
        (,, uint256 deadline,) = disputes.claimOf(msg.sender, stand_);
        bool stands = disputes.statusOf(msg.sender, stand_, c.job, result) == IDisputes.ClaimStatus.STANDING;
        if (!stands || deadline < uint256(c.until) + time) revert NotStanding(msg.sender, stand_);
        (side.stand, side.result) = (stand_, result);
        emit Stood(disputeId, msg.sender, stand_, result);
    }

    /// @notice Keeps what is known by now of both claims, and the ruling once both are decided; anyone may call it, and a
    /// party should before a stand is used again.
    function settle(uint256 disputeId) external {
        Case storage c = _caseOf(disputeId);
        if (c.ruling != Ruling.Pending) return;
        bool left = _decide(c, c.sides[0]);
        bool right = _decide(c, c.sides[1]);
        if (!left || !right) return;
        left = c.sides[0].fate == IDisputes.ClaimStatus.FINAL;
        right = c.sides[1].fate == IDisputes.ClaimStatus.FINAL;
        Ruling one = left ? Ruling.Defence : right ? Ruling.Claim : Ruling.Neither;
        // Both final: neither party challenged the other, which costs nothing but the wish to.
        _rule(disputeId, c, left && right ? Ruling.Refused : one);
    }

    /// @inheritdoc IArbiter
    /// @dev Pending until `settle` has kept it.
    function ruling(uint256 disputeId) external view returns (Ruling) {
        return _caseOf(disputeId).ruling;
    }

    /// @inheritdoc IArbiter
    function fee() external pure returns (uint256) {
        return 0;
    }

    /// @notice What a claim about an answer of one element says: the root of that tensor (rule V1).
    function resultOf(uint256 bits) public pure returns (bytes32) {
        bytes4 little = bytes4(
            uint32((bits & 0xff) << 24 | (bits & 0xff00) << 8 | (bits >> 8 & 0xff00) | (bits >> 24 & 0xff))
        );
        return sha256(abi.encodePacked(bytes1(0), little));
    }

    /// @notice floor(value x 10^18) of a binary32 number, exact; twin: `toWad` of the engine's `model/model.ts`.
    function toWad(uint256 bits, bool clamp) public pure returns (int256 wad) {
        uint256 biased = bits >> 23 & 255;
        if (bits > type(uint32).max || biased == 255) revert NotFinite(bits);
        int256 m = int256(biased == 0 ? bits & 0x7fffff : bits & 0x7fffff | 0x800000) * 1e18;
        if (bits >> 31 == 1) m = -m;
        uint256 exponent = biased == 0 ? 1 : biased;
        wad = exponent >= 150 ? m << (exponent - 150) : m >> (150 - exponent);
        if (clamp) wad = wad < 0 ? int256(0) : wad > 1e18 ? int256(1e18) : wad;
    }

    /// @dev Keeps a side's fate once it is known. Who did not stand in time has lost; so has a claim whose stand was used
    /// again before it was kept, since only a decided one makes way.
    function _decide(Case storage c, Side storage side) private returns (bool) {
        if (side.fate != IDisputes.ClaimStatus.NONE) return true;
        IDisputes.ClaimStatus now_ = IDisputes.ClaimStatus.DEFEATED;
        if (side.result == 0) {
            if (block.timestamp <= c.until) return false;
        } else {
            IDisputes.ClaimStatus status = disputes.statusOf(side.party, side.stand, c.job, side.result);
            if (status == IDisputes.ClaimStatus.STANDING) return false;
            if (status == IDisputes.ClaimStatus.FINAL) now_ = status;
        }
        side.fate = now_;
        return true;
    }

    function _rule(uint256 disputeId, Case storage c, Ruling ruling_) private {
        c.ruling = ruling_;
        emit Ruled(disputeId, ruling_);
    }

    function _caseOf(uint256 disputeId) private view returns (Case storage c) {
        c = _cases[disputeId];
        if (c.job == 0) revert UnknownDispute(disputeId);
    }

    function _key(address requester, uint256 modelId, bytes32 inputHash) private pure returns (bytes32) {
        return keccak256(abi.encode(requester, modelId, inputHash));
    }

    function _resultHash(Asked memory r, Answered memory a) private pure returns (bytes32) {
        return keccak256(abi.encode(r.modelId, r.inputHash, a.output, a.confidenceBps, a.whyHash, a.evidenceRoot));
    }
}
