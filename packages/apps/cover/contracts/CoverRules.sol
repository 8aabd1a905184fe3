// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "@protocols/oracle/contracts/IOracle.sol";
import {ICover} from "./ICover.sol";

/// @title The bounds of a product and the checks that new terms must pass (C5, C6)
/// @notice Created by Cover in its constructor; holds no money, has no state that could change.
contract CoverRules {
    uint256 private constant WAD = 1e18;
    /// @notice Bounds of the gas for the oracle's callback: enough to record a decision, little enough for any block.
    uint256 public constant MIN_CALLBACK_GAS = 250_000;
    uint256 public constant MAX_CALLBACK_GAS = 5_000_000;

    IOracle private immutable _oracle;
    uint64 private immutable _maxRiskShare;
    uint64 private immutable _maxClusterShare;
    uint64 private immutable _minPremiumRate;
    uint64 private immutable _notice;
    uint64 private immutable _minClaimPeriod;
    uint64 private immutable _maxClaimPeriod;
    uint128 private immutable _minSumInsured;
    uint128 private immutable _maxOracleFee;
    bool private immutable _historic;

    constructor(IOracle oracle_, ICover.Limits memory l) {
        bool shares = l.maxRiskShare != 0 && l.maxRiskShare <= WAD && l.maxClusterShare != 0
            && l.maxClusterShare <= WAD && l.minPremiumRate <= WAD;
        bool periods = l.minClaimPeriod != 0 && l.maxClaimPeriod >= l.minClaimPeriod && l.maxClaimPeriod <= 365 days
            && l.notice <= 365 days;
        if (!shares || !periods || l.minSumInsured == 0) revert ICover.WrongLimits();
        _oracle = oracle_;
        _maxRiskShare = l.maxRiskShare;
        _maxClusterShare = l.maxClusterShare;
        _minPremiumRate = l.minPremiumRate;
        _notice = l.notice;
        _minClaimPeriod = l.minClaimPeriod;
        _maxClaimPeriod = l.maxClaimPeriod;
        _minSumInsured = l.minSumInsured;
        _maxOracleFee = l.maxOracleFee;
        _historic = l.historic;
    }

    /// @notice The bounds, as given at deployment.
    function limits() external view returns (ICover.Limits memory) {
        return ICover.Limits(
            _maxRiskShare,
            _maxClusterShare,
            _minPremiumRate,
            _notice,
            _minClaimPeriod,
            _maxClaimPeriod,
            _minSumInsured,
            _maxOracleFee,
            _historic
        );
    }

    /// @notice Reverts with the values that break a rule.
    /// @return salesStart When sales start: as the terms say, or the earliest instant when they say 0.
    function check(ICover.Terms calldata t) external view returns (uint64 salesStart) {
        _checkPrice(t);
        salesStart = _checkTimes(t);
        _checkOracle(t);
    }

    function _checkPrice(ICover.Terms calldata t) private view {
        if (t.trigger <= t.exit || t.trigger > WAD || t.tsi == 0 || uint256(t.tsi) + t.exit > WAD) {
            revert ICover.WrongPayout(t.trigger, t.exit, t.tsi);
        }
        if (t.premiumRate == 0 || t.premiumRate < _minPremiumRate || t.premiumRate > WAD) {
            revert ICover.WrongPremiumRate(t.premiumRate, _minPremiumRate);
        }
    }

    function _checkTimes(ICover.Terms calldata t) private view returns (uint64 salesStart) {
        uint64 earliest = uint64(block.timestamp) + _notice;
        salesStart = t.salesStart == 0 ? earliest : t.salesStart;
        if (salesStart < earliest || t.salesEnd <= salesStart || t.salesEnd > t.maturity) {
            revert ICover.WrongSales(salesStart, t.salesEnd, earliest, t.maturity);
        }
        bool calendar =
            t.salesEnd <= uint256(t.seasonStart) * 1 days && t.maturity >= (uint256(t.seasonEnd) + 1) * 1 days;
        if (t.seasonEnd < t.seasonStart || !(calendar || _historic)) {
            revert ICover.WrongSeason(t.seasonStart, t.seasonEnd);
        }
    }

    function _checkOracle(ICover.Terms calldata t) private view {
        (uint256 threshold, uint256 window, uint256 courtTime, uint256 bond,,,) = _oracle.policy(t.policyId);
        uint256 least = uint256(t.maturity) + _minClaimPeriod + courtTime + 2 * window;
        uint256 most = uint256(t.maturity) + _maxClaimPeriod;
        if (t.claimDeadline < least || t.claimDeadline > most) {
            revert ICover.WrongClaimDeadline(t.claimDeadline, least, most);
        }
        if (t.oracleFee > _maxOracleFee) revert ICover.WrongOracleFee(t.oracleFee, _maxOracleFee);
        if (t.callbackGas < MIN_CALLBACK_GAS || t.callbackGas > MAX_CALLBACK_GAS) {
            revert ICover.WrongCallbackGas(t.callbackGas, MIN_CALLBACK_GAS, MAX_CALLBACK_GAS);
        }
        if (t.cap == 0 || t.cap > threshold * bond || t.clusterCap < t.cap) {
            revert ICover.WrongCap(t.cap, threshold * bond, t.clusterCap);
        }
    }
}
