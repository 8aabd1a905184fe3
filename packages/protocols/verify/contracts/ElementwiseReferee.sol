// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {F32Math} from "./F32Math.sol";
import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Ops} from "./Ops.sol";
import {Referee} from "./Referee.sol";
import {TensorReader} from "./TensorReader.sol";

/// @title Verdicts on elementwise operators
/// @notice One element of y = f(x) or y = f(a, b) with NumPy broadcasting, from the leaf of each operand that holds its part.
/// Specs: engine `ops/<name>/spec.md`.
library ElementwiseVerdict {
    using TensorReader for TensorReader.Reader;

    /// @notice The element's bits.
    function element(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view returns (uint256) {
        if (x.attrs.length != (x.op == Ops.CLIP ? 2 : 0)) revert IReferee.Unfit(x.op);
        if (x.op >= Ops.RELU) {
            if (x.operands.length != 1 || !_same(x.operands[0].shape, x.shape)) revert IReferee.Unfit(x.op);
            if (x.op == Ops.CLIP) return _clipped(x, TensorReader.open(x, 0, 4, lists).only(x.index));
            return unary(x.op, TensorReader.open(x, 0, 4, lists).only(x.index));
        }
        if (x.operands.length != 2) revert IReferee.Unfit(x.op);
        (uint256 left, uint256 right) = _places(x);
        uint256 a = TensorReader.open(x, 0, 4, lists).only(left);
        return binary(x.op, a, TensorReader.open(x, 1, 4, lists).only(right));
    }

    /// @notice A unary operator on bits.
    function unary(uint16 op, uint256 x) internal pure returns (uint256) {
        if (op == Ops.RELU) return F32Math.relu(x);
        if (op == Ops.SQRT) return F32.sqrt(x);
        if (op == Ops.EXP) return F32Math.exp(x);
        if (op == Ops.LOG) return F32Math.log(x);
        if (op == Ops.TANH) return F32Math.tanh(x);
        if (op == Ops.SIGMOID) return F32Math.sigmoid(x);
        if (op == Ops.SOFTPLUS) return F32Math.softplus(x);
        revert IReferee.UnknownOp(op);
    }

    /// @notice A binary operator on bits; gate is `b > 0 ? a : +0`.
    function binary(uint16 op, uint256 a, uint256 b) internal pure returns (uint256) {
        if (op == Ops.ADD) return F32.canonical(F32.add(a, b));
        if (op == Ops.SUB) return F32.sub(a, b);
        if (op == Ops.MUL) return F32.mul(a, b);
        if (op == Ops.DIV) return F32.div(a, b);
        if (op == Ops.GATE) return F32.lt(0, b) ? F32.canonical(a) : 0;
        revert IReferee.UnknownOp(op);
    }

    /// @dev Attributes: bits of the lower and of the upper limit.
    function _clipped(IReferee.Case calldata x, uint256 bits) private pure returns (uint256) {
        (uint256 low, uint256 high) = (uint256(x.attrs[0]), uint256(x.attrs[1]));
        if (low >> 32 != 0 || high >> 32 != 0 || !F32.le(low, high)) revert IReferee.Unfit(x.op);
        return F32.lt(bits, low) ? low : F32.lt(high, bits) ? high : F32.canonical(bits);
    }

    /// @dev Row-major indices into both operands; the case's shape must be the broadcast one.
    function _places(IReferee.Case calldata x) private pure returns (uint256 left, uint256 right) {
        uint256[] calldata a = x.operands[0].shape;
        uint256[] calldata b = x.operands[1].shape;
        uint256 rank = a.length > b.length ? a.length : b.length;
        if (x.shape.length != rank) revert IReferee.Unfit(x.op);
        (uint256 rest, uint256 strideA, uint256 strideB) = (x.index, 1, 1);
        for (uint256 axis = 1; axis <= rank; axis++) {
            uint256 p = axis <= a.length ? a[a.length - axis] : 1;
            uint256 q = axis <= b.length ? b[b.length - axis] : 1;
            uint256 extent = p == 1 ? q : p;
            if (x.shape[rank - axis] != extent || (q != 1 && q != extent)) revert IReferee.Unfit(x.op);
            if (p != 1) left += (rest % extent) * strideA;
            if (q != 1) right += (rest % extent) * strideB;
            strideA *= p;
            strideB *= q;
            rest /= extent;
        }
    }

    function _same(uint256[] calldata a, uint256[] calldata b) private pure returns (bool same) {
        same = a.length == b.length;
        for (uint256 i = 0; same && i < a.length; i++) same = a[i] == b[i];
    }
}

/// @title Referee of elementwise operators
contract ElementwiseReferee is Referee {
    /// @inheritdoc IReferee
    function handles(uint16 op) public pure override returns (bool) {
        return op >= Ops.ADD && op <= Ops.CLIP;
    }

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view override returns (uint256) {
        return ElementwiseVerdict.element(x, lists);
    }
}
