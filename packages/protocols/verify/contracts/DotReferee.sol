// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Ops} from "./Ops.sol";
import {Referee} from "./Referee.sol";
import {TensorReader} from "./TensorReader.sol";

/// @title Verdicts on matrix products
/// @notice One element of A B from a row of A and a column of B. The right operand is committed in its transposed layout, so
/// that a column lies in few leaves: [..., m, k] by [..., n, k], or by one matrix [n, k], to [..., m, n].
/// @dev Specs: engine `ops/matmul/spec.md` (binary32), `i8s/matmul` and `i8s/requantise` (int8).
library DotVerdict {
    using TensorReader for TensorReader.Reader;

    /// @notice Longest int8 reduction: its int32 sum cannot overflow.
    uint256 internal constant MAX_INT8_DEPTH = 131_071;

    /// @notice A requantiser's multiplier is not in [0, 2^31), its shift not 1 to 62, or its zero no int8.
    error BadRequantiser();

    /// @notice The element; binary32 bits, int32 sum or int8 in two's complement.
    function element(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view returns (uint256) {
        if (x.op == Ops.REQUANTISE) return _requantised(x, lists);
        return finish(x.op, range(x, 0, depth(x), 0, lists));
    }

    /// @notice The product's length.
    function depth(IReferee.Case calldata x) internal pure returns (uint256) {
        if (x.op == Ops.REQUANTISE) return 0;
        (, uint256 k,) = _extents(x);
        if (x.op == Ops.MATMUL_INT8_T && k > MAX_INT8_DEPTH) revert IReferee.Unfit(x.op);
        return k;
    }

    /// @notice `sum` after the terms first <= k < last.
    function range(
        IReferee.Case calldata x,
        uint256 first,
        uint256 last,
        uint256 sum,
        MerkleTensor.Opening[][] calldata lists
    ) internal view returns (uint256) {
        (uint256 left, uint256 right) = _places(x);
        bytes memory a = _read(x, 0, left + first, last - first, lists);
        bytes memory b = _read(x, 1, right + first, last - first, lists);
        return x.op == Ops.MATMUL_INT8_T ? uint256(int256(sum) + dotInt8(a, b)) : dot(sum, a, b);
    }

    /// @notice The element when all terms are in the sum.
    function finish(uint16 op, uint256 sum) internal pure returns (uint256) {
        return op == Ops.MATMUL_INT8_T ? sum : F32.canonical(sum);
    }

    /// @notice clamp(((sum * multiplier + 2^(shift - 1)) >> shift) + zero) to int8; the shift is arithmetic.
    function requantise(int256 sum, int256 multiplier, int256 shift, int256 zero) internal pure returns (int256 y) {
        if (multiplier < 0 || multiplier >= 2 ** 31 || shift < 1 || shift > 62 || zero < -128 || zero > 127) {
            revert BadRequantiser();
        }
        y = ((sum * multiplier + int256(1 << uint256(shift - 1))) >> uint256(shift)) + zero;
        if (y < -128) y = -128;
        if (y > 127) y = 127;
    }

    /// @notice sum + a[0] b[0] + a[1] b[1] + ... of little-endian binary32, strictly in this order.
    /// @dev Both have the same length and 32 spare bytes, as `TensorReader.range` gives them.
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
            return sum;
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

    function _requantised(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists)
        private
        view
        returns (uint256)
    {
        if (x.operands.length != 1 || x.attrs.length != 3) revert IReferee.Unfit(x.op);
        if (MerkleTensor.sizeOf(x.operands[0].shape) != MerkleTensor.sizeOf(x.shape)) revert IReferee.Unfit(x.op);
        uint256 bits = TensorReader.open(x, 0, 4, lists).only(x.index);
        return uint256(requantise(int32(uint32(bits)), x.attrs[0], x.attrs[1], x.attrs[2]));
    }

    function _read(
        IReferee.Case calldata x,
        uint256 i,
        uint256 from,
        uint256 count,
        MerkleTensor.Opening[][] calldata lists
    ) private view returns (bytes memory data) {
        TensorReader.Reader memory r = TensorReader.open(x, i, x.op == Ops.MATMUL_INT8_T ? 1 : 4, lists);
        data = r.range(from, count);
        r.close();
    }

    /// @dev Where row and column begin in the operands.
    function _places(IReferee.Case calldata x) private pure returns (uint256 left, uint256 right) {
        (uint256 m, uint256 k, uint256 n) = _extents(x);
        uint256 row = x.index / n;
        left = row * k;
        // One right matrix for all, or one each.
        right = x.index % n;
        if (x.operands[1].shape.length != 2) right += (row / m) * n;
        right *= k;
    }

    /// @dev m, k and n; the batch follows from the index.
    function _extents(IReferee.Case calldata x) private pure returns (uint256 m, uint256 k, uint256 n) {
        if (x.operands.length != 2 || x.attrs.length != 0) revert IReferee.Unfit(x.op);
        uint256[] calldata a = x.operands[0].shape;
        uint256[] calldata b = x.operands[1].shape;
        uint256 rank = a.length;
        bool fits = rank >= 2 && x.shape.length == rank && (b.length == rank || b.length == 2);
        if (!fits) revert IReferee.Unfit(x.op);
        (m, k, n) = (a[rank - 2], a[rank - 1], b[b.length - 2]);
        fits = b[b.length - 1] == k && x.shape[rank - 1] == n && x.shape[rank - 2] == m;
        for (uint256 i = 0; i + 2 < rank; i++) fits = fits && x.shape[i] == a[i] && (b.length == 2 || b[i] == a[i]);
        if (!fits) revert IReferee.Unfit(x.op);
    }
}

/// @title Referee of matrix products and requantisation
contract DotReferee is Referee {
    /// @inheritdoc IReferee
    function handles(uint16 op) public pure override returns (bool) {
        return op == Ops.MATMUL_T || op == Ops.MATMUL_INT8_T || op == Ops.REQUANTISE;
    }

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view override returns (uint256) {
        return DotVerdict.element(x, lists);
    }

    function _terms(Case calldata x) internal pure override returns (uint256) {
        return DotVerdict.depth(x);
    }

    function _stateWords(uint16 op) internal pure override returns (uint256) {
        return op == Ops.REQUANTISE ? 0 : 1;
    }

    function _partial(
        Case calldata x,
        uint256 first,
        uint256 last,
        uint256[] memory state,
        MerkleTensor.Opening[][] calldata lists
    ) internal view override {
        state[0] = DotVerdict.range(x, first, last, state[0], lists);
    }

    function _finish(uint16 op, uint256[] memory state) internal pure override returns (uint256) {
        return DotVerdict.finish(op, state[0]);
    }
}
