// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {MerkleTensor} from "./MerkleTensor.sol";

/// @title Referee of operators that only move elements
/// @notice Gives one element of a reshaped, transposed or permuted tensor from the leaf of the operand that holds it.
/// `transposed` also settles a claimed root of a matrix in its other layout, which `DotReferee` opens.
/// Specs: engine `ops/{reshape,transpose,permute}/spec.md`.
library LayoutReferee {
    /// @notice The two shapes have different numbers of elements.
    error OtherSize(uint256 from, uint256 to);
    /// @notice The element lies outside the result.
    error OutOfResult(uint256 index, uint256 size);
    /// @notice Not each axis once.
    error NoPermutation();
    /// @notice A matrix was wanted.
    error NoMatrix();

    /// @notice Element `index` (row-major) of the tensor under another shape.
    function reshaped(MerkleTensor.Tensor calldata x, uint256[] calldata shape, uint256 index)
        internal
        view
        returns (uint256)
    {
        uint256 from = MerkleTensor.sizeOf(x.shape);
        uint256 to = MerkleTensor.sizeOf(shape);
        if (from != to) revert OtherSize(from, to);
        return _element(x, index, index, to);
    }

    /// @notice Element `index` (row-major) of the transposed matrix.
    function transposed(MerkleTensor.Tensor calldata x, uint256 index) internal view returns (uint256) {
        if (x.shape.length != 2) revert NoMatrix();
        uint256 size = MerkleTensor.sizeOf(x.shape);
        if (index >= size) revert OutOfResult(index, size);
        return _element(x, index, (index % x.shape[0]) * x.shape[1] + index / x.shape[0], size);
    }

    /// @notice Element `index` (row-major) of the result whose axis a is axis `perm[a]` of the operand.
    function permuted(MerkleTensor.Tensor calldata x, uint256[] calldata perm, uint256 index)
        internal
        view
        returns (uint256)
    {
        uint256 size = MerkleTensor.sizeOf(x.shape);
        if (index >= size) revert OutOfResult(index, size);
        uint256 rank = x.shape.length;
        if (perm.length != rank || rank > 255) revert NoPermutation();
        (uint256 rest, uint256 from, uint256 seen) = (index, 0, 0);
        for (uint256 axis = rank; axis > 0;) {
            uint256 source = perm[--axis];
            if (source >= rank || seen & (1 << source) != 0) revert NoPermutation();
            seen |= 1 << source;
            uint256 stride = 1;
            for (uint256 i = source + 1; i < rank; i++) stride *= x.shape[i];
            from += (rest % x.shape[source]) * stride;
            rest /= x.shape[source];
        }
        return _element(x, index, from, size);
    }

    function _element(MerkleTensor.Tensor calldata x, uint256 index, uint256 from, uint256 size)
        private
        view
        returns (uint256)
    {
        if (index >= size) revert OutOfResult(index, size);
        return F32.canonical(MerkleTensor.element(x, from));
    }
}
