// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {Merkle} from "@base/bytes/contracts/Merkle.sol";
import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Ops} from "./Ops.sol";
import {readPart} from "./ReadPart.sol";
import {SumReferee} from "./SumReferee.sol";
import {TensorReader} from "./TensorReader.sol";

/// @title Verdicts on the answers of boosted trees
/// @notice In four steps, each with few leaves: the value of the leaf that a row reaches in one tree, the score that these values add
/// up to, exponentials from a committed table, and the answer. Spec: engine `trees/spec.md` (3, 6, 8).
library TreeVerdict {
    using TensorReader for TensorReader.Reader;

    uint256 internal constant NODE_BYTES = 20;
    int256 internal constant ONE = 2 ** 24;
    int256 internal constant EXP_ONE = 2 ** 26;
    uint256 internal constant TABLE_STEPS = 65_536;

    uint256 internal constant REGRESSION = 0;
    uint256 internal constant BINARY = 1;
    uint256 internal constant MULTICLASS = 2;

    /// @notice A tree's bytes are no whole nodes, or a child does not come after its parent.
    error BadTree();

    /// @notice TREE_LEAF: rows [R, F] and an ensemble of T trees to the leaf values [R, T]. The ensemble's root is that of the
    /// engine's `ensembleRoot`: tree t is leaf t + 1 of T + 1; its list holds this one leaf.
    function leafValue(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view returns (int256) {
        _shape(x, 2, 0);
        uint256[] calldata rows = x.operands[0].shape;
        uint256[] calldata forest = x.operands[1].shape;
        bool fits = rows.length == 2 && forest.length == 1 && x.shape[0] == rows[0] && x.shape[1] == forest[0];
        if (!fits) revert IReferee.Unfit(x.op);
        TensorReader.Reader memory r = TensorReader.open(x, 0, 4, lists);
        bytes memory row = r.words((x.index / forest[0]) * rows[1], rows[1]);
        r.close();
        return walk(_tree(x, lists[1]), row, rows[1]);
    }

    /// @dev The bytes of the element's tree.
    function _tree(IReferee.Case calldata x, MerkleTensor.Opening[] calldata list) private view returns (bytes memory nodes) {
        if (list.length != 1) revert MerkleTensor.WrongOpenings(list.length, 1);
        uint256 count = x.shape[1];
        uint256 leaf = x.index % count + 1;
        nodes = list[0].leaf;
        bytes32 hash = Merkle.leafHash(nodes);
        if (!Merkle.verifyInclusion(x.operands[1].root, count + 1, leaf, hash, list[0].path)) {
            revert MerkleTensor.NotInTree(leaf);
        }
    }

    /// @notice The value of the leaf that a row of big-endian binary32 numbers reaches.
    function walk(bytes memory nodes, bytes memory row, uint256 features) internal pure returns (int256) {
        uint256 count = nodes.length / NODE_BYTES;
        if (count == 0 || nodes.length % NODE_BYTES != 0) revert BadTree();
        for (uint256 node = 0;;) {
            (int256 feature, uint256 threshold, uint256 left, int256 value, bool missingLeft) = _node(nodes, node);
            if (feature < 0) return value;
            if (uint256(feature) >= features || left <= node || left + 1 >= count) revert BadTree();
            uint256 bits = TensorReader.word(row, uint256(feature));
            node = (F32.isNaN(bits) ? missingLeft : F32.le(bits, threshold)) ? left : left + 1;
        }
        return 0; // not reached
    }

    /// @notice TREE_SCORE: leaf values [R, T] to scores [R, outputs]; attributes: the first score of each output. Tree t adds
    /// to output t mod outputs. `sum` after the trees first <= t < last.
    function score(
        IReferee.Case calldata x,
        uint256 first,
        uint256 last,
        int256 sum,
        MerkleTensor.Opening[][] calldata lists
    ) internal view returns (int256) {
        uint256 outputs = x.attrs.length;
        uint256 output = x.index % outputs;
        if (first == 0) sum = x.attrs[output];
        TensorReader.Reader memory r = TensorReader.open(x, 0, 4, lists);
        bytes memory values = r.range((x.index / outputs) * trees(x) + first, last - first);
        r.close();
        for (uint256 t = first; t < last; t++) {
            if (t % outputs == output) sum += TensorReader.integer(values, t - first, 4);
        }
        return sum;
    }

    /// @notice Number of trees behind a score.
    function trees(IReferee.Case calldata x) internal pure returns (uint256) {
        _shape(x, 1, x.attrs.length);
        uint256[] calldata from = x.operands[0].shape;
        bool fits = from.length == 2 && x.shape[0] == from[0] && x.shape[1] == x.attrs.length;
        if (!fits) revert IReferee.Unfit(x.op);
        return from[1];
    }

    /// @notice TREE_EXP: scores [R, outputs] (8 bytes) and the table [65537] to exp(-|score|), or with more outputs exp(score - largest), in 2^-26.
    function exponential(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists)
        internal
        view
        returns (int256)
    {
        _shape(x, 2, 0);
        uint256[] calldata table = x.operands[1].shape;
        if (table.length != 1 || table[0] != TABLE_STEPS + 1) revert IReferee.Unfit(x.op);
        bytes memory scores = _row(x, 0, 8, lists);
        uint256 outputs = x.shape[1];
        int256 own = TensorReader.integer(scores, x.index % outputs, 8);
        int256 distance = outputs == 1 ? (own < 0 ? -own : own) : _largest(scores, outputs) - own;
        uint256 place = uint256(distance) / 256;
        TensorReader.Reader memory r = TensorReader.open(x, 1, 4, lists);
        int256 e = r.intAt(place < TABLE_STEPS ? place : TABLE_STEPS);
        if (place < TABLE_STEPS) e -= ((e - r.intAt(place + 1)) * (distance % 256)) >> 8;
        r.close();
        return e;
    }

    /// @notice TREE_ANSWER: scores [R, outputs] (and, for classes, exponentials of the same shape) to binary32 answers. Attributes:
    /// task, and of a regression the shift.
    function answer(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view returns (uint256) {
        if (x.attrs.length != 2) revert IReferee.Unfit(x.op);
        uint256 task = uint256(x.attrs[0]);
        _shape(x, task == REGRESSION ? 1 : 2, 2);
        bytes memory scores = _row(x, 0, 8, lists);
        uint256 outputs = x.shape[1];
        int256 own = TensorReader.integer(scores, x.index % outputs, 8);
        if (task == REGRESSION) {
            if (x.attrs[1] < 0 || x.attrs[1] > 1023) revert IReferee.Unfit(x.op);
            return own < 0
                ? 0x80000000 | F32.pack(uint256(-own), -x.attrs[1])
                : F32.pack(uint256(own), -x.attrs[1]);
        }
        if (task > MULTICLASS || (task == BINARY) != (outputs == 1)) revert IReferee.Unfit(x.op);
        bytes memory e = _row(x, 1, 4, lists);
        return F32.pack(uint256(task == BINARY ? _logistic(own, e) : _share(e, x.index % outputs, outputs)), -24);
    }

    function _logistic(int256 own, bytes memory e) private pure returns (int256) {
        int256 whole = EXP_ONE + TensorReader.integer(e, 0, 4);
        int256 high = (ONE * EXP_ONE + whole / 2) / whole;
        return _within(own >= 0 ? high : ONE - high);
    }

    function _share(bytes memory e, uint256 output, uint256 outputs) private pure returns (int256) {
        int256 sum = 0;
        for (uint256 k = 0; k < outputs; k++) sum += TensorReader.integer(e, k, 4);
        return _within((TensorReader.integer(e, output, 4) * ONE + sum / 2) / sum);
    }

    function _within(int256 p) private pure returns (int256) {
        return p < 1 ? int256(1) : p > ONE - 1 ? ONE - 1 : p;
    }

    function _largest(bytes memory scores, uint256 outputs) private pure returns (int256 most) {
        most = TensorReader.integer(scores, 0, 8);
        for (uint256 k = 1; k < outputs; k++) {
            int256 value = TensorReader.integer(scores, k, 8);
            if (value > most) most = value;
        }
    }

    /// @dev The row of operand i, which has the result's shape, that the element stands in.
    function _row(IReferee.Case calldata x, uint256 i, uint256 width, MerkleTensor.Opening[][] calldata lists)
        private
        view
        returns (bytes memory data)
    {
        uint256[] calldata shape = x.operands[i].shape;
        if (shape.length != 2 || shape[0] != x.shape[0] || shape[1] != x.shape[1]) revert IReferee.Unfit(x.op);
        data = readPart(x, i, width, (x.index / shape[1]) * shape[1], shape[1], lists);
    }

    function _shape(IReferee.Case calldata x, uint256 operands, uint256 attrs) private pure {
        bool fits = x.operands.length == operands && x.attrs.length == attrs && x.shape.length == 2;
        if (!fits) revert IReferee.Unfit(x.op);
    }

    /// @dev Five little-endian words: feature, threshold bits, left child, value, cover with missingLeft in bit 31.
    function _node(bytes memory nodes, uint256 node)
        private
        pure
        returns (int256 feature, uint256 threshold, uint256 left, int256 value, bool missingLeft)
    {
        if ((node + 1) * NODE_BYTES > nodes.length) revert BadTree();
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(add(nodes, 0x20), mul(node, 20)))
        }
        word = MerkleTensor.swap(word);
        feature = int32(uint32(word >> 224));
        threshold = uint32(word >> 192);
        left = uint32(word >> 160);
        value = int32(uint32(word >> 128));
        missingLeft = (word >> 127) & 1 == 1;
    }
}

/// @title Referee of the answers of boosted trees
contract TreeReferee is SumReferee {
    /// @inheritdoc IReferee
    function handles(uint16 op) public pure override returns (bool) {
        return op >= Ops.TREE_LEAF && op <= Ops.TREE_ANSWER;
    }

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view override returns (uint256) {
        if (x.op == Ops.TREE_LEAF) return uint256(TreeVerdict.leafValue(x, lists));
        if (x.op == Ops.TREE_SCORE) return _whole(x, lists);
        if (x.op == Ops.TREE_EXP) return uint256(TreeVerdict.exponential(x, lists));
        return TreeVerdict.answer(x, lists);
    }

    function _summed() internal pure override returns (uint16) {
        return Ops.TREE_SCORE;
    }

    function _count(Case calldata x) internal pure override returns (uint256) {
        return TreeVerdict.trees(x);
    }

    function _sum(Case calldata x, uint256 first, uint256 last, int256 sum, MerkleTensor.Opening[][] calldata lists)
        internal
        view
        override
        returns (int256)
    {
        return TreeVerdict.score(x, first, last, sum, lists);
    }
}
