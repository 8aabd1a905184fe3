// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Ops} from "./Ops.sol";
import {Referee} from "./Referee.sol";
import {TensorReader} from "./TensorReader.sol";

/// @title Verdicts on sliding windows
/// @notice One element of unfold, fold, maxpool, avgpool or the gradient of maxpool on [N, C, H, W]. A convolution is lowered to
/// unfold and a matrix product. Specs: engine `ops/{unfold,fold,maxpool,avgpool,maxpoolgrad}/spec.md`.
/// @dev Attributes: kernel (2), strides (2), pads top, left, bottom, right (4), dilations (2).
library WindowVerdict {
    using TensorReader for TensorReader.Reader;

    /// @dev Shape and attributes as in ONNX, extents of the output plane, and the plane, row and column of the element at hand
    /// (on the output for pooling, on the operand for fold and the gradient).
    struct Window {
        uint256 n;
        uint256 c;
        uint256 h;
        uint256 w;
        uint256[2] kernel;
        uint256[2] strides;
        uint256[4] pads;
        uint256[2] dilations;
        uint256 rows;
        uint256 columns;
        uint256 plane;
        uint256 row;
        uint256 column;
        uint256 low; // of the gradient: first row of X that is read
    }

    /// @notice The element's bits.
    function element(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view returns (uint256) {
        if (x.operands.length != (x.op == Ops.MAXPOOLGRAD ? 3 : 1)) revert IReferee.Unfit(x.op);
        if (x.op == Ops.UNFOLD) return _unfolded(x, lists);
        if (x.op == Ops.FOLD) return _folded(x, lists);
        if (x.op == Ops.MAXPOOLGRAD) return _maxGradient(x, lists);
        return _pooled(x, lists);
    }

    /// @dev Place on the matrix [C kh kw, N OH OW]; +0 for a place on the padding, which has no leaf.
    function _unfolded(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) private view returns (uint256) {
        Window memory w = _window(x, x.operands[0].shape);
        TensorReader.Reader memory r = TensorReader.open(x, 0, 4, lists);
        uint256 taps = w.kernel[0] * w.kernel[1];
        uint256 across = w.n * w.rows * w.columns;
        if (x.shape.length != 2 || x.shape[0] != w.c * taps || x.shape[1] != across) revert IReferee.Unfit(x.op);
        (uint256 line, uint256 place) = (x.index / across, x.index % across);
        w.plane = (place / (w.rows * w.columns)) * w.c + line / taps;
        w.row = (place / w.columns) % w.rows;
        w.column = place % w.columns;
        (bool inside, uint256 from) = _under(w, line % taps);
        uint256 bits = inside ? r.bitsAt(from) : 0;
        r.close();
        return F32.canonical(bits);
    }

    /// @dev Maximum (NaN wins, of equal values the first stays) or mean under a window, taps in order; the mean counts taps on the
    /// padding as +0.
    function _pooled(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists) private view returns (uint256) {
        Window memory w = _window(x, x.operands[0].shape);
        TensorReader.Reader memory r = TensorReader.open(x, 0, 4, lists);
        _planes(x, x.shape, w.n, w.c, w.rows, w.columns);
        _settle(w, x.index, w.rows, w.columns);
        bool most = x.op == Ops.MAXPOOL;
        uint256 taps = w.kernel[0] * w.kernel[1];
        uint256 result = most ? 0xff800000 : 0;
        for (uint256 tap = 0; tap < taps; tap++) {
            (bool inside, uint256 from) = _under(w, tap);
            if (!inside) continue;
            uint256 value = r.bitsAt(from);
            if (!most) result = F32.add(result, value);
            else if (F32.isNaN(value) || F32.lt(result, value)) result = F32.canonical(value);
        }
        r.close();
        return most ? result : F32.div(result, F32.fromInt(int256(taps)));
    }

    /// @dev The sum from +0 of the taps that cover an element of [N, C, H, W], taps in order.
    function _folded(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists)
        private
        view
        returns (uint256 sum)
    {
        Window memory w = _window(x, x.shape);
        TensorReader.Reader memory r = TensorReader.open(x, 0, 4, lists);
        uint256 taps = w.kernel[0] * w.kernel[1];
        uint256[] calldata from = x.operands[0].shape;
        bool fits = from.length == 2 && from[0] == w.c * taps && from[1] == w.n * w.rows * w.columns;
        if (!fits) revert IReferee.Unfit(x.op);
        _settle(w, x.index, w.h, w.w);
        for (uint256 tap = 0; tap < taps; tap++) {
            (bool covers, uint256 place) = _unfoldedPlace(w, tap);
            if (covers) sum = F32.add(sum, r.bitsAt(place));
        }
        r.close();
        return F32.canonical(sum);
    }

    /// @dev Where the matrix [C kh kw, N OH OW] holds this tap of the element at hand, if a window has it there.
    function _unfoldedPlace(Window memory w, uint256 tap) private pure returns (bool covers, uint256 place) {
        uint256 beside;
        (covers, place, beside) = _over(w, tap);
        if (!covers) return (false, 0);
        uint256 line = (w.plane % w.c) * w.kernel[0] * w.kernel[1] + tap;
        place = ((line * w.n + w.plane / w.c) * w.rows + place) * w.columns + beside;
    }

    /// @dev What an element of X gets of dY: from each window whose first tap that equals Y it is. Operands dY, X, Y.
    function _maxGradient(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata lists)
        private
        view
        returns (uint256 sum)
    {
        Window memory w = _window(x, x.operands[1].shape);
        _planes(x, x.shape, w.n, w.c, w.h, w.w);
        _planes(x, x.operands[0].shape, w.n, w.c, w.rows, w.columns);
        _planes(x, x.operands[2].shape, w.n, w.c, w.rows, w.columns);
        TensorReader.Reader memory slope = TensorReader.open(x, 0, 4, lists);
        TensorReader.Reader memory most = TensorReader.open(x, 2, 4, lists);
        _settle(w, x.index, w.h, w.w);
        // Whole rows of X, from the first that a covering window touches to the element's own.
        bytes memory rows = _rowsBefore(x, w, lists);
        uint256 taps = w.kernel[0] * w.kernel[1];
        for (uint256 tap = 0; tap < taps; tap++) {
            (bool covers, uint256 y, uint256 z) = _over(w, tap);
            if (!covers) continue;
            uint256 place = (w.plane * w.rows + y) * w.columns + z;
            uint256 given = slope.bitsAt(place);
            if (_isFirst(w, rows, [y, z, tap], most.bitsAt(place))) sum = F32.add(sum, given);
        }
        slope.close();
        most.close();
        return F32.canonical(sum);
    }

    function _rowsBefore(IReferee.Case calldata x, Window memory w, MerkleTensor.Opening[][] calldata lists)
        private
        view
        returns (bytes memory rows)
    {
        uint256 low = w.row;
        uint256 taps = w.kernel[0] * w.kernel[1];
        for (uint256 tap = 0; tap < taps; tap++) {
            (bool covers, uint256 y,) = _over(w, tap);
            if (!covers) continue;
            uint256 top = y * w.strides[0];
            // The window's first row that lies on the plane.
            uint256 skipped = top < w.pads[0] ? (w.pads[0] - top + w.dilations[0] - 1) / w.dilations[0] : 0;
            top = top + skipped * w.dilations[0] - w.pads[0];
            if (top < low) low = top;
        }
        TensorReader.Reader memory r = TensorReader.open(x, 1, 4, lists);
        w.low = low;
        rows = r.words((w.plane * w.h + low) * w.w, (w.row - low + 1) * w.w);
        r.close();
    }

    /// @dev Whether tap `z[2]` of the window at output row z[0] and column z[1] is the first that equals `most`; two NaN are equal.
    function _isFirst(Window memory w, bytes memory rows, uint256[3] memory z, uint256 most)
        private
        pure
        returns (bool)
    {
        (uint256 plane, uint256 row, uint256 column) = (w.plane, w.row, w.column);
        uint256 base = (plane * w.h + w.low) * w.w;
        bool first = _equal(TensorReader.word(rows, (row - w.low) * w.w + column), most);
        (w.row, w.column) = (z[0], z[1]);
        for (uint256 tap = 0; first && tap < z[2]; tap++) {
            (bool inside, uint256 from) = _under(w, tap);
            if (inside && _equal(TensorReader.word(rows, from - base), most)) first = false;
        }
        (w.row, w.column) = (row, column);
        return first;
    }

    function _equal(uint256 a, uint256 b) private pure returns (bool) {
        return F32.eq(a, b) || (F32.isNaN(a) && F32.isNaN(b));
    }

    /// @dev Index in [N, C, H, W] of a tap of the window at the place at hand, unless it lies on the padding.
    function _under(Window memory w, uint256 tap) private pure returns (bool inside, uint256 from) {
        unchecked {
            uint256 r = w.row * w.strides[0] + (tap / w.kernel[1]) * w.dilations[0];
            uint256 s = w.column * w.strides[1] + (tap % w.kernel[1]) * w.dilations[1];
            if (r < w.pads[0] || s < w.pads[1]) return (false, 0);
            (r, s) = (r - w.pads[0], s - w.pads[1]);
            inside = r < w.h && s < w.w;
            from = (w.plane * w.h + r) * w.w + s;
        }
    }

    /// @dev Output row and column of the window whose tap lies on the place at hand, if there is one.
    function _over(Window memory w, uint256 tap) private pure returns (bool covers, uint256 y, uint256 z) {
        (covers, y) = _output(w, 0, w.row, tap / w.kernel[1], w.rows);
        if (!covers) return (false, 0, 0);
        (covers, z) = _output(w, 1, w.column, tap % w.kernel[1], w.columns);
    }

    function _output(Window memory w, uint256 axis, uint256 place, uint256 tap, uint256 extent)
        private
        pure
        returns (bool covers, uint256 output)
    {
        uint256 ahead = tap * w.dilations[axis];
        uint256 padded = place + w.pads[axis];
        if (padded < ahead || (padded - ahead) % w.strides[axis] != 0) return (false, 0);
        output = (padded - ahead) / w.strides[axis];
        covers = output < extent;
    }

    /// @dev Reads the attributes; `shape` is the plane's that the windows slide over.
    function _window(IReferee.Case calldata x, uint256[] calldata shape) private pure returns (Window memory w) {
        if (shape.length != 4 || x.attrs.length != 10) revert IReferee.Unfit(x.op);
        MerkleTensor.sizeOf(shape); // bounds every extent
        (w.n, w.c, w.h, w.w) = (shape[0], shape[1], shape[2], shape[3]);
        for (uint256 i = 0; i < 10; i++) {
            uint256 value = uint256(x.attrs[i]);
            bool pad = i > 3 && i < 8;
            if (value > 65_535 || (value == 0 && !pad)) revert IReferee.Unfit(x.op);
            if (i < 2) w.kernel[i] = value;
            else if (i < 4) w.strides[i - 2] = value;
            else if (pad) w.pads[i - 4] = value;
            else w.dilations[i - 8] = value;
        }
        w.rows = _extent(x, w, 0, w.h);
        w.columns = _extent(x, w, 1, w.w);
    }

    function _extent(IReferee.Case calldata x, Window memory w, uint256 axis, uint256 extent)
        private
        pure
        returns (uint256)
    {
        uint256 padded = extent + w.pads[axis] + w.pads[axis + 2];
        uint256 reach = w.dilations[axis] * (w.kernel[axis] - 1) + 1;
        if (padded < reach) revert IReferee.Unfit(x.op);
        return (padded - reach) / w.strides[axis] + 1;
    }

    /// @dev Splits an index over [planes, rows, columns].
    function _settle(Window memory w, uint256 index, uint256 rows, uint256 columns) private pure {
        w.column = index % columns;
        w.row = (index / columns) % rows;
        w.plane = index / columns / rows;
    }

    function _planes(IReferee.Case calldata x, uint256[] calldata shape, uint256 n, uint256 c, uint256 h, uint256 w)
        private
        pure
    {
        bool fits = shape.length == 4 && shape[0] == n && shape[1] == c && shape[2] == h && shape[3] == w;
        if (!fits) revert IReferee.Unfit(x.op);
    }
}

/// @title Referee of sliding windows
contract WindowReferee is Referee {
    /// @inheritdoc IReferee
    function handles(uint16 op) public pure override returns (bool) {
        return op >= Ops.UNFOLD && op <= Ops.MAXPOOLGRAD;
    }

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view override returns (uint256) {
        return WindowVerdict.element(x, lists);
    }
}
