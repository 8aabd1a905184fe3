// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBonds} from "@records/bonds/contracts/IBonds.sol";

/// @title IOracle: one request, one explained and disputable answer, one final report
/// @notice A requester pays a fee for a decision of a model on an input. Bonded operators answer; the answer waits
/// out a window in which anyone may challenge it with an equal bond; then it is final and is delivered.
/// A request is one storage slot, and its id hashes all its fields, so callers pass the fields back (from the events).
///
/// Life: None -> Open -(submit)-> Answered -(finalize, after the window)-> Final
///       Answered -(challenge)-> Disputed -(resolve)->
///          defence right: Answered again, fresh window; the challenger's bond: half to the signers, half burned
///          claim right:   Answered by the challenger, fresh window; the signers' bonds: half to the challenger, half burned
///          neither right: Open again for one window; all those bonds: half to the requester, half burned
///          court silent or refusing: Void; bonds and fee go back
///       Open -(expire, after its deadline)-> Void; the fee goes back
/// A ruling never makes an answer final by itself: what stands gets a fresh window, so that no arranged dispute
/// between two accomplices can shield an answer from other challengers. One dispute at a time, first come.
///
/// @dev Safety rests on: at least one honest watcher with a bond per window, the policy's arbiter ruling rightly,
/// and value at risk <= threshold x bond (checked). Liveness rests on nobody: after each deadline anyone may go on.
/// All deadlines are inclusive for the acting party (`<=`), exclusive for the next step (`>`).
interface IOracle is IBonds {
    /// @notice Where a request stands. Undelivered: final, but its callback has failed so far.
    enum Status {
        None,
        Open,
        Answered,
        Disputed,
        Final,
        Undelivered,
        Void
    }

    /// @notice The terms under which requests are answered; registered by anyone, immutable. The id is
    /// [ keccak256(abi.encode(policy)) first 96 bits | bond : 96 | window : 32 | royaltyBps : 16 | threshold : 8 | open : 8 ].
    /// @param operators Who may answer; strictly ascending, at most 64; empty means anyone with a bond.
    /// @param threshold Signers an answer needs, 1..32.
    /// @param window Seconds in which an answer may be challenged.
    /// @param courtTime Seconds the arbiter has; afterwards the request is void.
    /// @param bond Locked per signer; a challenger locks threshold x bond.
    /// @param royaltyBps Share of the fee that goes to the model asset's lineage, 0..10,000; the signers share the rest.
    /// @param arbiter The court, an IArbiter.
    struct Policy {
        address[] operators;
        uint8 threshold;
        uint32 window;
        uint32 courtTime;
        uint96 bond;
        uint16 royaltyBps;
        address arbiter;
    }

    /// @notice What is asked.
    /// @param requester The caller of `request`; receives `onReport`.
    /// @param policyId A registered policy. Under an id that was never registered nobody can answer: the request expires.
    /// @param modelId Asset id of the model; 0 for none (then the signers get the whole fee).
    /// @param inputHash SHA-256 of the input that the model runs on.
    /// @param valueAtRisk What a wrong answer could move, in token units; <= threshold x bond.
    /// @param fee Taken from the requester's free ledger balance.
    /// @param callbackGas Gas for `onReport`, at most 5,000,000.
    /// @param expiry Last second (Unix) at which an answer may be submitted.
    /// @param salt Names the requester's storage slot. A salt may serve again once its request is void, or final with
    /// the royalty distributed, if the expiry is later than before; it then saves 17,100 gas. The id is new each time.
    struct Request {
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

    /// @notice The answer; with requestId, modelId and inputHash it is the envelope that operators sign (EIP-712).
    /// @param output Signed fixed point, 1e18 = 1.
    /// @param confidenceBps 0..10,000.
    /// @param whyHash SHA-256 of the explanation.
    /// @param evidenceRoot SHA-256 root of the evidence.
    /// @param producedAt Unix seconds, not in the future; after a reopening, later than that.
    /// @param validUntil Unix seconds; at submission not before the end of the window. Advice to the receiver.
    struct Answer {
        int256 output;
        uint16 confidenceBps;
        bytes32 whyHash;
        bytes32 evidenceRoot;
        uint64 producedAt;
        uint64 validUntil;
    }

    /// @notice Everything a dispute is about, passed back to `resolve`.
    struct Dispute {
        Answer answer;
        address[] signers;
        Answer claim;
        address challenger;
        uint256 disputeId;
    }

    event PolicyRegistered(bytes32 indexed policyId, Policy policy);
    event Requested(bytes32 indexed id, address indexed requester, Request request);
    /// @notice `signers[0]` sent it; it may be challenged up to and including `deadline`.
    event Submitted(bytes32 indexed id, Answer answer, address[] signers, uint256 deadline);
    /// @notice `deadline` is the last second the court has.
    event Challenged(
        bytes32 indexed id, address indexed challenger, address arbiter, uint256 disputeId, Answer claim, uint256 deadline
    );
    /// @notice `ruling` is an IArbiter.Ruling (Pending stands for silence). `deadline` is that of the state that follows, 0 when void.
    event Resolved(bytes32 indexed id, uint256 indexed disputeId, uint8 ruling, Status status, uint256 deadline);
    /// @notice Final; `delivered` tells whether the callback succeeded. The signers have their pay (fee - royalty, in
    /// equal parts, the remainder to the first); the royalty, floor(fee x royaltyBps / 10,000), waits for `distribute`.
    event Finalized(bytes32 indexed id, int256 output, bool delivered);
    event Redelivered(bytes32 indexed id);
    event Voided(bytes32 indexed id, uint256 refund);
    /// @notice `amount` of the royalty of `id` went to `owner` in the ledger.
    event RoyaltyPaid(bytes32 indexed id, uint256 indexed modelId, address indexed owner, uint256 amount);

    error BadPolicy(string field);
    error UnknownPolicy(bytes32 policyId);
    /// @notice Other terms are registered under the same id.
    error PolicyCollision(bytes32 policyId);
    error NotRequester(address requester, address caller);
    error AlreadyRequested(bytes32 id);
    error ExpiryPassed(uint256 expiry, uint256 now_);
    error CallbackGasTooHigh(uint256 callbackGas, uint256 limit);
    error ValueAboveBond(uint256 valueAtRisk, uint256 slashable);
    error WrongStatus(bytes32 id, Status status);
    error TooEarly(bytes32 id, uint256 deadline);
    error TooLate(bytes32 id, uint256 deadline);
    error NotOperator(bytes32 policyId, address who);
    error WrongSignatures(uint256 length, uint256 expected);
    error SignersNotAscending(address previous, address signer);
    error BadSignature(uint256 index);
    error BadAnswer(string field);
    /// @notice The fields passed do not hash to what the request's slot holds.
    error CommitmentMismatch(bytes32 id);
    error SameResult(bytes32 resultHash);
    error CourtFeeAbove(uint256 fee, uint256 maxFee);
    error NotEnoughGas(uint256 left, uint256 needed);
    error DeliveryFailed(bytes32 id);

    /// @notice Registers terms; the same terms again return the same id.
    function registerPolicy(Policy calldata policy) external returns (bytes32 policyId);

    /// @notice Opens a request of the caller and takes its fee.
    /// @return id First 176 bits of a hash of chain, this contract and all fields, then 80 bits of a hash of requester
    /// and salt; never reused.
    function request(Request calldata r) external returns (bytes32 id);

    /// @notice Answers an open request; locks the bond of each signer and starts the window.
    /// @param signatures EIP-712 signatures (r, s, v; 65 bytes each) of the further threshold - 1 signers over
    /// `envelopeHash`, in strictly ascending order of address, the caller not among them.
    function submit(Request calldata r, Answer calldata a, bytes calldata signatures) external;

    /// @notice Holds another result against an answer within its window; locks threshold x bond of the caller.
    /// The court gets the context `abi.encode(r, a, claim)`: it begins with the nine words of the Request, then come
    /// the six words of the answer and the six of the claim.
    /// @param maxCourtFee Highest fee of the court the caller accepts; taken from its free ledger balance.
    /// @return disputeId Dispute at the policy's arbiter.
    function challenge(
        Request calldata r,
        Answer calldata a,
        address[] calldata signers,
        Answer calldata claim,
        uint256 maxCourtFee
    ) external returns (uint256 disputeId);

    /// @notice Carries out the court's ruling, or voids the request when the court's time is over without one.
    function resolve(Request calldata r, Dispute calldata d) external;

    /// @notice Makes an unchallenged answer final after its window: releases bonds, pays the signers, delivers.
    function finalize(Request calldata r, Answer calldata a, address[] calldata signers) external;

    /// @notice Delivers a final report whose callback failed; reverts unless the callback succeeds now.
    function redeliver(Request calldata r, Answer calldata a, address[] calldata signers) external;

    /// @notice Ends a request that nobody answered in time and gives the fee back.
    function expire(Request calldata r) external;

    /// @notice Credits the royalty of a final request to the present owners of the model's lineage (ledger, free).
    /// Does nothing when it is paid already.
    function distribute(Request calldata r, Answer calldata a, address[] calldata signers) external;

    function idOf(Request calldata r) external view returns (bytes32);

    /// @notice EIP-712 digest that signers sign; domain {name "Assay Oracle", version "1", chainId, verifyingContract}.
    function envelopeHash(Request calldata r, Answer calldata a) external view returns (bytes32);

    /// @notice Hash of what re-execution determines: keccak256(abi.encode(modelId, inputHash, output, confidenceBps, whyHash, evidenceRoot)).
    function resultHash(Request calldata r, Answer calldata a) external pure returns (bytes32);

    /// @notice Status, the deadline of the present state (0 when it has none), and whether the royalty is paid (or none
    /// is due). None also for a finished request whose salt serves a later one by now. Forty bits of the id are compared:
    /// enough to read one's own requests by; a proof about somebody else's is `isFinal`.
    function statusOf(bytes32 id) external view returns (Status status, uint256 deadline, bool royaltyPaid);

    /// @notice Whether exactly this answer by these signers is final.
    function isFinal(Request calldata r, Answer calldata a, address[] calldata signers) external view returns (bool);

    /// @notice Terms of a policy (without the list of operators, which is in the event).
    function policy(bytes32 policyId)
        external
        view
        returns (uint8 threshold, uint32 window, uint32 courtTime, uint96 bond, uint16 royaltyBps, address arbiter, bool open);

    function isOperator(bytes32 policyId, address who) external view returns (bool);

    /// @notice The asset register whose lineage shares royalties.
    function assets() external view returns (address);
}
