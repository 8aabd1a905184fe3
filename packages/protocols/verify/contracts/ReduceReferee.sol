// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {F32Math} from "./F32Math.sol";
import {MerkleTensor} from "./MerkleTensor.sol";

/// @title Referee of reductions over a row or a column
/// @notice Recomputes one sum, softmax or log-sum-exp from the opened row. Row sums run in 16 strided lanes and then a
/// fixed tree; column sums run in ascending order. Specs: engine `ops/{rowsum,colsum,softmax,logsumexp}`.
library ReduceReferee {
    /// @notice Row `index` of a tensor seen as [rows, length]; for a column, of the transposed tensor.
    struct Row {
        bytes32 root;
        uint256 rows;
        uint256 length;
        uint256 index;
        MerkleTensor.Opening[] openings;
    }

    /// @notice The row or the element lies outside the tensor.
    error OutOfRow();

    /// @notice Sum of the row: element j goes to lane j mod 16, lanes start at +0 and are folded 8, 4, 2, 1.
    function rowSum(Row calldata row) internal view returns (uint256) {
        bytes memory data = _open(row);
        return laneSum(data);
    }

    /// @notice Sum of a column, given as a row of the transposed tensor: ascending from +0.
    function columnSum(Row calldata column) internal view returns (uint256 sum) {
        bytes memory data = _open(column);
        uint256 count = data.length / 4;
        for (uint256 j = 0; j < count; j++) sum = F32.add(sum, _at(data, j));
        return F32.canonical(sum);
    }

    /// @notice Element j of the row's softmax.
    function softmax(Row calldata row, uint256 j) internal view returns (uint256) {
        if (j >= row.length) revert OutOfRow();
        bytes memory data = _open(row);
        _shiftedExp(data);
        return F32.div(_at(data, j), laneSum(data));
    }

    /// @notice Logarithm of the sum of the row's exponentials.
    function logSumExp(Row calldata row) internal view returns (uint256) {
        bytes memory data = _open(row);
        uint256 most = _shiftedExp(data);
        return F32.add(most, F32Math.log(laneSum(data)));
    }

    /// @notice The lane sum of big-endian binary32 numbers, as `_open` leaves them.
    function laneSum(bytes memory data) internal pure returns (uint256) {
        unchecked {
            uint256[16] memory lanes;
            uint256 count = data.length / 4;
            for (uint256 j = 0; j < count; j++) lanes[j & 15] = F32.add(lanes[j & 15], _at(data, j));
            for (uint256 width = 8; width >= 1; width /= 2) {
                for (uint256 i = 0; i < width; i++) lanes[i] = F32.add(lanes[i], lanes[i + width]);
            }
            return F32.canonical(lanes[0]);
        }
    }

    /// @dev Replaces each x by exp(x - most) and gives the largest element that is not NaN, -inf when there is none.
    function _shiftedExp(bytes memory data) private pure returns (uint256 most) {
        unchecked {
            most = 0xff800000;
            uint256 count = data.length / 4;
            for (uint256 j = 0; j < count; j++) {
                uint256 x = _at(data, j);
                if (F32.lt(most, x)) most = x;
            }
            for (uint256 j = 0; j < count; j++) {
                uint256 e = F32Math.exp(F32.sub(_at(data, j), most));
                assembly ("memory-safe") {
                    let at := add(add(data, 0x20), shl(2, j))
                    mstore(at, or(shl(224, e), and(mload(at), shr(32, not(0)))))
                }
            }
        }
    }

    /// @dev The row's elements, turned to big-endian; 32 spare bytes follow.
    function _open(Row calldata row) private view returns (bytes memory data) {
        uint256 most = MerkleTensor.MAX_ELEMENTS;
        if (row.rows > most || row.length > most) revert MerkleTensor.TooLarge();
        if (row.index >= row.rows) revert OutOfRow();
        data = MerkleTensor.read(row.root, 4, row.rows * row.length, row.index * row.length, row.length, row.openings);
        unchecked {
            for (uint256 offset = 32; offset < data.length + 32; offset += 32) {
                uint256 word;
                assembly ("memory-safe") {
                    word := mload(add(data, offset))
                }
                word = MerkleTensor.swap(word);
                assembly ("memory-safe") {
                    mstore(add(data, offset), word)
                }
            }
        }
    }

    function _at(bytes memory data, uint256 j) private pure returns (uint256 bits) {
        assembly ("memory-safe") {
            bits := shr(224, mload(add(add(data, 0x20), shl(2, j))))
        }
    }
}
