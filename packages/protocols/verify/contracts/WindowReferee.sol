// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";
import {MerkleTensor} from "./MerkleTensor.sol";

/// @title Referee of sliding windows
/// @notice Recomputes one element of unfold, fold, maxpool or avgpool on [N, C, H, W]. A convolution of one group has the bits
/// of unfold and then a matrix product: its element is settled by `DotReferee` on the unfolded operand, and an element of
/// that operand here. Specs: engine `ops/{unfold,fold,maxpool,avgpool,conv2d}/spec.md`.
library WindowReferee {
    /// @notice Shape of the operand and attributes as in ONNX; kernel, strides and dilations 1 to 65,535, pads below 65,536.
    struct Window {
        uint256 n;
        uint256 c;
        uint256 h;
        uint256 w;
        uint256[2] kernel;
        uint256[2] strides;
        uint256[4] pads; // top, left, bottom, right
        uint256[2] dilations;
    }

    /// @dev Where a window lies: extents of the output plane, its place there, its first row and column on the operand,
    /// and the first and last row that its taps touch.
    struct Place {
        uint256 rows;
        uint256 columns;
        uint256 plane;
        int256 top;
        int256 left;
        uint256 low;
        uint256 high;
    }

    /// @notice An attribute is out of its range, or no window fits.
    error BadWindow();
    /// @notice The element lies outside the result.
    error OutOfResult(uint256 index);

    /// @notice Element `index` (row-major) of the unfolded matrix [C kh kw, N OH OW]; no opening for a place on the padding.
    function unfolded(bytes32 root, Window memory x, uint256 index, MerkleTensor.Opening[] calldata openings)
        internal
        view
        returns (uint256)
    {
        (bool inside, uint256 from) = _source(x, index);
        if (!inside && openings.length != 0) revert MerkleTensor.WrongOpenings(openings.length, 0);
        if (!inside) return 0;
        bytes memory data = MerkleTensor.read(root, 4, x.n * x.c * x.h * x.w, from, 1, openings);
        return F32.canonical(_at(data, 0));
    }

    /// @notice Element `index` of maxpool: NaN wins, of equal values the first stays. Openings cover the window's rows.
    function maxPooled(bytes32 root, Window memory x, uint256 index, MerkleTensor.Opening[] calldata openings)
        internal
        view
        returns (uint256 most)
    {
        (bytes memory data, uint256[] memory offsets) = _window(root, x, index, openings);
        most = 0xff800000;
        for (uint256 i = 0; i < offsets.length; i++) {
            uint256 value = _at(data, offsets[i]);
            if (F32.isNaN(value) || F32.lt(most, value)) most = F32.canonical(value);
        }
    }

    /// @notice Element `index` of avgpool: taps summed in order from +0, then one division. Without padding.
    function averagePooled(bytes32 root, Window memory x, uint256 index, MerkleTensor.Opening[] calldata openings)
        internal
        view
        returns (uint256 sum)
    {
        if (x.pads[0] | x.pads[1] | x.pads[2] | x.pads[3] != 0) revert BadWindow();
        (bytes memory data, uint256[] memory offsets) = _window(root, x, index, openings);
        for (uint256 i = 0; i < offsets.length; i++) sum = F32.add(sum, _at(data, offsets[i]));
        sum = F32.div(sum, F32.fromInt(int256(x.kernel[0] * x.kernel[1])));
    }

    /// @notice Element `index` of fold back to the window's [N, C, H, W]: the sum from +0 of the taps that cover it.
    /// @param root Of the matrix [C kh kw, N OH OW].
    /// @param openings One leaf for each covering tap, in the order of taps.
    function folded(bytes32 root, Window memory x, uint256 index, MerkleTensor.Opening[] calldata openings)
        internal
        view
        returns (uint256 sum)
    {
        (uint256[] memory places, uint256 size) = _covering(x, index);
        if (openings.length != places.length) revert MerkleTensor.WrongOpenings(openings.length, places.length);
        for (uint256 i = 0; i < places.length; i++) {
            sum = F32.add(sum, MerkleTensor.elementOf(root, size, places[i], openings[i]));
        }
        sum = F32.canonical(sum);
    }

    /// @dev Row-major indices into the unfolded matrix of the taps that cover an element, and the matrix's size.
    function _covering(Window memory x, uint256 index) private pure returns (uint256[] memory places, uint256 size) {
        Place memory p = _plane(x);
        if (index >= x.n * x.c * x.h * x.w) revert OutOfResult(index);
        uint256 taps = x.kernel[0] * x.kernel[1];
        size = x.c * taps * x.n * p.rows * p.columns;
        p.plane = index / x.w / x.h;
        places = new uint256[](taps);
        uint256 count = 0;
        for (uint256 tap = 0; tap < taps; tap++) {
            (bool covers, uint256 place) = _cover(x, p, index, tap);
            if (covers) places[count++] = place;
        }
        assembly ("memory-safe") {
            mstore(places, count)
        }
    }

    /// @dev Where in the unfolded matrix this tap of an element stands, if any window has it there.
    function _cover(Window memory x, Place memory p, uint256 index, uint256 tap)
        private
        pure
        returns (bool covers, uint256 place)
    {
        uint256 beside;
        (covers, place) = _output(x, 0, (index / x.w) % x.h, tap / x.kernel[1], p.rows);
        if (!covers) return (false, 0);
        (covers, beside) = _output(x, 1, index % x.w, tap % x.kernel[1], p.columns);
        uint256 row = (p.plane % x.c) * x.kernel[0] * x.kernel[1] + tap;
        place = ((row * x.n + p.plane / x.c) * p.rows + place) * p.columns + beside;
    }

    /// @dev The output row (axis 0) or column (axis 1) whose kernel row or column `tap` lies on `place`.
    function _output(Window memory x, uint256 axis, uint256 place, uint256 tap, uint256 extent)
        private
        pure
        returns (bool covers, uint256 output)
    {
        uint256 ahead = tap * x.dilations[axis];
        uint256 padded = place + x.pads[axis];
        if (padded < ahead || (padded - ahead) % x.strides[axis] != 0) return (false, 0);
        output = (padded - ahead) / x.strides[axis];
        covers = output < extent;
    }

    /// @dev The rows that the window touches, and the offsets of its taps in them, in order; taps on the padding are left out.
    function _window(bytes32 root, Window memory x, uint256 index, MerkleTensor.Opening[] calldata openings)
        private
        view
        returns (bytes memory data, uint256[] memory offsets)
    {
        Place memory p = _plane(x);
        if (index >= x.n * x.c * p.rows * p.columns) revert OutOfResult(index);
        _settle(x, p, index);
        offsets = _taps(x, p);
        uint256 from = offsets.length == 0 ? 0 : (p.plane * x.h + p.low) * x.w;
        uint256 count = offsets.length == 0 ? 0 : (p.high - p.low + 1) * x.w;
        data = MerkleTensor.read(root, 4, x.n * x.c * x.h * x.w, from, count, openings);
    }

    /// @dev Offsets of the taps from the start of row `p.low`, which it sets with `p.high`.
    function _taps(Window memory x, Place memory p) private pure returns (uint256[] memory offsets) {
        uint256 count = 0;
        offsets = new uint256[](x.kernel[0] * x.kernel[1]);
        p.low = type(uint256).max;
        for (uint256 i = 0; i < x.kernel[0]; i++) {
            int256 r = p.top + int256(i * x.dilations[0]);
            if (!_on(r, x.h)) continue;
            if (p.low > uint256(r)) p.low = uint256(r);
            p.high = uint256(r);
            for (uint256 j = 0; j < x.kernel[1]; j++) {
                int256 s = p.left + int256(j * x.dilations[1]);
                if (_on(s, x.w)) offsets[count++] = (uint256(r) - p.low) * x.w + uint256(s);
            }
        }
        assembly ("memory-safe") {
            mstore(offsets, count)
        }
    }

    /// @dev Where an element of the unfolded matrix lies on the operand, unless on the padding.
    function _source(Window memory x, uint256 index) private pure returns (bool inside, uint256 from) {
        Place memory p = _plane(x);
        uint256 taps = x.kernel[0] * x.kernel[1];
        uint256 columns = x.n * p.rows * p.columns;
        if (columns == 0 || index / columns >= x.c * taps) revert OutOfResult(index);
        uint256 row = index / columns;
        _settle(x, p, index % columns);
        int256 r = p.top + int256(((row % taps) / x.kernel[1]) * x.dilations[0]);
        int256 s = p.left + int256((row % x.kernel[1]) * x.dilations[1]);
        inside = _on(r, x.h) && _on(s, x.w);
        if (inside) from = ((p.plane * x.c + row / taps) * x.h + uint256(r)) * x.w + uint256(s);
    }

    /// @dev Checks the window and gives the extents of the output plane.
    function _plane(Window memory x) private pure returns (Place memory p) {
        uint256 most = MerkleTensor.MAX_ELEMENTS;
        if (x.n > most || x.c > most || x.h > most || x.w > most) revert MerkleTensor.TooLarge();
        if (x.n * x.c * x.h * x.w > most) revert MerkleTensor.TooLarge();
        p.rows = _extent(x, 0, x.h + x.pads[0] + x.pads[2]);
        p.columns = _extent(x, 1, x.w + x.pads[1] + x.pads[3]);
    }

    function _extent(Window memory x, uint256 axis, uint256 padded) private pure returns (uint256) {
        (uint256 k, uint256 s, uint256 d) = (x.kernel[axis], x.strides[axis], x.dilations[axis]);
        bool sound = k > 0 && s > 0 && d > 0 && k < 65536 && s < 65536 && d < 65536;
        if (!sound || x.pads[axis] >= 65536 || x.pads[axis + 2] >= 65536) revert BadWindow();
        if (padded < d * (k - 1) + 1) revert BadWindow();
        return (padded - d * (k - 1) - 1) / s + 1;
    }

    /// @dev Splits an index over [planes, rows, columns].
    function _settle(Window memory x, Place memory p, uint256 index) private pure {
        p.left = int256((index % p.columns) * x.strides[1]) - int256(x.pads[1]);
        p.top = int256(((index / p.columns) % p.rows) * x.strides[0]) - int256(x.pads[0]);
        p.plane = index / p.columns / p.rows;
    }

    function _on(int256 place, uint256 extent) private pure returns (bool) {
        return place >= 0 && uint256(place) < extent;
    }

    function _at(bytes memory data, uint256 element) private pure returns (uint256) {
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), shl(2, element)))
        }
        return MerkleTensor.swap(word) >> 224;
    }
}
