// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Test} from "@base/testkit/contracts/Test.sol";
import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {IOracle} from "@protocols/oracle/contracts/IOracle.sol";
import {IReceiver} from "@protocols/oracle/contracts/IReceiver.sol";
import {Cover} from "./Cover.sol";
import {CoverPool} from "./CoverPool.sol";
import {ICover} from "./ICover.sol";

/// @dev The parts of the decision hub that Cover touches, with the outcome in the test's hand.
contract ScriptedOracle {
    IERC20 public immutable token;
    mapping(address => uint128) public free;
    mapping(bytes32 => IOracle.Status) public status;
    mapping(bytes32 => IOracle.Request) private _requests;
    uint256 public burnedGas;
    bytes32 public lastId;

    constructor(IERC20 token_) {
        token = token_;
    }

    function policy(bytes32 id)
        external
        pure
        returns (uint8, uint32, uint32, uint96, uint16, address, bool)
    {
        if (id == 0) revert IOracle.UnknownPolicy(id);
        return (1, 1 hours, 2 hours, 1_000_000e18, 5_000, address(1), true);
    }

    function deposit(address to, uint256 amount) external returns (uint256) {
        token.transferFrom(msg.sender, address(this), amount);
        free[to] += uint128(amount);
        return amount;
    }

    function withdraw(uint256 amount) external {
        free[msg.sender] -= uint128(amount);
        token.transfer(msg.sender, amount);
    }

    function account(address who) external view returns (uint128, uint128) {
        return (free[who], 0);
    }

    function request(IOracle.Request calldata r) external returns (bytes32 id) {
        require(r.requester == msg.sender, "requester");
        require(block.timestamp <= r.expiry, "expiry");
        id = keccak256(abi.encode(r));
        require(status[id] == IOracle.Status.None, "again");
        free[msg.sender] -= r.fee;
        status[id] = IOracle.Status.Open;
        _requests[id] = r;
        lastId = id;
    }

    function requestOf(bytes32 id) external view returns (IOracle.Request memory) {
        return _requests[id];
    }

    function statusOf(bytes32 id) external view returns (IOracle.Status, uint256, bool) {
        return (status[id], 0, false);
    }

    function void(bytes32 id) external {
        status[id] = IOracle.Status.Void;
        free[_requests[id].requester] += _requests[id].fee;
    }

    /// @dev As the hub delivers: bounded gas, outcome returned, never a revert.
    function report(bytes32 id, int256 output) public returns (bool delivered) {
        IOracle.Request memory r = _requests[id];
        IOracle.Answer memory a;
        a.output = output;
        bytes memory metadata = abi.encode(id, r.modelId, r.inputHash);
        uint256 before = gasleft();
        (delivered,) = r.requester.call{gas: r.callbackGas}(abi.encodeCall(IReceiver.onReport, (metadata, abi.encode(a))));
        burnedGas = before - gasleft();
        status[id] = delivered ? IOracle.Status.Final : IOracle.Status.Undelivered;
    }
}

/// @dev A token that refuses transfers to chosen accounts and can call out to a chosen contract on the way.
contract TrickToken is ERC20 {
    mapping(address => bool) public refuses;
    address public hook;
    bytes public hookData;
    bool public hookSucceeded;
    uint256 public feeBps;

    constructor() ERC20("Trick", "TRK") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function refuse(address account, bool yes) external {
        refuses[account] = yes;
    }

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function onTransfer(address target, bytes calldata data) external {
        hook = target;
        hookData = data;
        hookSucceeded = false;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!refuses[to], "refused");
        if (feeBps != 0 && from != address(0)) {
            uint256 fee = amount * feeBps / 10_000;
            super._update(from, address(0xfee), fee);
            amount -= fee;
        }
        super._update(from, to, amount);
        if (hook != address(0)) {
            (bool ok,) = hook.call(hookData);
            if (ok) hookSucceeded = true;
        }
    }
}

abstract contract CoverSetup is Test {
    uint256 constant WAD = 1e18;
    bytes32 constant POLICY = keccak256("policy");
    bytes32 constant CLUSTER = keccak256("summer 2015, north-west");
    bytes32 constant INPUT = keccak256("input");
    uint64 constant TRIGGER = 0.85e18;
    uint64 constant EXIT = 0.25e18;
    uint64 constant TSI = 0.75e18;
    uint64 constant RATE = 0.08e18;
    uint128 constant FEE = 10e18;

    TrickToken token;
    ScriptedOracle oracle;
    Cover cover;
    CoverPool pool;
    address underwriter = makeAddr("underwriter");
    address investor = makeAddr("investor");
    address farmer = makeAddr("farmer");
    address anyone = makeAddr("anyone");
    uint64 start;

    function setUp() public virtual {
        vm.warp(1_760_000_000);
        start = uint64(vm.getBlockTimestamp());
        token = new TrickToken();
        oracle = new ScriptedOracle(token);
        cover = new Cover(token, IOracle(address(oracle)), underwriter, defaultLimits());
        pool = CoverPool(address(cover.pool()));
        fund(investor, 1_000_000e18);
        fund(farmer, 1_000_000e18);
        vm.prank(investor);
        pool.deposit(500_000e18, investor);
    }

    function fund(address who, uint256 amount) internal {
        token.mint(who, amount);
        vm.prank(who);
        token.approve(address(pool), type(uint256).max);
    }

    function defaultLimits() internal pure returns (ICover.Limits memory) {
        return ICover.Limits({
            maxRiskShare: 0.5e18,
            maxClusterShare: 0.8e18,
            minPremiumRate: 0.01e18,
            notice: 1 days,
            minClaimPeriod: 1 days,
            maxClaimPeriod: 30 days,
            minSumInsured: 1e18,
            maxOracleFee: 100e18,
            historic: true
        });
    }

    function defaultTerms() internal view returns (ICover.Terms memory) {
        return ICover.Terms({
            modelId: 3,
            policyId: POLICY,
            label: keccak256("label"),
            inputHash: INPUT,
            clusterId: CLUSTER,
            seasonStart: 16_617,
            seasonEnd: 16_706,
            salesStart: start + 1 days,
            salesEnd: start + 10 days,
            maturity: start + 100 days,
            claimDeadline: start + 110 days,
            trigger: TRIGGER,
            exit: EXIT,
            tsi: TSI,
            premiumRate: RATE,
            cap: 200_000e18,
            clusterCap: 300_000e18,
            oracleFee: FEE,
            callbackGas: 2_000_000
        });
    }

    function openRisk() internal returns (uint256 riskId) {
        return openRisk(defaultTerms());
    }

    function openRisk(ICover.Terms memory t) internal returns (uint256 riskId) {
        vm.prank(underwriter);
        return cover.createRisk(t);
    }

    /// @dev A risk in its sales period.
    function sellingRisk() internal returns (uint256 riskId) {
        riskId = openRisk();
        vm.warp(start + 2 days);
    }

    function buy(uint256 riskId, uint256 sumInsured) internal returns (uint256 policyId) {
        vm.prank(farmer);
        (policyId,) = cover.buy(riskId, sumInsured, type(uint256).max, farmer);
    }

    /// @dev Moves to the maturity and asks.
    function ask(uint256 riskId) internal returns (bytes32 id) {
        vm.warp(cover.terms(riskId).maturity);
        vm.prank(anyone);
        return cover.requestDecision(riskId);
    }

    function checkBooks() internal view {
        uint256 balance = token.balanceOf(address(pool));
        assertEq(balance, pool.totalAssets() + pool.unearnedPremium() + pool.claims(), "conservation");
        assertLe(pool.lockedCapital(), pool.totalAssets(), "locked within assets");
    }
}
