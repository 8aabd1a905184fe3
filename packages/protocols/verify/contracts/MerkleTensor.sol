// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Merkle} from "@base/bytes/contracts/Merkle.sol";

/// @title Openings of committed tensors
/// @notice A tensor is committed as the RFC 6962 root over its row-major, little-endian elements, 1,024 elements a leaf
/// (4,096 bytes of binary32, 1,024 bytes of int8), the last leaf shorter. Shape and name are bound by a list of tensors,
/// whose leaves are canonical JSON (RFC 8785). Twin: `src/openTensor.ts`; commitments: the engine's `commit/roots.ts`.
/// @dev Nothing is read that was not hashed: the number of leaves and the length of each follow from the shape, which
/// the caller takes from a commitment and never from the party that opens.
library MerkleTensor {
    /// @notice Elements of one leaf.
    uint256 internal constant LEAF_ELEMENTS = 1024;
    /// @notice Largest extent and largest number of elements, so that no product of shapes overflows.
    uint256 internal constant MAX_ELEMENTS = 2 ** 48;

    /// @notice One leaf's bytes and the hashes from its level to the root.
    struct Opening {
        bytes leaf;
        bytes32[] path;
    }

    /// @notice What a list of tensors says of one of them, with the paths of leaf 0 (kind and count) and leaf `index + 1`.
    struct Named {
        string kind;
        uint256 count;
        uint256 index;
        string name;
        uint256[] shape;
        bytes32 tensorRoot;
        bytes32[] headerPath;
        bytes32[] path;
    }

    /// @notice The shape has more than 2^48 elements or an extent above 2^48.
    error TooLarge();
    /// @notice The wanted elements do not lie in the tensor.
    error OutOfTensor(uint256 from, uint256 count, uint256 size);
    /// @notice Not one opening for each leaf that holds a wanted element.
    error WrongOpenings(uint256 given, uint256 wanted);
    /// @notice A leaf has another length than the shape says.
    error WrongLeafLength(uint256 leaf, uint256 given, uint256 wanted);
    /// @notice A leaf is not in the tree.
    error NotInTree(uint256 leaf);
    /// @notice A name has characters other than printable ASCII without quotation mark and backslash.
    error UnplainName();

    /// @notice The bits of binary32 element `index` of the `size` under `root`, from the one leaf that holds it.
    function elementOf(bytes32 root, uint256 size, uint256 index, Opening calldata opening)
        internal
        view
        returns (uint256)
    {
        if (size > MAX_ELEMENTS) revert TooLarge();
        if (index >= size) revert OutOfTensor(index, 1, size);
        check(root, 4, size, index / LEAF_ELEMENTS, opening);
        uint256 offset = 4 * (index % LEAF_ELEMENTS);
        return swap(uint32(bytes4(opening.leaf[offset:offset + 4])));
    }

    /// @notice Number of elements of a shape; a scalar has the empty shape and one element.
    function sizeOf(uint256[] calldata shape) internal pure returns (uint256 size) {
        unchecked {
            size = 1;
            bool empty = false;
            for (uint256 i = 0; i < shape.length; i++) {
                if (shape[i] > MAX_ELEMENTS) revert TooLarge();
                if (shape[i] == 0) empty = true;
                else if ((size *= shape[i]) > MAX_ELEMENTS) revert TooLarge();
            }
            if (empty) size = 0;
        }
    }

    /// @notice True when tensor `index` of the `count` tensors of this `kind` under `root` has this name, shape and root.
    function names(bytes32 root, Named calldata x) internal view returns (bool) {
        uint256 count = x.count;
        if (count >= MAX_ELEMENTS || x.index >= count) return false;
        bytes32 leaf = Merkle.leafHash(header(x.kind, count));
        if (!Merkle.verifyInclusion(root, count + 1, 0, leaf, x.headerPath)) return false;
        leaf = Merkle.leafHash(entry(x.name, x.shape, x.tensorRoot));
        return Merkle.verifyInclusion(root, count + 1, x.index + 1, leaf, x.path);
    }

    /// @notice First leaf of a list of tensors.
    function header(string memory kind, uint256 count) internal pure returns (bytes memory) {
        _plain(kind);
        return bytes.concat('{"count":', _decimal(count), ',"type":"', bytes(kind), '"}');
    }

    /// @notice Leaf of one tensor in a list of tensors.
    function entry(string memory name, uint256[] memory shape, bytes32 root) internal pure returns (bytes memory) {
        _plain(name);
        bytes memory extents;
        for (uint256 i = 0; i < shape.length; i++) {
            extents = bytes.concat(extents, i == 0 ? bytes("") : bytes(","), _decimal(shape[i]));
        }
        return bytes.concat('{"name":"', bytes(name), '","root":"', _hex(root), '","shape":[', extents, "]}");
    }

    /// @notice The eight 4-byte lanes of a word, each with its bytes turned round.
    function swap(uint256 word) internal pure returns (uint256 z) {
        assembly ("memory-safe") {
            let mask := 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff
            z := or(and(shr(8, word), mask), shl(8, and(word, mask)))
            mask := 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff
            z := or(and(shr(16, z), mask), shl(16, and(z, mask)))
        }
    }

    /// @notice Reverts unless the opening is leaf `index` of the tensor of `size` elements, each `width` bytes, under `root`.
    /// @dev `index` lies in the tensor and `size` is at most MAX_ELEMENTS: the caller has seen to it.
    function check(bytes32 root, uint256 width, uint256 size, uint256 index, Opening calldata opening) internal view {
        unchecked {
            uint256 rest = size - index * LEAF_ELEMENTS;
            uint256 length = (rest < LEAF_ELEMENTS ? rest : LEAF_ELEMENTS) * width;
            bytes calldata leaf = opening.leaf;
            if (leaf.length != length) revert WrongLeafLength(index, leaf.length, length);
            bytes32 hash;
            assembly ("memory-safe") {
                let at := mload(0x40)
                mstore8(at, 0)
                calldatacopy(add(at, 1), leaf.offset, length)
                let done := staticcall(gas(), 2, at, add(length, 1), 0, 0x20)
                if iszero(and(done, eq(returndatasize(), 0x20))) { revert(0, 0) }
                hash := mload(0)
            }
            uint256 leaves = (size + LEAF_ELEMENTS - 1) / LEAF_ELEMENTS;
            if (!Merkle.verifyInclusion(root, leaves, index, hash, opening.path)) revert NotInTree(index);
        }
    }

    function _plain(string memory text) private pure {
        bytes memory characters = bytes(text);
        for (uint256 i = 0; i < characters.length; i++) {
            uint8 c = uint8(characters[i]);
            if (c < 0x20 || c > 0x7e || c == 0x22 || c == 0x5c) revert UnplainName();
        }
    }

    function _decimal(uint256 value) private pure returns (bytes memory text) {
        if (value >= MAX_ELEMENTS) revert TooLarge();
        do {
            text = bytes.concat(bytes1(uint8(48 + value % 10)), text);
            value /= 10;
        } while (value != 0);
    }

    function _hex(bytes32 value) private pure returns (bytes memory text) {
        text = new bytes(66);
        text[0] = "0";
        text[1] = "x";
        for (uint256 i = 0; i < 64; i++) text[i + 2] = bytes16("0123456789abcdef")[uint8(value[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15];
    }
}
