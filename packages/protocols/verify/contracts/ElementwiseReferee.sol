// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {F32Math} from "./F32Math.sol";
import {MerkleTensor} from "./MerkleTensor.sol";

/// @title Referee of elementwise operators
/// @notice Recomputes one element of y = f(x) or y = f(a, b) with NumPy broadcasting, from the leaf of each operand that
/// holds its part. Specs: engine `ops/<name>/spec.md`.
library ElementwiseReferee {
    /// @notice Operators; the values are part of the interface and only ever added to.
    enum Op {
        Add,
        Sub,
        Mul,
        Div,
        Gate,
        Relu,
        Sqrt,
        Exp,
        Log,
        Tanh,
        Sigmoid,
        Softplus
    }

    /// @notice The operator takes another number of operands.
    error WrongArity(Op op);
    /// @notice The shapes do not broadcast together.
    error NoBroadcast();
    /// @notice The element lies outside the result.
    error OutOfResult(uint256 index, uint256 size);

    /// @notice Element `index` (row-major) of a unary operator's result.
    function unary(Op op, MerkleTensor.Tensor calldata x, uint256 index) internal view returns (uint256) {
        uint256 size = MerkleTensor.sizeOf(x.shape);
        if (index >= size) revert OutOfResult(index, size);
        return compute(op, MerkleTensor.element(x, index));
    }

    /// @notice Element `index` (row-major) of a binary operator's result, whose shape follows from the operands'.
    function binary(Op op, MerkleTensor.Tensor calldata a, MerkleTensor.Tensor calldata b, uint256 index)
        internal
        view
        returns (uint256)
    {
        (uint256 left, uint256 right) = places(a.shape, b.shape, index);
        return compute(op, MerkleTensor.element(a, left), MerkleTensor.element(b, right));
    }

    /// @notice Row-major indices into both operands of element `index` of the broadcast result.
    function places(uint256[] calldata a, uint256[] calldata b, uint256 index)
        internal
        pure
        returns (uint256 left, uint256 right)
    {
        if (MerkleTensor.sizeOf(a) == 0 || MerkleTensor.sizeOf(b) == 0) revert OutOfResult(index, 0);
        uint256 rank = a.length > b.length ? a.length : b.length;
        (uint256 rest, uint256 strideA, uint256 strideB) = (index, 1, 1);
        for (uint256 axis = 1; axis <= rank; axis++) {
            uint256 x = axis <= a.length ? a[a.length - axis] : 1;
            uint256 y = axis <= b.length ? b[b.length - axis] : 1;
            if (x != y && x != 1 && y != 1) revert NoBroadcast();
            uint256 extent = x == 1 ? y : x;
            if (x != 1) left += (rest % extent) * strideA;
            if (y != 1) right += (rest % extent) * strideB;
            strideA *= x;
            strideB *= y;
            rest /= extent;
        }
        if (rest != 0) revert OutOfResult(index, index - rest);
    }

    /// @notice A unary operator on bits.
    function compute(Op op, uint256 x) internal pure returns (uint256) {
        if (op == Op.Relu) return F32Math.relu(x);
        if (op == Op.Sqrt) return F32.sqrt(x);
        if (op == Op.Exp) return F32Math.exp(x);
        if (op == Op.Log) return F32Math.log(x);
        if (op == Op.Tanh) return F32Math.tanh(x);
        if (op == Op.Sigmoid) return F32Math.sigmoid(x);
        if (op == Op.Softplus) return F32Math.softplus(x);
        revert WrongArity(op);
    }

    /// @notice A binary operator on bits; Gate is `b > 0 ? a : +0`.
    function compute(Op op, uint256 a, uint256 b) internal pure returns (uint256) {
        if (op == Op.Add) return F32.add(a, b);
        if (op == Op.Sub) return F32.sub(a, b);
        if (op == Op.Mul) return F32.mul(a, b);
        if (op == Op.Div) return F32.div(a, b);
        if (op == Op.Gate) return F32.lt(0, b) ? F32.canonical(a) : 0;
        revert WrongArity(op);
    }
}
