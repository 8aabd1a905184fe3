// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IOracle} from "@protocols/oracle/contracts/IOracle.sol";
import {Cover} from "./Cover.sol";
import {CoverRules} from "./CoverRules.sol";
import {CoverSetup, ScriptedOracle, TrickToken} from "./CoverSetup.t.sol";
import {ICover} from "./ICover.sol";

contract CoverCreateRiskTest is CoverSetup {
    function test_createRisk_stores_the_terms_and_tells() public {
        ICover.Terms memory t = defaultTerms();
        vm.expectEmit(address(cover));
        emit ICover.RiskCreated(1, t.clusterId, t.modelId, t);
        uint256 riskId = openRisk(t);
        assertEq(riskId, 1);
        assertEq(keccak256(abi.encode(cover.terms(1))), keccak256(abi.encode(t)));
        assertEq(uint256(cover.risk(1).status), uint256(ICover.Status.Open));
        assertEq(openRisk(t), 2);
    }

    function test_createRisk_without_a_start_sells_after_the_notice() public {
        ICover.Terms memory t = defaultTerms();
        t.salesStart = 0;
        assertEq(cover.terms(openRisk(t)).salesStart, vm.getBlockTimestamp() + 1 days);
    }

    function test_createRisk_by_another_reverts() public {
        ICover.Terms memory t = defaultTerms();
        vm.expectRevert(abi.encodeWithSelector(ICover.NotUnderwriter.selector, anyone, underwriter));
        vm.prank(anyone);
        cover.createRisk(t);
    }

    /// C5: every pair of trigger, exit and TSI is accepted exactly when it fits.
    function test_createRisk_payout_guard_is_exact(uint64 trigger, uint64 exit, uint64 tsi) public {
        trigger = uint64(bound(trigger, 0, 1.2e18));
        exit = uint64(bound(exit, 0, 1.2e18));
        tsi = uint64(bound(tsi, 0, 1.2e18));
        ICover.Terms memory t = defaultTerms();
        (t.trigger, t.exit, t.tsi) = (trigger, exit, tsi);
        bool fits = trigger > exit && trigger <= 1e18 && tsi > 0 && uint256(tsi) + exit <= 1e18;
        vm.prank(underwriter);
        if (!fits) vm.expectRevert(abi.encodeWithSelector(ICover.WrongPayout.selector, trigger, exit, tsi));
        cover.createRisk(t);
    }

    function test_createRisk_premium_rate_outside_reverts() public {
        ICover.Terms memory t = defaultTerms();
        t.premiumRate = 0.01e18 - 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongPremiumRate.selector, t.premiumRate, 0.01e18));
        t.premiumRate = 1e18 + 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongPremiumRate.selector, t.premiumRate, 0.01e18));
        t.premiumRate = 0.01e18;
        openRisk(t);
    }

    function test_createRisk_sales_before_notice_or_after_maturity_reverts() public {
        ICover.Terms memory t = defaultTerms();
        uint256 earliest = vm.getBlockTimestamp() + 1 days;
        t.salesStart = uint64(earliest - 1);
        _refused(t, abi.encodeWithSelector(ICover.WrongSales.selector, t.salesStart, t.salesEnd, earliest, t.maturity));
        t.salesStart = t.salesEnd;
        _refused(t, abi.encodeWithSelector(ICover.WrongSales.selector, t.salesStart, t.salesEnd, earliest, t.maturity));
        t.salesStart = uint64(earliest);
        t.salesEnd = t.maturity + 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongSales.selector, t.salesStart, t.salesEnd, earliest, t.maturity));
        t.salesEnd = t.maturity;
        openRisk(t);
    }

    function test_createRisk_claim_deadline_leaves_room_for_a_dispute() public {
        ICover.Terms memory t = defaultTerms();
        uint256 least = t.maturity + 1 days + 2 hours + 2 hours;
        uint256 most = t.maturity + 30 days;
        t.claimDeadline = uint64(least - 1);
        _refused(t, abi.encodeWithSelector(ICover.WrongClaimDeadline.selector, least - 1, least, most));
        t.claimDeadline = uint64(most + 1);
        _refused(t, abi.encodeWithSelector(ICover.WrongClaimDeadline.selector, most + 1, least, most));
        t.claimDeadline = uint64(least);
        openRisk(t);
        t.claimDeadline = uint64(most);
        openRisk(t);
    }

    /// C6: without the replay switch nobody can buy once the season has begun, and nobody decides before it ended.
    function test_createRisk_calendar_binds_unless_historic() public {
        ICover.Limits memory l = defaultLimits();
        l.historic = false;
        cover = new Cover(token, IOracle(address(oracle)), underwriter, l);
        ICover.Terms memory t = defaultTerms();
        _refused(t, abi.encodeWithSelector(ICover.WrongSeason.selector, t.seasonStart, t.seasonEnd));
        t.seasonStart = uint32((t.salesEnd + 1 days - 1) / 1 days);
        t.seasonEnd = uint32(t.maturity / 1 days - 1);
        openRisk(t);
        t.seasonStart -= 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongSeason.selector, t.seasonStart, t.seasonEnd));
        t.seasonStart += 1;
        t.seasonEnd += 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongSeason.selector, t.seasonStart, t.seasonEnd));
        t = defaultTerms();
        t.seasonEnd = t.seasonStart - 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongSeason.selector, t.seasonStart, t.seasonEnd));
    }

    function test_createRisk_oracle_terms_are_bounded() public {
        ICover.Terms memory t = defaultTerms();
        t.oracleFee = 100e18 + 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongOracleFee.selector, t.oracleFee, 100e18));
        t = defaultTerms();
        t.callbackGas = 250_000 - 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongCallbackGas.selector, t.callbackGas, 250_000, 5_000_000));
        t.callbackGas = 5_000_001;
        _refused(t, abi.encodeWithSelector(ICover.WrongCallbackGas.selector, t.callbackGas, 250_000, 5_000_000));
        t = defaultTerms();
        t.policyId = 0;
        _refused(t, abi.encodeWithSelector(IOracle.UnknownPolicy.selector, bytes32(0)));
    }

    /// C7: what a decision can move is within what its signers stand for.
    function test_createRisk_caps_are_bounded() public {
        ICover.Terms memory t = defaultTerms();
        t.cap = 0;
        _refused(t, abi.encodeWithSelector(ICover.WrongCap.selector, 0, 1_000_000e18, t.clusterCap));
        t.cap = 1_000_000e18 + 1;
        t.clusterCap = t.cap;
        _refused(t, abi.encodeWithSelector(ICover.WrongCap.selector, t.cap, 1_000_000e18, t.clusterCap));
        t = defaultTerms();
        t.clusterCap = t.cap - 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongCap.selector, t.cap, 1_000_000e18, t.clusterCap));
        t = defaultTerms();
        openRisk(t);
        t.clusterCap += 1;
        _refused(t, abi.encodeWithSelector(ICover.WrongClusterCap.selector, CLUSTER, t.clusterCap, t.clusterCap - 1));
    }

    function test_constructor_refuses_wrong_limits_and_currency() public {
        ICover.Limits memory l = defaultLimits();
        l.maxRiskShare = 1e18 + 1;
        vm.expectRevert(ICover.WrongLimits.selector);
        new CoverRules(IOracle(address(oracle)), l);
        l = defaultLimits();
        l.maxClaimPeriod = 366 days;
        vm.expectRevert(ICover.WrongLimits.selector);
        new CoverRules(IOracle(address(oracle)), l);
        l = defaultLimits();
        l.minSumInsured = 0;
        vm.expectRevert(ICover.WrongLimits.selector);
        new CoverRules(IOracle(address(oracle)), l);

        TrickToken other = new TrickToken();
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongCurrency.selector, address(other), address(token)));
        new Cover(IERC20(address(other)), IOracle(address(oracle)), underwriter, defaultLimits());
        assertEq(keccak256(abi.encode(cover.rules().limits())), keccak256(abi.encode(defaultLimits())));
    }

    function _refused(ICover.Terms memory t, bytes memory error_) private {
        vm.expectRevert(error_);
        vm.prank(underwriter);
        cover.createRisk(t);
    }
}
