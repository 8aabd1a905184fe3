// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title SHA-256 Merkle trees (RFC 6962)
/// @notice Leaf hashes, node hashes and inclusion proofs: the twin of `src/merkle.ts`, on the same vectors.
/// @dev Uses the SHA-256 precompile (0x02). Leaves and nodes have different prefixes, so a node never passes for a
/// leaf; callers hash the leaf data themselves with `leafHash` and never take a leaf hash from a stranger as data.
library Merkle {
    /// @notice Root of the tree without leaves.
    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @notice SHA-256(0x00 ‖ data) (RFC 6962, 2.1).
    function leafHash(bytes memory data) internal pure returns (bytes32) {
        return sha256(bytes.concat(bytes1(0x00), data));
    }

    /// @notice SHA-256(0x01 ‖ left ‖ right) (RFC 6962, 2.1).
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(bytes.concat(bytes1(0x01), left, right));
    }

    /// @notice True when `leaf` stands at `index` of the tree of `size` leaves with this `root` (RFC 9162, 2.1.3.2).
    /// @param index Position of the leaf, from 0.
    /// @param leaf Leaf hash, as `leafHash` gives it.
    /// @param proof Siblings from the leaf's level upwards.
    function verifyInclusion(bytes32 root, uint256 size, uint256 index, bytes32 leaf, bytes32[] calldata proof)
        internal
        view
        returns (bool valid)
    {
        if (index >= size) return false;
        assembly ("memory-safe") {
            // Scratch space above the free pointer: 0x01 at `base + 31`, then the two hashes. Never allocated.
            let base := mload(0x40)
            let left := add(base, 0x20)
            let right := add(base, 0x40)
            mstore(base, 1)
            let node := leaf
            let last := sub(size, 1)
            valid := 1
            let end := add(proof.offset, shl(5, proof.length))
            for { let at := proof.offset } lt(at, end) { at := add(at, 0x20) } {
                if iszero(last) {
                    valid := 0
                    break
                }
                switch or(and(index, 1), eq(index, last))
                case 1 {
                    mstore(left, calldataload(at))
                    mstore(right, node)
                    // The last node of a level without a partner rises until it is a right child.
                    for {} iszero(or(and(index, 1), iszero(index))) {} {
                        index := shr(1, index)
                        last := shr(1, last)
                    }
                }
                default {
                    mstore(left, node)
                    mstore(right, calldataload(at))
                }
                if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), 2, add(base, 0x1f), 0x41, 0, 0x20))) { revert(0, 0) }
                node := mload(0)
                index := shr(1, index)
                last := shr(1, last)
            }
            valid := and(valid, and(iszero(last), eq(node, root)))
        }
    }
}
