// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {MerkleTensor} from "./MerkleTensor.sol";

/// @title Referee of matrix products
/// @notice Recomputes one element of C = A B from a row of A and a column of B, opened from their roots. The right
/// operand is opened in its transposed layout [n, k], so that a column lies in few leaves.
/// @dev Specs: engine `ops/matmul/spec.md` (binary32), `i8s/matmul` and `i8s/requantise` (int8).
library DotReferee {
    /// @notice Longest int8 reduction: its int32 sum cannot overflow.
    uint256 internal constant MAX_INT8_DEPTH = 131_071;

    /// @notice One element [i, j] of [m, k] x [k, n]; `right` is the root of the transposed right operand.
    struct Product {
        bytes32 left;
        bytes32 right;
        uint256 m;
        uint256 k;
        uint256 n;
        uint256 i;
        uint256 j;
        MerkleTensor.Opening[] row;
        MerkleTensor.Opening[] column;
    }

    /// @notice i, j or the range of k lies outside the product.
    error OutOfProduct();
    /// @notice A requantiser's multiplier is 2^31 or more, its shift not 1 to 62, or its zero no int8.
    error BadRequantiser();

    /// @notice The element in binary32: k ascending from +0, each product and each sum rounded. Openings cover the whole row and column.
    function f32(Product calldata x) internal view returns (uint256) {
        return f32Range(x, 0, x.k, 0);
    }

    /// @notice `sum` after the terms first <= k < last, for a reduction that is settled in pieces; openings cover these terms only.
    function f32Range(Product calldata x, uint256 first, uint256 last, uint256 sum) internal view returns (uint256) {
        (bytes memory a, bytes memory b) = _operands(x, 4, first, last);
        return dot(sum, a, b);
    }

    /// @notice The element in int8: the exact sum, in int32. Reverts with OutOfProduct when k is above 131,071.
    function int8Sum(Product calldata x) internal view returns (int256) {
        if (x.k > MAX_INT8_DEPTH) revert OutOfProduct();
        (bytes memory a, bytes memory b) = _operands(x, 1, 0, x.k);
        return dotInt8(a, b);
    }

    /// @notice clamp(((sum * multiplier + 2^(shift - 1)) >> shift) + zero) to int8; the shift is arithmetic.
    function requantise(int256 sum, uint256 multiplier, uint256 shift, int256 zero) internal pure returns (int256 y) {
        if (multiplier >= 2 ** 31 || shift < 1 || shift > 62 || zero < -128 || zero > 127) revert BadRequantiser();
        y = ((sum * int256(multiplier) + int256(1 << (shift - 1))) >> shift) + zero;
        if (y < -128) y = -128;
        if (y > 127) y = 127;
    }

    /// @notice sum + a[0] b[0] + a[1] b[1] + ... of little-endian binary32, strictly in this order.
    /// @dev Both have the same length and 32 spare bytes, as `MerkleTensor.read` gives them.
    function dot(uint256 sum, bytes memory a, bytes memory b) internal pure returns (uint256) {
        unchecked {
            uint256 length = a.length;
            for (uint256 offset = 0; offset < length; offset += 32) {
                uint256 x;
                uint256 y;
                assembly ("memory-safe") {
                    x := mload(add(add(a, 0x20), offset))
                    y := mload(add(add(b, 0x20), offset))
                }
                x = MerkleTensor.swap(x);
                y = MerkleTensor.swap(y);
                uint256 end = length - offset < 32 ? 256 - 8 * (length - offset) : 0;
                for (uint256 shift = 256; shift > end;) {
                    shift -= 32;
                    sum = F32.add(sum, F32.mul((x >> shift) & 0xffffffff, (y >> shift) & 0xffffffff));
                }
            }
            return F32.canonical(sum);
        }
    }

    /// @notice Sum of products of two's complement bytes.
    /// @dev Both have the same length and 32 spare bytes; bytes beyond the length are zero in both.
    function dotInt8(bytes memory a, bytes memory b) internal pure returns (int256 sum) {
        assembly ("memory-safe") {
            function four(s, x, y, i) -> t {
                t := add(s, mul(signextend(0, byte(i, x)), signextend(0, byte(i, y))))
                i := add(i, 1)
                t := add(t, mul(signextend(0, byte(i, x)), signextend(0, byte(i, y))))
                i := add(i, 1)
                t := add(t, mul(signextend(0, byte(i, x)), signextend(0, byte(i, y))))
                i := add(i, 1)
                t := add(t, mul(signextend(0, byte(i, x)), signextend(0, byte(i, y))))
            }
            let p := add(a, 0x20)
            let q := add(b, 0x20)
            for { let end := add(p, mload(a)) } lt(p, end) {} {
                let x := mload(p)
                let y := mload(q)
                for { let i := 0 } lt(i, 32) { i := add(i, 4) } { sum := four(sum, x, y, i) }
                p := add(p, 0x20)
                q := add(q, 0x20)
            }
        }
    }

    function _operands(Product calldata x, uint256 width, uint256 first, uint256 last)
        private
        view
        returns (bytes memory a, bytes memory b)
    {
        uint256 most = MerkleTensor.MAX_ELEMENTS;
        if (x.m > most || x.k > most || x.n > most) revert MerkleTensor.TooLarge();
        if (x.i >= x.m || x.j >= x.n || first > last || last > x.k) revert OutOfProduct();
        a = MerkleTensor.read(x.left, width, x.m * x.k, x.i * x.k + first, last - first, x.row);
        b = MerkleTensor.read(x.right, width, x.n * x.k, x.j * x.k + first, last - first, x.column);
    }
}
