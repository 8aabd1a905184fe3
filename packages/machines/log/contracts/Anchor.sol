// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Merkle} from "@base/bytes/contracts/Merkle.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Anchors of append-only logs
/// @notice Keeps, for each signer and log, one 32-byte accumulator over all anchored heads (size and RFC 6962 root).
/// @dev Safety: nobody but the signer extends its chain of anchors; sizes only grow; an anchor names the head that it
/// follows, so a reorganisation that drops one makes its successors revert instead of leaving a gap, and a replayed
/// anchor reverts. The contract does not know whether a root is right: that is what the log's checkpoints and proofs
/// are for. Liveness: the signer can always extend its own chain; it needs the last head, which is in the event.
/// Nobody owns the contract and nothing in it can be changed. It holds no funds.
contract Anchor is EIP712 {
    /// @notice An anchored head: `before` is the accumulator it followed, 0 for the first of a log.
    struct Head {
        bytes32 before;
        uint64 size;
        bytes32 root;
    }

    /// @notice Typehash of an anchor that somebody else submits (EIP-712).
    bytes32 public constant ANCHOR_TYPEHASH =
        keccak256("Anchor(bytes32 log,bytes32 before,uint64 size,bytes32 root)");

    /// @notice Accumulator of a signer's log, 0 before the first anchor: keccak256(before ‖ uint256 size ‖ root).
    mapping(address signer => mapping(bytes32 log => bytes32 accumulator)) public accumulators;

    /// @notice A head was stored; `accumulator` commits to it and to all before it.
    event Anchored(
        address indexed signer, bytes32 indexed log, bytes32 before, uint64 size, bytes32 root, bytes32 accumulator
    );

    /// @notice A head was put on record without storage; the chain of `before` is for readers to check.
    event Noted(
        address indexed signer, bytes32 indexed log, bytes32 before, uint64 size, bytes32 root, bytes32 accumulator
    );

    /// @notice The anchor does not follow the log's newest one: replayed, or its predecessor is gone or new.
    error NotTheNewest(bytes32 accumulator, bytes32 claimed);

    /// @notice A log only grows.
    error NotGrown(uint64 size, uint64 claimed);

    /// @notice The signature is not the signer's.
    error WrongSigner(address signer, address recovered);

    constructor() EIP712("Assay Anchor", "1") {}

    /// @notice Stores the head of the caller's log.
    /// @param log Name of the log: SHA-256 of its origin.
    /// @param last The newest anchored head; all zero for the first.
    /// @return accumulator What commits to all anchors of the log from now on.
    function anchor(bytes32 log, Head calldata last, uint64 size, bytes32 root)
        external
        returns (bytes32 accumulator)
    {
        return _anchor(msg.sender, log, last, size, root);
    }

    /// @notice Stores a head that `signer` signed (EIP-712 `Anchor`); anybody may submit it and pays the gas.
    function anchorFor(address signer, bytes32 log, Head calldata last, uint64 size, bytes32 root, bytes calldata signature)
        external
        returns (bytes32 accumulator)
    {
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(ANCHOR_TYPEHASH, log, accumulators[signer][log], uint256(size), root))
        );
        address recovered = ECDSA.recover(digest, signature);
        if (recovered != signer) revert WrongSigner(signer, recovered);
        return _anchor(signer, log, last, size, root);
    }

    /// @notice Puts a head on record as an event alone: the cheapest proof of "before this block", not readable by
    /// contracts, and unchecked: readers follow `before` themselves.
    /// @param before Accumulator of the event that this one follows, 0 for the first.
    function note(bytes32 log, bytes32 before, uint64 size, bytes32 root) external {
        emit Noted(msg.sender, log, before, size, root, fold(before, size, root));
    }

    /// @notice True when `head` is an anchored head of the log; `later` are all heads anchored after it, in order.
    /// @dev `later[i].before` is not read: the chain of accumulators decides.
    function isAnchored(address signer, bytes32 log, Head calldata head, Head[] calldata later)
        public
        view
        returns (bool)
    {
        bytes32 accumulator = fold(head.before, head.size, head.root);
        for (uint256 i; i < later.length; ++i) accumulator = fold(accumulator, later[i].size, later[i].root);
        return accumulator == accumulators[signer][log];
    }

    /// @notice True when a record stands in the log under an anchored head (RFC 9162, 2.1.3.2).
    /// @param leaf Leaf hash of the record: SHA-256(0x00 ‖ record).
    function verifyRecord(
        address signer,
        bytes32 log,
        Head calldata head,
        Head[] calldata later,
        uint256 index,
        bytes32 leaf,
        bytes32[] calldata proof
    ) external view returns (bool) {
        return isAnchored(signer, log, head, later) && Merkle.verifyInclusion(head.root, head.size, index, leaf, proof);
    }

    /// @notice keccak256(before ‖ uint256 size ‖ root).
    function fold(bytes32 before, uint64 size, bytes32 root) public pure returns (bytes32 accumulator) {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, before)
            mstore(add(at, 0x20), and(size, 0xffffffffffffffff))
            mstore(add(at, 0x40), root)
            accumulator := keccak256(at, 0x60)
        }
    }

    function _anchor(address signer, bytes32 log, Head calldata last, uint64 size, bytes32 root)
        private
        returns (bytes32 accumulator)
    {
        bytes32 newest = accumulators[signer][log];
        bytes32 claimed = last.size == 0 ? bytes32(0) : fold(last.before, last.size, last.root);
        if (claimed != newest) revert NotTheNewest(newest, claimed);
        if (size <= last.size) revert NotGrown(last.size, size);
        accumulator = fold(newest, size, root);
        accumulators[signer][log] = accumulator;
        emit Anchored(signer, log, newest, size, root, accumulator);
    }
}
