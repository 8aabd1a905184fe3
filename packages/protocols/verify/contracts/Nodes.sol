// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Walking down an RFC 6962 tree by sixteen
/// @notice A node above `count` leaves has as children the complete subtrees of `width` leaves below it, the last one perhaps
/// smaller. Because `width` is a power of two, the node is the RFC 6962 root over its children. Twin: `src/nodes.ts`.
library Nodes {
    /// @notice Up to this many leaves are given in one move, which is cheaper than two.
    uint256 internal constant FLAT = 64;
    uint256 internal constant FAN = 16;

    /// @notice Leaves below each child but the last.
    function width(uint256 count) internal pure returns (uint256 w) {
        w = 1;
        if (count <= FLAT) return w;
        while ((count + w - 1) / w > FAN) w <<= 1;
    }

    /// @notice Number of children.
    function children(uint256 count) internal pure returns (uint256) {
        uint256 w = width(count);
        return (count + w - 1) / w;
    }

    /// @notice RFC 6962 root over nodes, in order; at least one.
    function fold(bytes32[] calldata nodes) internal view returns (bytes32 root) {
        assembly ("memory-safe") {
            // Level by level in place: pairs are hashed, an odd last one rises.
            let base := add(mload(0x40), 0x60)
            let count := nodes.length
            calldatacopy(base, nodes.offset, shl(5, count))
            let buffer := mload(0x40)
            mstore8(buffer, 1)
            for {} gt(count, 1) {} {
                let to := base
                let end := add(base, shl(5, and(count, not(1))))
                for { let at := base } lt(at, end) { at := add(at, 0x40) } {
                    mcopy(add(buffer, 1), at, 0x40)
                    if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), 2, buffer, 0x41, to, 0x20))) { revert(0, 0) }
                    to := add(to, 0x20)
                }
                if and(count, 1) { mstore(to, mload(end)) }
                count := shr(1, add(count, 1))
            }
            root := mload(base)
        }
    }
}
