// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IOracle} from "@protocols/oracle/contracts/IOracle.sol";
import {IReceiver} from "@protocols/oracle/contracts/IReceiver.sol";
import {CoverPool} from "./CoverPool.sol";
import {CoverRules} from "./CoverRules.sol";
import {ICover} from "./ICover.sol";
import {ICoverPool, ICoverProduct} from "./ICoverPool.sol";
import {Payout} from "./Payout.sol";

/// @title Area-index cover (see ICover; rules C1.. of SPEC.md)
/// @dev A policy is an ERC-721 token; its id is riskId * 1,000,000 + its number in the risk, from 1. Who holds it is paid. No
/// owner, no pause, no upgrade. Every function that moves money is guarded against re-entry, here and in the pool.
contract Cover is ICover, ICoverProduct, IReceiver, ERC721, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @notice Most risks that may have undecided policies at one time: it bounds the loop of `awaitingDecision`.
    uint256 public constant MAX_OPEN_RISKS = 32;
    /// @dev Gas that must be left to settle one more policy inside the callback.
    uint256 private constant SETTLE_GAS = 320_000;
    /// @notice Policies of one risk are numbered 1 .. MAX_POLICIES - 1.
    uint256 public constant MAX_POLICIES = 1_000_000;

    /// @inheritdoc ICover
    ICoverPool public immutable pool;
    /// @inheritdoc ICover
    address public immutable underwriter;
    /// @notice The decision hub that this product asks.
    IOracle public immutable oracle;
    /// @notice The bounds of this product and the checks of terms.
    CoverRules public immutable rules;
    IERC20 private immutable _asset;

    uint64 private immutable _maxRiskShare;
    uint64 private immutable _maxClusterShare;
    uint128 private immutable _minSumInsured;

    /// @inheritdoc ICover
    uint256 public risks;
    mapping(uint256 riskId => Terms) private _terms;
    mapping(uint256 riskId => Risk) private _risks;
    mapping(uint256 policyId => Policy) private _policies;
    mapping(bytes32 requestId => uint256) private _riskOf;
    struct Cluster {
        uint128 capital;
        uint128 cap;
    }

    mapping(bytes32 clusterId => Cluster) private _clusters;
    /// @dev Risks with undecided policies: maturity (upper 64 bits) and risk id.
    uint256[] private _open;
    /// @dev Oracle fees of the requested risks: what a void request gives back is kept for asking again.
    uint256 private _feesOut;

    /// @param asset_ Currency of premiums, payouts and the oracle's fees; a plain ERC-20.
    constructor(IERC20 asset_, IOracle oracle_, address underwriter_, Limits memory limits_)
        ERC721("Assay Cover policy", "COVER")
    {
        if (oracle_.token() != address(asset_)) revert WrongCurrency(address(asset_), oracle_.token());
        _asset = asset_;
        oracle = oracle_;
        underwriter = underwriter_;
        _maxRiskShare = limits_.maxRiskShare;
        _maxClusterShare = limits_.maxClusterShare;
        _minSumInsured = limits_.minSumInsured;
        rules = new CoverRules(oracle_, limits_);
        pool = new CoverPool(asset_, "Assay Cover pool share", "aCOVER");
        // This contract holds money only within requestDecision and returnFees, and the oracle takes it only from callers.
        asset_.forceApprove(address(oracle_), type(uint256).max);
    }

    // ------------------------------------------------------------------ underwriting

    /// @inheritdoc ICover
    function createRisk(Terms memory t) external returns (uint256 riskId) {
        if (msg.sender != underwriter) revert NotUnderwriter(msg.sender, underwriter);
        t.salesStart = rules.check(t);
        Cluster storage c = _clusters[t.clusterId];
        if (c.cap != 0 && c.cap != t.clusterCap) revert WrongClusterCap(t.clusterId, t.clusterCap, c.cap);

        riskId = ++risks;
        c.cap = t.clusterCap;
        _terms[riskId] = t;
        _risks[riskId].status = Status.Open;
        emit RiskCreated(riskId, t.clusterId, t.modelId, t);
    }

    // ------------------------------------------------------------------ sale

    /// @inheritdoc ICover
    function buy(uint256 riskId, uint256 sumInsured, uint256 maxPremium, address to)
        external
        nonReentrant
        returns (uint256 policyId, uint256 premium)
    {
        Risk storage r = _known(riskId);
        Terms storage t = _terms[riskId];
        if (r.status != Status.Open) revert WrongStatus(riskId, r.status);
        if (block.timestamp < t.salesStart || block.timestamp >= t.salesEnd) {
            revert SalesClosed(riskId, block.timestamp, t.salesStart, t.salesEnd);
        }
        if (sumInsured < _minSumInsured) revert SumInsuredTooSmall(sumInsured, _minSumInsured);
        premium = Payout.amountUp(sumInsured, t.premiumRate);
        if (premium > maxPremium) revert PremiumTooHigh(premium, maxPremium);
        uint256 capital = Payout.amountUp(sumInsured, t.tsi);
        _checkCaps(riskId, t, r.capital + capital, _clusters[t.clusterId].capital + capital);

        uint256 number = uint256(r.policies) + 1;
        if (number == MAX_POLICIES) revert TooManyPolicies(riskId, MAX_POLICIES - 1);
        uint256 lock = capital;
        if (number == 1) {
            lock += t.oracleFee;
            _addOpen(riskId, r, t.maturity);
        }
        policyId = riskId * MAX_POLICIES + number;
        r.insured += sumInsured.toUint128();
        r.capital += capital.toUint128();
        r.premium += premium.toUint128();
        r.policies = uint32(number);
        _clusters[t.clusterId].capital += capital.toUint128();
        _policies[policyId] = Policy(sumInsured.toUint128(), premium.toUint120(), false);
        _mint(to, policyId);
        emit PolicyBought(policyId, riskId, to, msg.sender, sumInsured, premium, capital);

        pool.collect(msg.sender, premium, lock);
    }

    function _checkCaps(uint256 riskId, Terms storage t, uint256 ofRisk, uint256 ofCluster) private view {
        (uint256 riskCap, uint256 clusterCap) = _caps(t);
        if (ofRisk > riskCap) revert RiskCapReached(riskId, ofRisk, riskCap);
        if (ofCluster > clusterCap) revert ClusterCapReached(t.clusterId, ofCluster, clusterCap);
    }

    /// @dev Caps in units of the asset: the risk's own, and the product's share of the pool; rounds down.
    function _caps(Terms storage t) private view returns (uint256 riskCap, uint256 clusterCap) {
        uint256 assets = pool.totalAssets();
        riskCap = Math.min(t.cap, Payout.amount(assets, _maxRiskShare));
        clusterCap = Math.min(_clusters[t.clusterId].cap, Payout.amount(assets, _maxClusterShare));
    }

    // ------------------------------------------------------------------ decision

    /// @inheritdoc ICover
    function requestDecision(uint256 riskId) external nonReentrant returns (bytes32 requestId) {
        Risk storage r = _known(riskId);
        Terms storage t = _terms[riskId];
        bool again = r.status == Status.Requested && _isVoid(r.requestId);
        if (!again && (r.status != Status.Open || r.policies == 0)) revert WrongStatus(riskId, r.status);
        if (block.timestamp < t.maturity) revert TooEarly(riskId, block.timestamp, t.maturity);
        (, uint256 window,,,,,) = oracle.policy(t.policyId);
        uint256 expiry = t.claimDeadline - window;
        if (block.timestamp > expiry) revert TooLate(riskId, block.timestamp, expiry);

        uint128 fee = t.oracleFee;
        r.status = Status.Requested;
        if (!again && fee != 0) {
            _feesOut += fee;
            pool.payFee(fee);
            oracle.deposit(address(this), fee);
        }
        requestId = oracle.request(
            IOracle.Request({
                requester: address(this),
                policyId: t.policyId,
                modelId: t.modelId,
                inputHash: t.inputHash,
                valueAtRisk: r.capital,
                fee: fee,
                callbackGas: t.callbackGas,
                expiry: uint64(expiry),
                // The id of the request before makes asking again a new request.
                salt: keccak256(abi.encode(riskId, r.requestId))
            })
        );
        r.requestId = requestId;
        _riskOf[requestId] = riskId;
        emit DecisionRequested(riskId, requestId, fee);
    }

    function _isVoid(bytes32 requestId) private view returns (bool) {
        (IOracle.Status status,,) = oracle.statusOf(requestId);
        return status == IOracle.Status.Void;
    }

    /// @inheritdoc IReceiver
    function onReport(bytes calldata metadata, bytes calldata report) external nonReentrant {
        if (msg.sender != address(oracle)) revert NotOracle(msg.sender, address(oracle));
        (bytes32 requestId,,) = abi.decode(metadata, (bytes32, uint256, bytes32));
        int256 output = abi.decode(report, (IOracle.Answer)).output;
        uint256 riskId = _riskOf[requestId];
        if (riskId == 0) revert UnknownRequest(requestId);
        Risk storage r = _risks[riskId];
        Terms storage t = _terms[riskId];
        if (r.status != Status.Requested || r.requestId != requestId) revert WrongStatus(riskId, r.status);
        if (block.timestamp > t.claimDeadline) revert TooLate(riskId, block.timestamp, t.claimDeadline);

        uint256 ratio = Payout.clamp(output);
        uint256 share = Payout.share(ratio, t.trigger, t.exit, t.tsi);
        // The floor of the sum is at least the sum of the floors: every policy is covered (C1).
        uint256 claims = Payout.amount(r.insured, share);
        r.status = Status.Decided;
        r.ratio = uint64(ratio);
        r.share = uint64(share);
        r.claims = uint128(claims);
        if (share == 0) r.settled = r.policies;
        _feesOut -= t.oracleFee;
        _leave(r, t.clusterId);
        emit SeasonDecided(riskId, requestId, output, ratio, share, claims);

        pool.release(r.capital, r.premium, claims);
        if (share == 0) emit RiskClosed(riskId, 0);
        else _settleWhileGas(riskId, r);
    }

    /// @inheritdoc ICover
    function expire(uint256 riskId) external nonReentrant {
        Risk storage r = _known(riskId);
        Terms storage t = _terms[riskId];
        bool requested = r.status == Status.Requested;
        if (!requested && r.status != Status.Open) revert WrongStatus(riskId, r.status);
        if (block.timestamp <= t.claimDeadline) revert TooEarly(riskId, block.timestamp, uint256(t.claimDeadline) + 1);

        r.status = Status.Expired;
        uint256 refunds = r.premium;
        r.claims = uint128(refunds);
        if (requested) _feesOut -= t.oracleFee;
        emit RiskExpired(riskId, refunds);
        if (r.policies == 0) {
            emit RiskClosed(riskId, 0);
            return;
        }
        _leave(r, t.clusterId);
        pool.release(requested ? r.capital : uint256(r.capital) + t.oracleFee, refunds, refunds);
    }

    // ------------------------------------------------------------------ settlement

    /// @inheritdoc ICover
    function settle(uint256 riskId, uint256 max) external nonReentrant returns (uint256 settled) {
        Risk storage r = _known(riskId);
        if (r.status != Status.Decided && r.status != Status.Expired) revert WrongStatus(riskId, r.status);
        for (uint256 visited = 0; visited < max && r.settled != r.policies; visited++) {
            if (_visitNext(riskId, r)) settled++;
        }
    }

    /// @inheritdoc ICover
    function settlePolicy(uint256 policyId) external nonReentrant returns (uint256 amount) {
        uint256 riskId = policyId / MAX_POLICIES;
        Risk storage r = _known(riskId);
        if (_policies[policyId].sumInsured == 0) revert UnknownPolicy(policyId);
        if (r.status != Status.Decided && r.status != Status.Expired) revert WrongStatus(riskId, r.status);
        if (_policies[policyId].settled || r.settled == r.policies) revert AlreadySettled(policyId);
        return _settle(riskId, r, policyId);
    }

    /// @dev Settles as many policies as the gas of the callback allows; the rest waits for `settle`.
    function _settleWhileGas(uint256 riskId, Risk storage r) private {
        while (gasleft() > SETTLE_GAS && r.settled != r.policies) _visitNext(riskId, r);
    }

    /// @dev Moves the cursor by one policy and settles it, unless that was done out of order; needs one to be left.
    function _visitNext(uint256 riskId, Risk storage r) private returns (bool settledNow) {
        uint256 policyId = riskId * MAX_POLICIES + ++r.cursor;
        if (_policies[policyId].settled) return false;
        _settle(riskId, r, policyId);
        return true;
    }

    /// @dev Pays one unsettled policy of a decided or expired risk; O(1).
    function _settle(uint256 riskId, Risk storage r, uint256 policyId) private returns (uint256 amount) {
        Policy storage p = _policies[policyId];
        bool decided = r.status == Status.Decided;
        amount = decided ? Payout.amount(p.sumInsured, r.share) : p.premium;
        address to = ownerOf(policyId);
        uint256 remainder = r.claims - amount;
        bool last = r.settled + 1 == r.policies;
        p.settled = true;
        r.settled += 1;
        r.claims = last ? 0 : uint128(remainder);

        bool delivered = amount == 0 || pool.pay(to, amount);
        if (decided) emit PolicyPaid(policyId, riskId, to, r.requestId, amount, delivered);
        else emit PolicyRefunded(policyId, riskId, to, amount, delivered);
        if (last) {
            if (remainder != 0) pool.returnClaims(remainder);
            emit RiskClosed(riskId, remainder);
        }
    }

    /// @inheritdoc ICover
    function returnFees() external nonReentrant returns (uint256 amount) {
        (uint256 free,) = oracle.account(address(this));
        amount = Math.saturatingSub(free, _feesOut);
        if (amount == 0) revert NoFees(free, _feesOut);
        emit FeesReturned(amount);
        oracle.withdraw(amount);
        _asset.safeTransfer(address(pool), amount);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc ICoverProduct
    function awaitingDecision() external view returns (bool) {
        uint256 count = _open.length;
        for (uint256 i = 0; i < count; i++) {
            if (block.timestamp >= _open[i] >> 192) return true;
        }
        return false;
    }

    /// @inheritdoc ICover
    function terms(uint256 riskId) external view returns (Terms memory) {
        _known(riskId);
        return _terms[riskId];
    }

    /// @inheritdoc ICover
    function risk(uint256 riskId) external view returns (Risk memory) {
        return _known(riskId);
    }

    /// @inheritdoc ICover
    function policy(uint256 policyId) external view returns (Policy memory p) {
        p = _policies[policyId];
        if (p.sumInsured == 0) revert UnknownPolicy(policyId);
    }

    /// @inheritdoc ICover
    function policyStatus(uint256 policyId) external view returns (PolicyStatus) {
        Policy storage p = _policies[policyId];
        if (p.sumInsured == 0) return PolicyStatus.None;
        Risk storage r = _risks[policyId / MAX_POLICIES];
        if (r.status == Status.Decided) {
            if (r.share == 0) return PolicyStatus.Lapsed;
            return p.settled ? PolicyStatus.Paid : PolicyStatus.Claimed;
        }
        if (r.status == Status.Expired) return p.settled ? PolicyStatus.Refunded : PolicyStatus.Refundable;
        return PolicyStatus.Active;
    }

    /// @inheritdoc ICover
    function cluster(bytes32 clusterId) external view returns (uint256 capital, uint256 cap) {
        Cluster storage c = _clusters[clusterId];
        return (c.capital, c.cap);
    }

    /// @inheritdoc ICover
    function quote(uint256 riskId, uint256 sumInsured) external view returns (uint256 premium, uint256 capital) {
        _known(riskId);
        Terms storage t = _terms[riskId];
        return (Payout.amountUp(sumInsured, t.premiumRate), Payout.amountUp(sumInsured, t.tsi));
    }

    /// @inheritdoc ICover
    function available(uint256 riskId) external view returns (uint256) {
        Risk storage r = _known(riskId);
        Terms storage t = _terms[riskId];
        bool onSale = r.status == Status.Open && block.timestamp >= t.salesStart && block.timestamp < t.salesEnd;
        if (!onSale || (r.policies == 0 && _open.length == MAX_OPEN_RISKS)) return 0;
        (uint256 riskCap, uint256 clusterCap) = _caps(t);
        uint256 free = Math.saturatingSub(pool.freeCapital(), r.policies == 0 ? t.oracleFee : 0);
        uint256 capital = Math.min(Math.saturatingSub(riskCap, r.capital), free);
        capital = Math.min(capital, Math.saturatingSub(clusterCap, _clusters[t.clusterId].capital));
        // The largest sum whose capital, rounded up, still fits.
        uint256 sumInsured = Math.mulDiv(capital, Payout.WAD, t.tsi);
        return sumInsured < _minSumInsured ? 0 : sumInsured;
    }

    /// @inheritdoc ICover
    function payoutOf(uint256 riskId, uint256 sumInsured, uint256 ratio) external view returns (uint256) {
        _known(riskId);
        Terms storage t = _terms[riskId];
        return Payout.amount(sumInsured, Payout.share(Math.min(ratio, Payout.WAD), t.trigger, t.exit, t.tsi));
    }

    // ------------------------------------------------------------------ inside

    function _known(uint256 riskId) private view returns (Risk storage r) {
        r = _risks[riskId];
        if (r.status == Status.None) revert UnknownRisk(riskId);
    }

    function _addOpen(uint256 riskId, Risk storage r, uint256 maturity) private {
        uint256 index = _open.length;
        if (index >= MAX_OPEN_RISKS) revert TooManyOpenRisks(MAX_OPEN_RISKS);
        r.openIndex = uint8(index);
        _open.push((maturity << 192) | riskId);
    }

    /// @dev Takes a risk off the list of undecided ones and its capital off its cluster.
    function _leave(Risk storage r, bytes32 clusterId) private {
        _clusters[clusterId].capital -= r.capital;
        uint8 index = r.openIndex;
        uint256 moved = _open[_open.length - 1];
        _open.pop();
        if (index < _open.length) {
            _open[index] = moved;
            _risks[uint192(moved)].openIndex = index;
        }
    }
}
