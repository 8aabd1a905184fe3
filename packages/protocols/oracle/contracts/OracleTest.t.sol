// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "@base/testkit/contracts/Test.sol";
import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {Assets} from "@records/assets/contracts/Assets.sol";
import {IAssets} from "@records/assets/contracts/IAssets.sol";
import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IBonds} from "@records/bonds/contracts/IBonds.sol";
import {IOracle} from "./IOracle.sol";
import {IReceiver} from "./IReceiver.sol";
import {Oracle} from "./Oracle.sol";

/// @notice A court that rules what the test says, and can misbehave.
contract StubCourt is IArbiter {
    enum Mode {
        Rule,
        Revert,
        BurnGas,
        Nonsense
    }

    IERC20 private immutable _token;
    uint256 public fee;
    uint256 public take;
    uint256 public count;
    Ruling public said;
    Mode public mode;
    bytes public lastContext;
    bytes32 public lastDefence;
    bytes32 public lastClaim;
    address public defender;
    address public claimant;

    constructor(IERC20 token_) {
        _token = token_;
    }

    function setFee(uint256 fee_, uint256 take_) external {
        (fee, take) = (fee_, take_);
    }

    function say(Ruling ruling_) external {
        said = ruling_;
    }

    function behave(Mode mode_) external {
        mode = mode_;
    }

    function open(
        bytes32 subject,
        bytes32 defence,
        bytes32 claim,
        address defender_,
        address claimant_,
        bytes calldata context
    ) external returns (uint256 id) {
        id = ++count;
        (lastDefence, lastClaim, lastContext, defender, claimant) = (defence, claim, context, defender_, claimant_);
        if (take != 0) _token.transferFrom(msg.sender, address(this), take);
        emit DisputeOpened(id, msg.sender, subject, defence, claim, context);
    }

    function ruling(uint256) external view returns (Ruling) {
        if (mode == Mode.Revert) revert UnknownDispute(0);
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.Nonsense) {
            assembly ("memory-safe") {
                mstore(0, 77)
                return(0, 32)
            }
        }
        return said;
    }
}

/// @notice A requester that records what it is told, and can misbehave.
contract StubReceiver is IReceiver {
    enum Mode {
        Accept,
        Revert,
        BurnGas,
        ReturnBomb,
        Reenter
    }

    Oracle private immutable _oracle;
    Mode public mode;
    uint256 public calls;
    bytes32 public metadataHash;
    bytes32 public reportHash;
    bytes private _attack;
    bool public attackSucceeded;

    constructor(Oracle oracle_) {
        _oracle = oracle_;
    }

    function behave(Mode mode_) external {
        mode = mode_;
    }

    function attackWith(bytes calldata data) external {
        mode = Mode.Reenter;
        _attack = data;
    }

    function onReport(bytes calldata metadata_, bytes calldata report_) external {
        require(msg.sender == address(_oracle), "not the oracle");
        if (mode == Mode.Revert) revert("refused");
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.ReturnBomb) {
            assembly ("memory-safe") {
                return(0, 500000)
            }
        }
        if (mode == Mode.Reenter) (attackSucceeded,) = address(_oracle).call(_attack);
        ++calls;
        (metadataHash, reportHash) = (keccak256(metadata_), keccak256(report_));
    }
}

/// @notice Takes one per cent of every transfer.
contract TaxedToken is TestToken {
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        uint256 tax = value / 100;
        super._update(from, address(0xfee), tax);
        super._update(from, to, value - tax);
    }
}

/// @notice The stage of the Oracle's tests: a token, assets with a lineage, a court, three operators, a watcher.
abstract contract OracleTest is Test {
    uint96 internal constant BOND = 100e18;
    uint128 internal constant FEE = 2e18;
    uint32 internal constant WINDOW = 1 hours;
    uint32 internal constant COURT_TIME = 2 hours;
    uint16 internal constant ROYALTY_BPS = 3000;
    uint256 internal constant START = 1_750_000_000;
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    TestToken internal token;
    Assets internal assets;
    Oracle internal oracle;
    StubCourt internal court;
    StubReceiver internal receiver;
    address[] internal operators;
    mapping(address operator => uint256) internal keys;
    address internal watcher;
    address internal dataOwner;
    address internal modeller;
    uint256 internal modelId;
    bytes32 internal policyId;

    function setUp() public virtual {
        vm.warp(START);
        token = _newToken();
        assets = new Assets(token);
        oracle = new Oracle(token, assets);
        court = new StubCourt(token);
        receiver = new StubReceiver(oracle);
        watcher = makeAddr("watcher");
        dataOwner = makeAddr("dataOwner");
        modeller = makeAddr("modeller");
        _makeOperators();
        _fund(watcher);
        _fund(address(receiver));
        uint256 data = _publish(dataOwner, IAssets.Kind.Data, 1000, new uint256[](0));
        uint256[] memory parents = new uint256[](1);
        parents[0] = data;
        modelId = _publish(modeller, IAssets.Kind.Model, 0, parents);
        policyId = oracle.registerPolicy(_policy(1));
    }

    function _newToken() internal virtual returns (TestToken) {
        return new TestToken();
    }

    /// @dev Three operators in ascending order of address.
    function _makeOperators() internal {
        for (uint256 i; i < 3; ++i) {
            (address operator, uint256 key) = makeAddrAndKey(string.concat("operator ", vm.toString(i)));
            keys[operator] = key;
            operators.push(operator);
            _fund(operator);
        }
        for (uint256 i; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (operators[j] < operators[i]) (operators[i], operators[j]) = (operators[j], operators[i]);
            }
        }
    }

    function _fund(address who) internal {
        token.faucet(address(this), 1000e18);
        token.approve(address(oracle), 1000e18);
        oracle.deposit(who, 1000e18);
    }

    function _publish(address owner, IAssets.Kind kind, uint16 royaltyBps, uint256[] memory parents)
        internal
        returns (uint256)
    {
        vm.prank(owner);
        return assets.publish(IAssets.Publication(kind, keccak256("root"), keccak256("statement"), 0, royaltyBps, parents, ""));
    }

    function _policy(uint8 threshold) internal view returns (IOracle.Policy memory) {
        return IOracle.Policy(operators, threshold, WINDOW, COURT_TIME, BOND, ROYALTY_BPS, address(court));
    }

    function _request(uint256 salt) internal view returns (IOracle.Request memory) {
        return IOracle.Request({
            requester: address(receiver),
            policyId: policyId,
            modelId: modelId,
            inputHash: keccak256("input"),
            valueAtRisk: 50e18,
            fee: FEE,
            callbackGas: 200_000,
            expiry: uint64(vm.getBlockTimestamp() + 1 days),
            salt: bytes32(salt)
        });
    }

    function _ask(IOracle.Request memory r) internal returns (bytes32) {
        vm.prank(r.requester);
        return oracle.request(r);
    }

    function _answer(int256 output) internal view returns (IOracle.Answer memory) {
        uint64 now_ = uint64(vm.getBlockTimestamp());
        return IOracle.Answer(output, 9000, keccak256("why"), keccak256("evidence"), now_, now_ + 30 days);
    }

    /// @dev Signatures of operators[1..threshold-1], for operators[0] to submit.
    function _signatures(IOracle.Request memory r, IOracle.Answer memory a, uint256 threshold)
        internal
        view
        returns (bytes memory all)
    {
        bytes32 digest = oracle.envelopeHash(r, a);
        for (uint256 i = 1; i < threshold; ++i) {
            all = bytes.concat(all, signature(keys[operators[i]], digest));
        }
    }

    function _submit(IOracle.Request memory r, IOracle.Answer memory a) internal returns (address[] memory) {
        return _submitBy(operators[0], r, a);
    }

    function _submitBy(address operator, IOracle.Request memory r, IOracle.Answer memory a)
        internal
        returns (address[] memory)
    {
        vm.prank(operator);
        oracle.submit(r, a, "");
        return _one(operator);
    }

    function _submitByAll(IOracle.Request memory r, IOracle.Answer memory a, uint256 threshold)
        internal
        returns (address[] memory signers)
    {
        bytes memory signatures = _signatures(r, a, threshold);
        vm.prank(operators[0]);
        oracle.submit(r, a, signatures);
        signers = new address[](threshold);
        for (uint256 i; i < threshold; ++i) {
            signers[i] = operators[i];
        }
    }

    function _challenge(
        IOracle.Request memory r,
        IOracle.Answer memory a,
        address[] memory signers,
        IOracle.Answer memory claim
    ) internal returns (IOracle.Dispute memory) {
        vm.prank(watcher);
        uint256 disputeId = oracle.challenge(r, a, signers, claim, type(uint256).max);
        return IOracle.Dispute(a, signers, claim, watcher, disputeId);
    }

    function _one(address who) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = who;
    }

    function _free(address who) internal view returns (uint256 free) {
        (free,) = oracle.account(who);
    }

    function _locked(address who) internal view returns (uint256 locked) {
        (, locked) = oracle.account(who);
    }

    function _assertStatus(bytes32 id, IOracle.Status expected) internal view {
        (IOracle.Status status,,) = oracle.statusOf(id);
        assertEq(uint256(status), uint256(expected), "status");
    }

    /// @dev Everything that can be in the ledger, for conservation.
    function _ledgerSum() internal view returns (uint256 sum) {
        address[8] memory all = [
            operators[0], operators[1], operators[2], watcher, address(receiver), dataOwner, modeller, BURN
        ];
        for (uint256 i; i < all.length; ++i) {
            sum += _free(all[i]) + _locked(all[i]);
        }
    }
}
