// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Ops} from "./Ops.sol";
import {Referee} from "./Referee.sol";
import {TensorReader} from "./TensorReader.sol";

/// @title Verdicts on sums and maxima of a row
/// @notice Row sums run in 16 strided lanes and then a fixed tree; column sums, on the transposed operand, in ascending order;
/// the largest element of a row skips NaN. Specs: engine `ops/{rowsum,colsum,softmax}`.
library ReduceVerdict {
    using TensorReader for TensorReader.Reader;

    /// @notice The row's length.
    function terms(IReferee.Case calldata x) internal pure returns (uint256 length) {
        if (x.operands.length != 1 || x.attrs.length != 0) revert IReferee.Unfit(x.op);
        uint256[] calldata from = x.operands[0].shape;
        uint256 rank = from.length;
        if (rank == 0 || x.shape.length != rank) revert IReferee.Unfit(x.op);
        length = from[rank - 1];
        // [n, m] to [1, n], or [..., n] to [..., 1].
        bool fits = x.op == Ops.COLSUM_T ? rank == 2 && x.shape[0] == 1 && x.shape[1] == from[0] : x.shape[rank - 1] == 1;
        if (x.op != Ops.COLSUM_T) for (uint256 i = 0; i + 1 < rank; i++) fits = fits && x.shape[i] == from[i];
        if (!fits) revert IReferee.Unfit(x.op);
    }

    /// @notice Words of a reduction's state.
    function stateWords(uint16 op) internal pure returns (uint256) {
        return op == Ops.ROWSUM ? 16 : 1;
    }

    /// @notice Takes elements first <= j < last of the row into `state`.
    function range(
        IReferee.Case calldata x,
        uint256 first,
        uint256 last,
        uint256[] memory state,
        MerkleTensor.Opening[][] calldata lists
    ) internal view {
        TensorReader.Reader memory r = TensorReader.open(x, 0, 4, lists);
        bytes memory data = r.words(x.index * terms(x) + first, last - first);
        r.close();
        bool most = x.op == Ops.ROWMAX_FINITE;
        if (most && first == 0) state[0] = 0xff800000;
        uint256 mask = state.length - 1;
        unchecked {
            for (uint256 j = first; j < last; j++) {
                uint256 value = TensorReader.word(data, j - first);
                if (most) {
                    if (F32.lt(state[0], value)) state[0] = value;
                } else {
                    state[j & mask] = F32.add(state[j & mask], value);
                }
            }
        }
    }

    /// @notice The element when all of the row is in the state.
    function finish(uint256[] memory state) internal pure returns (uint256) {
        unchecked {
            for (uint256 width = state.length / 2; width >= 1; width /= 2) {
                for (uint256 i = 0; i < width; i++) state[i] = F32.add(state[i], state[i + width]);
            }
        }
        return F32.canonical(state[0]);
    }
}

/// @title Referee of sums and maxima of a row
contract ReduceReferee is Referee {
    /// @inheritdoc IReferee
    function handles(uint16 op) public pure override returns (bool) {
        return op >= Ops.ROWSUM && op <= Ops.ROWMAX_FINITE;
    }

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view override returns (uint256) {
        uint256[] memory state = new uint256[](ReduceVerdict.stateWords(x.op));
        ReduceVerdict.range(x, 0, ReduceVerdict.terms(x), state, lists);
        return ReduceVerdict.finish(state);
    }

    function _terms(Case calldata x) internal pure override returns (uint256) {
        return ReduceVerdict.terms(x);
    }

    function _stateWords(uint16 op) internal pure override returns (uint256) {
        return handles(op) ? ReduceVerdict.stateWords(op) : 0;
    }

    function _partial(
        Case calldata x,
        uint256 first,
        uint256 last,
        uint256[] memory state,
        MerkleTensor.Opening[][] calldata lists
    ) internal view override {
        ReduceVerdict.range(x, first, last, state, lists);
    }

    function _finish(uint16, uint256[] memory state) internal pure override returns (uint256) {
        return ReduceVerdict.finish(state);
    }
}
