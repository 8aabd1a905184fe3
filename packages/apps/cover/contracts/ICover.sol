// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoverPool} from "./ICoverPool.sol";

/// @title Area-index cover: one decision of the oracle settles all policies of a risk
/// @notice Ratios, rates and shares are WAD (1e18 = 100 %); money is in units of the pool's asset; instants are block
/// times in seconds; season dates are days since 1970-01-01, both ends included. Rule ids (C1..) refer to SPEC.md.
/// @dev Assumes for safety: the oracle reports only final decisions and only to the contract that asked; the asset is
/// a plain ERC-20. Assumes for liveness: nothing; a silent oracle ends in `expire`.
interface ICover {
    /// @notice Bounds that hold for every risk, set once when the product is deployed (C5).
    struct Limits {
        /// @dev Most capital that one risk may lock, as a share of the pool's assets.
        uint64 maxRiskShare;
        /// @dev Most capital that one cluster of risks may lock, as a share of the pool's assets.
        uint64 maxClusterShare;
        /// @dev Least premium rate.
        uint64 minPremiumRate;
        /// @dev Seconds between the creation of a risk and its first sale: time for investors to leave.
        uint64 notice;
        /// @dev Least seconds for answering (a whole dispute is added), and most between maturity and claim deadline.
        uint64 minClaimPeriod;
        uint64 maxClaimPeriod;
        /// @dev Least sum insured of a policy.
        uint128 minSumInsured;
        /// @dev Most that a decision may cost.
        uint128 maxOracleFee;
        /// @dev True for replays of past seasons (devnets, tests): the calendar rule C6 is off.
        bool historic;
    }

    /// @notice What is insured and how it pays; fixed when the risk is created.
    struct Terms {
        /// @dev Asset id of the model that scores the season, and the oracle's policy under which it is asked.
        uint256 modelId;
        bytes32 policyId;
        /// @dev Hash of the label of region and season (UTF-8, SHA-256).
        bytes32 label;
        /// @dev SHA-256 of the oracle's input: the document that names the series of data and the days of the season.
        bytes32 inputHash;
        bytes32 clusterId;
        uint32 seasonStart;
        uint32 seasonEnd;
        /// @dev 0 when the risk is created means: as early as the notice allows.
        uint64 salesStart;
        uint64 salesEnd;
        uint64 maturity;
        uint64 claimDeadline;
        uint64 trigger;
        uint64 exit;
        uint64 tsi;
        uint64 premiumRate;
        /// @dev Most capital locked for this risk (at most what the answering operators stand for: threshold x bond),
        /// and for all risks of its cluster together.
        uint128 cap;
        uint128 clusterCap;
        uint128 oracleFee;
        uint32 callbackGas;
    }

    /// @notice Where a risk stands. Decided and Expired are final; their policies may still wait for settlement.
    enum Status {
        None,
        Open,
        Requested,
        Decided,
        Expired
    }

    /// @notice Where a policy stands: Claimed means decided and payable, Lapsed means decided without a payout.
    enum PolicyStatus {
        None,
        Active,
        Claimed,
        Paid,
        Lapsed,
        Refundable,
        Refunded
    }

    /// @notice The running sums of a risk.
    struct Risk {
        /// @dev Sum insured of all policies, and the capital locked for them.
        uint128 insured;
        uint128 capital;
        /// @dev Premiums taken; what is set aside after the decision and not yet paid.
        uint128 premium;
        uint128 claims;
        Status status;
        /// @dev Place in the list of risks with undecided policies.
        uint8 openIndex;
        uint32 policies;
        uint32 settled;
        /// @dev Policies up to this number were visited by `settle` or the callback.
        uint32 cursor;
        /// @dev The decided ratio and the share of the sum insured that it pays.
        uint64 ratio;
        uint64 share;
        bytes32 requestId;
    }

    struct Policy {
        uint128 sumInsured;
        uint120 premium;
        bool settled;
    }

    event RiskCreated(uint256 indexed riskId, bytes32 indexed clusterId, uint256 indexed modelId, Terms terms);
    event PolicyBought(
        uint256 indexed policyId,
        uint256 indexed riskId,
        address indexed owner,
        address payer,
        uint256 sumInsured,
        uint256 premium,
        uint256 capital
    );
    event DecisionRequested(uint256 indexed riskId, bytes32 indexed requestId, uint256 fee);
    event SeasonDecided(
        uint256 indexed riskId, bytes32 indexed requestId, int256 output, uint256 ratio, uint256 share, uint256 claims
    );
    event RiskExpired(uint256 indexed riskId, uint256 refunds);
    /// @notice `delivered` is false when the asset refused the transfer and the amount waits in the pool's `owed`.
    event PolicyPaid(
        uint256 indexed policyId,
        uint256 indexed riskId,
        address indexed to,
        bytes32 requestId,
        uint256 amount,
        bool delivered
    );
    event PolicyRefunded(
        uint256 indexed policyId, uint256 indexed riskId, address indexed to, uint256 amount, bool delivered
    );
    /// @notice Every policy of the risk is settled; `remainder` of the rounding went back to the investors.
    event RiskClosed(uint256 indexed riskId, uint256 remainder);
    event FeesReturned(uint256 amount);

    error NotUnderwriter(address caller, address underwriter);
    error NotOracle(address caller, address oracle);
    error UnknownRisk(uint256 riskId);
    error UnknownPolicy(uint256 policyId);
    error UnknownRequest(bytes32 requestId);
    /// @notice The risk is not in a state that allows this.
    error WrongStatus(uint256 riskId, Status status);
    /// @notice Trigger must be above exit and at most 1e18, TSI above 0, TSI + exit at most 1e18.
    error WrongPayout(uint256 trigger, uint256 exit, uint256 tsi);
    error WrongPremiumRate(uint256 rate, uint256 least);
    /// @notice Sales must start after the notice, end later than they start and no later than the maturity.
    error WrongSales(uint256 salesStart, uint256 salesEnd, uint256 earliest, uint256 latest);
    /// @notice The claim deadline must leave the operators minClaimPeriod to answer and one whole dispute besides
    /// (minClaimPeriod + court time + two windows), and lie within maxClaimPeriod of the maturity.
    error WrongClaimDeadline(uint256 deadline, uint256 least, uint256 most);
    /// @notice The season must not end before it starts; unless historic, sales end before it and it ends before maturity.
    error WrongSeason(uint256 seasonStart, uint256 seasonEnd);
    error WrongOracleFee(uint256 fee, uint256 most);
    error WrongCallbackGas(uint256 gas_, uint256 least, uint256 most);
    /// @notice The cap must be above 0 and at most what the oracle's signers stand for, the cluster's at least the cap.
    error WrongCap(uint256 cap, uint256 slashable, uint256 clusterCap);
    error WrongCurrency(address asset, address ledger);
    error NoFees(uint256 free, uint256 committed);
    /// @notice The cluster exists with another cap.
    error WrongClusterCap(bytes32 clusterId, uint256 cap, uint256 existing);
    error WrongLimits();
    error SalesClosed(uint256 riskId, uint256 now_, uint256 salesStart, uint256 salesEnd);
    error SumInsuredTooSmall(uint256 sumInsured, uint256 least);
    error PremiumTooHigh(uint256 premium, uint256 maxPremium);
    error RiskCapReached(uint256 riskId, uint256 capital, uint256 cap);
    error ClusterCapReached(bytes32 clusterId, uint256 capital, uint256 cap);
    error TooManyOpenRisks(uint256 most);
    error TooManyPolicies(uint256 riskId, uint256 most);
    error TooEarly(uint256 riskId, uint256 now_, uint256 from);
    error TooLate(uint256 riskId, uint256 now_, uint256 deadline);
    error AlreadySettled(uint256 policyId);

    /// @notice The pool that holds premiums and capital; its only product is this contract.
    function pool() external view returns (ICoverPool);

    /// @notice Who may create risks; set once.
    function underwriter() external view returns (address);

    /// @notice How many risks exist; ids run from 1.
    function risks() external view returns (uint256);

    function terms(uint256 riskId) external view returns (Terms memory);

    function risk(uint256 riskId) external view returns (Risk memory);

    function policy(uint256 policyId) external view returns (Policy memory);

    function policyStatus(uint256 policyId) external view returns (PolicyStatus);

    /// @notice Capital locked for the undecided risks of a cluster, and its cap.
    function cluster(bytes32 clusterId) external view returns (uint256 capital, uint256 cap);

    /// @notice The premium (rounded up) and the capital (rounded up) of a policy, before caps are looked at.
    function quote(uint256 riskId, uint256 sumInsured) external view returns (uint256 premium, uint256 capital);

    /// @notice The largest sum insured that `buy` would accept now; 0 when sales are closed.
    function available(uint256 riskId) external view returns (uint256 sumInsured);

    /// @notice What a ratio pays on a sum insured (C3); rounds down.
    function payoutOf(uint256 riskId, uint256 sumInsured, uint256 ratio) external view returns (uint256);

    /// @notice Underwriter only: opens a risk for sale (C5, C6).
    function createRisk(Terms memory terms_) external returns (uint256 riskId);

    /// @notice Buys cover for `to`; the caller pays the premium to the pool, which must be approved for it (C4).
    function buy(uint256 riskId, uint256 sumInsured, uint256 maxPremium, address to)
        external
        returns (uint256 policyId, uint256 premium);

    /// @notice Anyone, from maturity to one window before the claim deadline: asks the oracle, whose fee comes out of
    /// the pool (C7). Asks again when the oracle ended the request without an answer.
    function requestDecision(uint256 riskId) external returns (bytes32 requestId);

    /// @notice Anyone, after the claim deadline without a decision: frees the capital; premiums are refunded by `settle` (C12).
    function expire(uint256 riskId) external;

    /// @notice Anyone: visits up to `max` policies in order of purchase and settles those still unsettled; resumes
    /// where it stopped.
    /// @return settled How many it settled.
    function settle(uint256 riskId, uint256 max) external returns (uint256 settled);

    /// @notice Anyone: settles one policy out of order.
    function settlePolicy(uint256 policyId) external returns (uint256 amount);

    /// @notice Anyone: brings what the oracle credited to this contract (fees given back, parts of bonds) to the
    /// investors, except the fees that risks still waiting for a decision may need.
    function returnFees() external returns (uint256 amount);
}
