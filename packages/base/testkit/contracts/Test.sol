// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice The cheat codes that Assay's tests use, as both test runners (Hardhat 3 and forge) implement them.
/// @dev Every function is answered by the runner at a fixed address; nothing here exists on a real chain.
interface Vm {
    enum CallerMode {
        None,
        Broadcast,
        RecurrentBroadcast,
        Prank,
        RecurrentPrank
    }

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    // ---- who calls, when, with how much
    function prank(address msgSender) external;
    function prank(address msgSender, address txOrigin) external;
    function startPrank(address msgSender) external;
    function startPrank(address msgSender, address txOrigin) external;
    function stopPrank() external;
    function readCallers() external returns (CallerMode mode, address msgSender, address txOrigin);
    function warp(uint256 newTimestamp) external;
    function roll(uint256 newHeight) external;
    function prevrandao(bytes32 newPrevrandao) external;
    function chainId(uint256 newChainId) external;
    function fee(uint256 newBasefee) external;
    function txGasPrice(uint256 newGasPrice) external;
    function deal(address account, uint256 newBalance) external;
    function etch(address target, bytes calldata newRuntimeBytecode) external;
    function label(address account, string calldata newLabel) external;
    function getBlockTimestamp() external view returns (uint256 timestamp);
    function getBlockNumber() external view returns (uint256 height);
    function setNonce(address account, uint64 newNonce) external;
    function getNonce(address account) external view returns (uint64 nonce);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);

    // ---- what must happen in the next call
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata revertData) external;
    function expectRevert(bytes4 selector, address reverter) external;
    function expectRevert(bytes calldata revertData, address reverter) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit() external;
    function expectEmit(address emitter) external;
    function expectEmit(bool checkTopic1, bool checkTopic2, bool checkTopic3, bool checkData) external;
    function expectEmit(bool checkTopic1, bool checkTopic2, bool checkTopic3, bool checkData, address emitter) external;
    function expectCall(address callee, bytes calldata data) external;
    function expectCall(address callee, bytes calldata data, uint64 count) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory logs);

    // ---- replace a callee
    function mockCall(address callee, bytes calldata data, bytes calldata returnData) external;
    function mockCallRevert(address callee, bytes calldata data, bytes calldata revertData) external;
    function clearMockedCalls() external;

    // ---- keys
    function addr(uint256 privateKey) external pure returns (address keyAddr);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    // ---- storage and snapshots
    function load(address target, bytes32 slot) external view returns (bytes32 data);
    function store(address target, bytes32 slot, bytes32 value) external;
    function snapshotState() external returns (uint256 snapshotId);
    function revertToState(uint256 snapshotId) external returns (bool success);

    // ---- gas, written to the runner's snapshot files
    function startSnapshotGas(string calldata name) external;
    function startSnapshotGas(string calldata group, string calldata name) external;
    function stopSnapshotGas() external returns (uint256 gasUsed);
    function stopSnapshotGas(string calldata name) external returns (uint256 gasUsed);
    function stopSnapshotGas(string calldata group, string calldata name) external returns (uint256 gasUsed);
    function snapshotGasLastCall(string calldata name) external returns (uint256 gasUsed);
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gasUsed);
    function snapshotValue(string calldata name, uint256 value) external;
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    function pauseGasMetering() external;
    function resumeGasMetering() external;

    // ---- fuzzing, files, text
    function assume(bool condition) external pure;
    function readFile(string calldata path) external view returns (string memory data);
    function toString(uint256 value) external pure returns (string memory text);
    function toString(bytes32 value) external pure returns (string memory text);
    function toString(address value) external pure returns (string memory text);
    function deployCode(string calldata artifactPath) external returns (address deployed);
    function deployCode(string calldata artifactPath, bytes calldata constructorArgs)
        external
        returns (address deployed);

    // ---- assertions with readable messages
    function assertTrue(bool condition, string calldata why) external pure;
    function assertEq(bool left, bool right, string calldata why) external pure;
    function assertEq(uint256 left, uint256 right, string calldata why) external pure;
    function assertEq(int256 left, int256 right, string calldata why) external pure;
    function assertEq(address left, address right, string calldata why) external pure;
    function assertEq(bytes32 left, bytes32 right, string calldata why) external pure;
    function assertEq(string calldata left, string calldata right, string calldata why) external pure;
    function assertEq(bytes calldata left, bytes calldata right, string calldata why) external pure;
    function assertNotEq(uint256 left, uint256 right, string calldata why) external pure;
    function assertNotEq(address left, address right, string calldata why) external pure;
    function assertNotEq(bytes32 left, bytes32 right, string calldata why) external pure;
    function assertLt(uint256 left, uint256 right, string calldata why) external pure;
    function assertLt(int256 left, int256 right, string calldata why) external pure;
    function assertLe(uint256 left, uint256 right, string calldata why) external pure;
    function assertLe(int256 left, int256 right, string calldata why) external pure;
    function assertGt(uint256 left, uint256 right, string calldata why) external pure;
    function assertGt(int256 left, int256 right, string calldata why) external pure;
    function assertGe(uint256 left, uint256 right, string calldata why) external pure;
    function assertGe(int256 left, int256 right, string calldata why) external pure;
    function assertApproxEqAbs(uint256 left, uint256 right, uint256 maxDelta, string calldata why) external pure;
    function assertApproxEqRel(uint256 left, uint256 right, uint256 maxPercentDelta, string calldata why) external pure;
}

/// @notice Base of every Solidity test: cheat codes, assertions, named accounts, bounded fuzz input, invariant targets.
/// @dev Functions named `test*` run by themselves or with fuzzed arguments; `invariant_*` run after random calls to
/// the targets. A failing assertion reverts, so the first one ends the test.
abstract contract Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @notice Marks the contract as a test for both runners.
    bool public constant IS_TEST = true;

    /// @notice Where the runner answers: the last 20 bytes of keccak256("hevm cheat code").
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Order of the secp256k1 group; private keys are 1 .. SECP256K1_ORDER - 1.
    uint256 internal constant SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    address[] private _targetedContracts;
    address[] private _targetedSenders;
    address[] private _excludedContracts;
    address[] private _excludedSenders;
    FuzzSelector[] private _targetedSelectors;

    // ------------------------------------------------------------------ accounts and values

    /// @notice A labelled address that nobody else has; the same name gives the same address.
    function makeAddr(string memory name) internal returns (address account) {
        (account,) = makeAddrAndKey(name);
    }

    /// @notice As `makeAddr`, with the private key for `vm.sign`.
    function makeAddrAndKey(string memory name) internal returns (address account, uint256 privateKey) {
        privateKey = uint256(keccak256(bytes(name))) % (SECP256K1_ORDER - 1) + 1;
        account = vm.addr(privateKey);
        vm.label(account, name);
    }

    /// @notice Signature of `digest` as 65 bytes r ‖ s ‖ v.
    function signature(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice Gives `account` so many wei and makes it the caller of the next call.
    function hoax(address account, uint256 wei_) internal {
        vm.deal(account, wei_);
        vm.prank(account);
    }

    /// @notice Moves the block time forward; reads the time from the runner, so via-IR cannot cache it.
    function skip(uint256 seconds_) internal {
        vm.warp(vm.getBlockTimestamp() + seconds_);
    }

    /// @notice Moves the block number forward.
    function skipBlocks(uint256 blocks) internal {
        vm.roll(vm.getBlockNumber() + blocks);
    }

    /// @notice Folds a fuzzed value into [low, high]; values already inside stay, the edges of the type map to edges.
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        require(low <= high, "bound: low above high");
        if (value >= low && value <= high) return value;
        uint256 size = high - low + 1; // no overflow: the full range returned above
        // A few values at the edges of the type come often from fuzzers: keep them edges.
        if (value <= 3 && size > value) return low + value;
        if (value >= type(uint256).max - 3 && size > type(uint256).max - value) {
            return high - (type(uint256).max - value);
        }
        return low + value % size;
    }

    /// @notice Signed form of `bound`.
    function bound(int256 value, int256 low, int256 high) internal pure returns (int256) {
        require(low <= high, "bound: low above high");
        uint256 offset = uint256(1) << 255;
        unchecked {
            uint256 folded =
                bound(uint256(value) + offset, uint256(low) + offset, uint256(high) + offset);
            return int256(folded - offset);
        }
    }

    // ------------------------------------------------------------------ assertions

    function fail(string memory why) internal pure {
        vm.assertTrue(false, why);
    }

    function assertTrue(bool condition) internal pure {
        vm.assertTrue(condition, "expected true");
    }

    function assertTrue(bool condition, string memory why) internal pure {
        vm.assertTrue(condition, why);
    }

    function assertFalse(bool condition) internal pure {
        vm.assertTrue(!condition, "expected false");
    }

    function assertFalse(bool condition, string memory why) internal pure {
        vm.assertTrue(!condition, why);
    }

    function assertEq(bool left, bool right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(bool left, bool right, string memory why) internal pure {
        vm.assertEq(left, right, why);
    }

    function assertEq(uint256 left, uint256 right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(uint256 left, uint256 right, string memory why) internal pure {
        vm.assertEq(left, right, why);
    }

    function assertEq(int256 left, int256 right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(int256 left, int256 right, string memory why) internal pure {
        vm.assertEq(left, right, why);
    }

    function assertEq(address left, address right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(address left, address right, string memory why) internal pure {
        vm.assertEq(left, right, why);
    }

    function assertEq(bytes32 left, bytes32 right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(bytes32 left, bytes32 right, string memory why) internal pure {
        vm.assertEq(left, right, why);
    }

    function assertEq(string memory left, string memory right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(string memory left, string memory right, string memory why) internal pure {
        vm.assertEq(left, right, why);
    }

    function assertEq(bytes memory left, bytes memory right) internal pure {
        vm.assertEq(left, right, "");
    }

    function assertEq(bytes memory left, bytes memory right, string memory why) internal pure {
        vm.assertEq(left, right, why);
    }

    function assertNotEq(uint256 left, uint256 right) internal pure {
        vm.assertNotEq(left, right, "");
    }

    function assertNotEq(uint256 left, uint256 right, string memory why) internal pure {
        vm.assertNotEq(left, right, why);
    }

    function assertNotEq(address left, address right) internal pure {
        vm.assertNotEq(left, right, "");
    }

    function assertNotEq(address left, address right, string memory why) internal pure {
        vm.assertNotEq(left, right, why);
    }

    function assertNotEq(bytes32 left, bytes32 right) internal pure {
        vm.assertNotEq(left, right, "");
    }

    function assertNotEq(bytes32 left, bytes32 right, string memory why) internal pure {
        vm.assertNotEq(left, right, why);
    }

    function assertLt(uint256 left, uint256 right) internal pure {
        vm.assertLt(left, right, "");
    }

    function assertLt(uint256 left, uint256 right, string memory why) internal pure {
        vm.assertLt(left, right, why);
    }

    function assertLt(int256 left, int256 right) internal pure {
        vm.assertLt(left, right, "");
    }

    function assertLt(int256 left, int256 right, string memory why) internal pure {
        vm.assertLt(left, right, why);
    }

    function assertLe(uint256 left, uint256 right) internal pure {
        vm.assertLe(left, right, "");
    }

    function assertLe(uint256 left, uint256 right, string memory why) internal pure {
        vm.assertLe(left, right, why);
    }

    function assertLe(int256 left, int256 right) internal pure {
        vm.assertLe(left, right, "");
    }

    function assertLe(int256 left, int256 right, string memory why) internal pure {
        vm.assertLe(left, right, why);
    }

    function assertGt(uint256 left, uint256 right) internal pure {
        vm.assertGt(left, right, "");
    }

    function assertGt(uint256 left, uint256 right, string memory why) internal pure {
        vm.assertGt(left, right, why);
    }

    function assertGt(int256 left, int256 right) internal pure {
        vm.assertGt(left, right, "");
    }

    function assertGt(int256 left, int256 right, string memory why) internal pure {
        vm.assertGt(left, right, why);
    }

    function assertGe(uint256 left, uint256 right) internal pure {
        vm.assertGe(left, right, "");
    }

    function assertGe(uint256 left, uint256 right, string memory why) internal pure {
        vm.assertGe(left, right, why);
    }

    function assertGe(int256 left, int256 right) internal pure {
        vm.assertGe(left, right, "");
    }

    function assertGe(int256 left, int256 right, string memory why) internal pure {
        vm.assertGe(left, right, why);
    }

    /// @notice Equal within `maxDelta` units.
    function assertApproxEqAbs(uint256 left, uint256 right, uint256 maxDelta) internal pure {
        vm.assertApproxEqAbs(left, right, maxDelta, "");
    }

    function assertApproxEqAbs(uint256 left, uint256 right, uint256 maxDelta, string memory why) internal pure {
        vm.assertApproxEqAbs(left, right, maxDelta, why);
    }

    /// @notice Equal within a part of `right`; `maxPercentDelta` 1e18 is 100 %.
    function assertApproxEqRel(uint256 left, uint256 right, uint256 maxPercentDelta) internal pure {
        vm.assertApproxEqRel(left, right, maxPercentDelta, "");
    }

    function assertApproxEqRel(uint256 left, uint256 right, uint256 maxPercentDelta, string memory why) internal pure {
        vm.assertApproxEqRel(left, right, maxPercentDelta, why);
    }

    // ------------------------------------------------------------------ invariant targets

    /// @notice Invariant runs call this contract (and only contracts named so).
    function targetContract(address target) internal {
        _targetedContracts.push(target);
    }

    /// @notice Invariant runs call only these functions of the contract.
    function targetSelector(FuzzSelector memory target) internal {
        _targetedSelectors.push(target);
    }

    /// @notice Invariant runs call as one of the senders named so.
    function targetSender(address sender) internal {
        _targetedSenders.push(sender);
    }

    /// @notice Invariant runs never call this contract.
    function excludeContract(address target) internal {
        _excludedContracts.push(target);
    }

    /// @notice Invariant runs never call as this sender.
    function excludeSender(address sender) internal {
        _excludedSenders.push(sender);
    }

    /// @dev Read by the runner.
    function targetContracts() external view returns (address[] memory) {
        return _targetedContracts;
    }

    /// @dev Read by the runner.
    function targetSelectors() external view returns (FuzzSelector[] memory) {
        return _targetedSelectors;
    }

    /// @dev Read by the runner.
    function targetSenders() external view returns (address[] memory) {
        return _targetedSenders;
    }

    /// @dev Read by the runner.
    function excludeContracts() external view returns (address[] memory) {
        return _excludedContracts;
    }

    /// @dev Read by the runner.
    function excludeSenders() external view returns (address[] memory) {
        return _excludedSenders;
    }
}
