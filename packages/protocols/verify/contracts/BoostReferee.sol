// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F64} from "./F64.sol";
import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Ops} from "./Ops.sol";
import {readPart} from "./ReadPart.sol";
import {SumReferee} from "./SumReferee.sol";
import {TensorReader} from "./TensorReader.sol";

/// @title Verdicts on the growth of boosted trees
/// @notice The sums of one bin of a leaf's histogram, the best split of one feature, and the choice among the features.
/// Spec: engine `trees/spec.md` (4). All integers; gains are binary64 in a fixed order.
library BoostVerdict {
    /// @dev Sums over rows and the best split so far.
    struct Scan {
        int256 g;
        int256 h;
        int256 count;
        int256 minRows;
        int256 minWeight;
        int256 lambda;
        uint256 all; // gain of the leaf as it is
        int256[6] best; // gain (bits of binary64), bin, missingLeft, g, h, count
    }

    /// @notice HISTOGRAM: bins [F, R] (1 byte), gradients [R] and curvatures [R] (8 bytes) and each row's leaf [R] (4 bytes) to sums
    /// [bins, 3] of gradient, curvature and rows. Attributes: the leaf, then F + 1 offsets of the features' bins.
    /// `sum` after the rows first <= r < last.
    function histogram(
        IReferee.Case calldata x,
        uint256 first,
        uint256 last,
        int256 sum,
        MerkleTensor.Opening[][] calldata lists
    ) internal view returns (int256) {
        bytes memory chosen = _chosen(x, first, last - first, lists);
        bytes memory values = _summed(x, first, last - first, lists);
        for (uint256 r = 0; r < chosen.length; r++) {
            if (chosen[r] != 0) sum += values.length == 0 ? int256(1) : TensorReader.integer(values, r, 8);
        }
        return sum;
    }

    /// @dev One byte a row: not zero when the row lies in the bin and in the leaf.
    function _chosen(IReferee.Case calldata x, uint256 first, uint256 count, MerkleTensor.Opening[][] calldata lists)
        private
        view
        returns (bytes memory bins)
    {
        bytes memory leaves = _part(x, 3, first, count, lists);
        (uint256 feature, uint256 bin) = _binOf(x, x.index / 3);
        bins = _part(x, 0, feature * rows(x) + first, count, lists);
        for (uint256 r = 0; r < count; r++) {
            bool inside = uint8(bins[r]) == bin && TensorReader.integer(leaves, r, 4) == x.attrs[0];
            bins[r] = inside ? bytes1(0x01) : bytes1(0x00);
        }
    }

    /// @dev Only the operand that is summed has leaves: gradients, curvatures, or none for a count.
    function _summed(IReferee.Case calldata x, uint256 first, uint256 count, MerkleTensor.Opening[][] calldata lists)
        private
        view
        returns (bytes memory)
    {
        uint256 what = x.index % 3;
        bytes memory g = _part(x, 1, first, what == 0 ? count : 0, lists);
        bytes memory h = _part(x, 2, first, what == 1 ? count : 0, lists);
        return what == 0 ? g : h;
    }

    /// @notice Number of rows behind a bin.
    function rows(IReferee.Case calldata x) internal pure returns (uint256 total) {
        if (x.operands.length != 4 || x.attrs.length < 2 || x.shape.length != 2) revert IReferee.Unfit(x.op);
        uint256[] calldata bins = x.operands[0].shape;
        if (bins.length != 2 || bins[0] + 2 != x.attrs.length || x.shape[1] != 3) revert IReferee.Unfit(x.op);
        total = bins[1];
        for (uint256 i = 1; i < 4; i++) {
            uint256[] calldata shape = x.operands[i].shape;
            if (shape.length != 1 || shape[0] != total) revert IReferee.Unfit(x.op);
        }
        if (uint256(x.attrs[x.attrs.length - 1]) != x.shape[0]) revert IReferee.Unfit(x.op);
    }

    /// @notice SPLIT_OF_FEATURE: a histogram [bins, 3] (8 bytes) to [F, 6]: gain, bin, missing rows left, and the left side's sums; gain 0 and
    /// bin -1 where none is allowed. Attributes: least rows, least curvature, lambda, then per feature offset, bins of present values,
    /// and 1 where a further bin holds missing ones.
    function splitOfFeature(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists)
        internal
        view
        returns (int256)
    {
        uint256 feature = x.index / 6;
        bool fits = x.operands.length == 1 && x.shape.length == 2 && x.shape[1] == 6;
        if (!fits || x.attrs.length != 3 + 3 * x.shape[0]) revert IReferee.Unfit(x.op);
        uint256[] calldata from = x.operands[0].shape;
        (int256 offset, int256 present, int256 lacking) =
            (x.attrs[3 + 3 * feature], x.attrs[4 + 3 * feature], x.attrs[5 + 3 * feature]);
        fits = from.length == 2 && from[1] == 3 && offset >= 0 && present >= 1 && present < 256;
        if (!fits || lacking < 0 || lacking > 1) revert IReferee.Unfit(x.op);
        bytes memory sums = _part(x, 0, uint256(offset) * 3, uint256(present + lacking) * 3, lists);
        Scan memory s;
        (s.minRows, s.minWeight, s.lambda) = (x.attrs[0], x.attrs[1], x.attrs[2]);
        return best(s, sums, uint256(present), lacking == 1)[x.index % 6];
    }

    /// @notice The best split of one feature from its bins' sums; `s` holds the settings.
    function best(Scan memory s, bytes memory sums, uint256 present, bool mayLack)
        internal
        pure
        returns (int256[6] memory)
    {
        s.best[1] = -1;
        if (s.minRows < 1 || s.minWeight < 1 || s.lambda < 1) revert IReferee.Unfit(Ops.SPLIT_OF_FEATURE);
        for (uint256 bin = 0; bin < present + (mayLack ? 1 : 0); bin++) {
            s.g += TensorReader.integer(sums, 3 * bin, 8);
            s.h += TensorReader.integer(sums, 3 * bin + 1, 8);
            s.count += TensorReader.integer(sums, 3 * bin + 2, 8);
        }
        if (s.count < 2 * s.minRows) return s.best;
        s.all = _score(s.g, s.h, s.lambda);
        bool lacks = mayLack && TensorReader.integer(sums, 3 * present + 2, 8) > 0;
        _scan(s, sums, lacks ? present : present - 1, present, false);
        if (lacks) _scan(s, sums, present - 1, present, true);
        return s.best;
    }

    /// @notice BEST_SPLIT: [F, 6] to the best of all [7]: gain, feature, bin, missing left, sums of the left side. The first of equal gains; feature
    /// and bin are -1 when there is none.
    function bestSplit(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists)
        internal
        view
        returns (int256)
    {
        bool fits = x.operands.length == 1 && x.attrs.length == 0 && x.shape.length == 1 && x.shape[0] == 7;
        uint256[] calldata from = x.operands[0].shape;
        if (!fits || from.length != 2 || from[1] != 6) revert IReferee.Unfit(x.op);
        bytes memory splits = _part(x, 0, 0, from[0] * 6, lists);
        (int256 gain, int256 chosen) = (0, -1);
        for (uint256 feature = 0; feature < from[0]; feature++) {
            int256 own = TensorReader.integer(splits, feature * 6, 8);
            if (own > gain) (gain, chosen) = (own, int256(feature));
        }
        if (x.index < 2 || chosen < 0) return x.index == 0 ? gain : (x.index < 3 ? chosen : int256(0));
        return TensorReader.integer(splits, uint256(chosen) * 6 + x.index - 1, 8);
    }

    /// @dev Tries the bins before `end`; the rows of bin `missing` begin on the left when `left` says so.
    function _scan(Scan memory s, bytes memory sums, uint256 end, uint256 missing, bool left) private pure {
        (int256 g, int256 h, int256 count) = (0, 0, 0);
        if (left) (g, h, count) = _sums(sums, missing);
        for (uint256 bin = 0; bin < end; bin++) {
            {
                (int256 moreG, int256 moreH, int256 more) = _sums(sums, bin);
                if (more == 0) continue;
                (g, h, count) = (g + moreG, h + moreH, count + more);
            }
            if (count < s.minRows || h < s.minWeight) continue;
            if (s.count - count < s.minRows || s.h - h < s.minWeight) break;
            uint256 gain = F64.add(_score(g, h, s.lambda), _score(s.g - g, s.h - h, s.lambda));
            gain = F64.above(gain, s.all);
            if (int256(gain) > s.best[0]) {
                s.best = [int256(gain), int256(bin), left ? int256(1) : int256(0), g, h, count];
            }
        }
    }

    function _sums(bytes memory sums, uint256 bin) private pure returns (int256 g, int256 h, int256 count) {
        g = TensorReader.integer(sums, 3 * bin, 8);
        h = TensorReader.integer(sums, 3 * bin + 1, 8);
        count = TensorReader.integer(sums, 3 * bin + 2, 8);
    }

    /// @dev g^2 / (h + lambda), each step rounded to binary64.
    function _score(int256 g, int256 h, int256 lambda) private pure returns (uint256) {
        if (h + lambda <= 0) revert IReferee.Unfit(Ops.SPLIT_OF_FEATURE);
        return F64.div(F64.pack(uint256(g * g), 0), F64.pack(uint256(h + lambda), 0));
    }

    function _binOf(IReferee.Case calldata x, uint256 bin) private pure returns (uint256 feature, uint256) {
        uint256 features = x.attrs.length - 2;
        while (feature < features && uint256(x.attrs[feature + 2]) <= bin) feature++;
        uint256 begins = uint256(x.attrs[feature + 1]);
        if (feature >= features || begins > bin) revert IReferee.Unfit(x.op);
        return (feature, bin - begins);
    }

    function _part(
        IReferee.Case calldata x,
        uint256 i,
        uint256 from,
        uint256 count,
        MerkleTensor.Opening[][] calldata lists
    ) private view returns (bytes memory data) {
        uint256 width = x.op != Ops.HISTOGRAM || i == 1 || i == 2 ? 8 : i == 0 ? 1 : 4;
        data = readPart(x, i, width, from, count, lists);
    }
}

/// @title Referee of the growth of boosted trees
contract BoostReferee is SumReferee {
    /// @inheritdoc IReferee
    function handles(uint16 op) public pure override returns (bool) {
        return op >= Ops.HISTOGRAM && op <= Ops.BEST_SPLIT;
    }

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view override returns (uint256) {
        if (x.op == Ops.HISTOGRAM) return _whole(x, lists);
        if (x.op == Ops.SPLIT_OF_FEATURE) return uint256(BoostVerdict.splitOfFeature(x, lists));
        return uint256(BoostVerdict.bestSplit(x, lists));
    }

    function _summed() internal pure override returns (uint16) {
        return Ops.HISTOGRAM;
    }

    function _count(Case calldata x) internal pure override returns (uint256) {
        return BoostVerdict.rows(x);
    }

    function _sum(Case calldata x, uint256 first, uint256 last, int256 sum, MerkleTensor.Opening[][] calldata lists)
        internal
        view
        override
        returns (int256)
    {
        return BoostVerdict.histogram(x, first, last, sum, lists);
    }
}
