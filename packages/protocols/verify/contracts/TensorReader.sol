// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";

/// @title Reads elements of one operand from opened leaves
/// @notice Leaves are taken from the party's list in the order in which elements are read, one for each change of leaf, and
/// checked against the operand's root before anything in them is used. Twin: `src/openings.ts`.
library TensorReader {
    /// @notice A place in an operand's list of leaves. `list` and `data` are positions in calldata.
    struct Reader {
        bytes32 root;
        uint256 width;
        uint256 size;
        uint256 list;
        uint256 length;
        uint256 used;
        uint256 leaf; // the leaf at hand plus 1, 0 before the first
        uint256 data;
    }

    /// @notice Begins to read operand `i` of a case, whose elements have `width` bytes.
    function open(IReferee.Case calldata x, uint256 i, uint256 width, MerkleTensor.Opening[][] calldata lists)
        internal
        pure
        returns (Reader memory r)
    {
        IReferee.Operand calldata operand = x.operands[i];
        MerkleTensor.Opening[] calldata list = lists[i];
        (r.root, r.width, r.size) = (operand.root, width, MerkleTensor.sizeOf(operand.shape));
        uint256 offset;
        assembly ("memory-safe") {
            offset := list.offset
        }
        (r.list, r.length) = (offset, list.length);
    }

    /// @notice Ends the reading: reverts when the list holds more leaves than were read.
    function close(Reader memory r) internal pure {
        if (r.used != r.length) revert MerkleTensor.WrongOpenings(r.length, r.used);
    }

    /// @notice The bits of one 4-byte element.
    function bitsAt(Reader memory r, uint256 index) internal view returns (uint256 bits) {
        unchecked {
            if (index >= r.size) revert MerkleTensor.OutOfTensor(index, 1, r.size);
            uint256 leaf = index / MerkleTensor.LEAF_ELEMENTS;
            if (leaf + 1 != r.leaf) _next(r, leaf);
            uint256 place = r.data + 4 * (index % MerkleTensor.LEAF_ELEMENTS);
            assembly ("memory-safe") {
                bits := shr(224, calldataload(place))
            }
            bits = MerkleTensor.swap(bits);
        }
    }

    /// @notice One element of 1, 4 or 8 bytes as a signed integer.
    function intAt(Reader memory r, uint256 index) internal view returns (int256) {
        bytes memory data = range(r, index, 1);
        return integer(data, 0, r.width);
    }

    /// @notice Reads one element and ends.
    function only(Reader memory r, uint256 index) internal view returns (uint256 bits) {
        bits = bitsAt(r, index);
        close(r);
    }

    /// @notice The bytes of elements [from, from + count), as they are committed.
    /// @dev The answer is followed by at least 32 spare bytes, so that whole words may be loaded up to its end.
    function range(Reader memory r, uint256 from, uint256 count) internal view returns (bytes memory data) {
        unchecked {
            if (from > r.size || count > r.size - from) revert MerkleTensor.OutOfTensor(from, count, r.size);
            uint256 width = r.width;
            data = new bytes(count * width + 32);
            assembly ("memory-safe") {
                mstore(data, mul(count, width))
            }
            for (uint256 end = from + count; from < end;) {
                uint256 leaf = from / MerkleTensor.LEAF_ELEMENTS;
                if (leaf + 1 != r.leaf) _next(r, leaf);
                uint256 stop = (leaf + 1) * MerkleTensor.LEAF_ELEMENTS;
                if (stop > end) stop = end;
                uint256 source = r.data + (from % MerkleTensor.LEAF_ELEMENTS) * width;
                uint256 to = (count - (end - from)) * width;
                uint256 length = (stop - from) * width;
                assembly ("memory-safe") {
                    calldatacopy(add(add(data, 0x20), to), source, length)
                }
                from = stop;
            }
        }
    }

    /// @notice The same for 4-byte elements, each turned to big-endian, so that `word` reads them.
    function words(Reader memory r, uint256 from, uint256 count) internal view returns (bytes memory data) {
        data = range(r, from, count);
        unchecked {
            for (uint256 offset = 32; offset < data.length + 32; offset += 32) {
                uint256 eight;
                assembly ("memory-safe") {
                    eight := mload(add(data, offset))
                }
                eight = MerkleTensor.swap(eight);
                assembly ("memory-safe") {
                    mstore(add(data, offset), eight)
                }
            }
        }
    }

    /// @notice Element j of what `words` gave.
    function word(bytes memory data, uint256 j) internal pure returns (uint256 bits) {
        assembly ("memory-safe") {
            bits := shr(224, mload(add(add(data, 0x20), shl(2, j))))
        }
    }

    /// @notice Element j, of 1, 4 or 8 bytes, of what `range` gave, as a signed integer.
    function integer(bytes memory data, uint256 j, uint256 width) internal pure returns (int256 value) {
        uint256 raw;
        assembly ("memory-safe") {
            raw := mload(add(add(data, 0x20), mul(j, width)))
        }
        if (width == 1) return int8(uint8(raw >> 248));
        raw = MerkleTensor.swap(raw);
        if (width == 4) return int32(uint32(raw >> 224));
        return int64(uint64((raw >> 224) | ((raw >> 160) & 0xffffffff00000000)));
    }

    function _next(Reader memory r, uint256 leaf) private view {
        unchecked {
            if (r.used >= r.length) revert MerkleTensor.WrongOpenings(r.length, r.used + 1);
            MerkleTensor.Opening[] calldata list;
            (uint256 offset, uint256 length) = (r.list, r.length);
            assembly ("memory-safe") {
                list.offset := offset
                list.length := length
            }
            MerkleTensor.Opening calldata opening = list[r.used++];
            MerkleTensor.check(r.root, r.width, r.size, leaf, opening);
            bytes calldata bytesOfLeaf = opening.leaf;
            assembly ("memory-safe") {
                offset := bytesOfLeaf.offset
            }
            (r.leaf, r.data) = (leaf + 1, offset);
        }
    }
}
