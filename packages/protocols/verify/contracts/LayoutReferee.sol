// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Ops} from "./Ops.sol";
import {Referee} from "./Referee.sol";
import {TensorReader} from "./TensorReader.sol";

/// @title Verdicts on operators that only move elements
/// @notice One element of a reshaped, transposed, permuted or filled tensor from the leaf of the operand that holds it.
/// Specs: engine `ops/{reshape,transpose,permute,fill}/spec.md`.
library LayoutVerdict {
    using TensorReader for TensorReader.Reader;

    /// @notice The element's bits.
    function element(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view returns (uint256) {
        if (x.op == Ops.FILL) {
            if (x.operands.length != 0 || x.attrs.length != 1) revert IReferee.Unfit(x.op);
            return F32.canonical(uint256(x.attrs[0]));
        }
        return F32.canonical(TensorReader.open(x, 0, 4, lists).only(_source(x)));
    }

    function _source(IReferee.Case calldata x) private pure returns (uint256) {
        if (x.operands.length != 1) revert IReferee.Unfit(x.op);
        uint256[] calldata from = x.operands[0].shape;
        if (x.op == Ops.PERMUTE) return _permuted(x, from);
        if (x.attrs.length != 0) revert IReferee.Unfit(x.op);
        if (x.op == Ops.RESHAPE) {
            if (MerkleTensor.sizeOf(from) != MerkleTensor.sizeOf(x.shape)) revert IReferee.Unfit(x.op);
            return x.index;
        }
        bool fits = x.op == Ops.TRANSPOSE && from.length == 2 && x.shape.length == 2;
        if (!fits || x.shape[0] != from[1] || x.shape[1] != from[0]) revert IReferee.Unfit(x.op);
        return (x.index % from[0]) * from[1] + x.index / from[0];
    }

    /// @dev Axis a of the result is axis `attrs[a]` of the operand.
    function _permuted(IReferee.Case calldata x, uint256[] calldata shape) private pure returns (uint256 from) {
        uint256 rank = shape.length;
        if (x.attrs.length != rank || x.shape.length != rank || rank > 255) revert IReferee.Unfit(x.op);
        (uint256 rest, uint256 seen) = (x.index, 0);
        for (uint256 axis = rank; axis > 0;) {
            uint256 source = uint256(x.attrs[--axis]);
            if (source >= rank || seen & (1 << source) != 0 || x.shape[axis] != shape[source]) {
                revert IReferee.Unfit(x.op);
            }
            seen |= 1 << source;
            uint256 stride = 1;
            for (uint256 i = source + 1; i < rank; i++) stride *= shape[i];
            from += (rest % shape[source]) * stride;
            rest /= shape[source];
        }
    }
}

/// @title Referee of operators that only move elements
contract LayoutReferee is Referee {
    /// @inheritdoc IReferee
    function handles(uint16 op) public pure override returns (bool) {
        return op >= Ops.RESHAPE && op <= Ops.FILL;
    }

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view override returns (uint256) {
        return LayoutVerdict.element(x, lists);
    }
}
