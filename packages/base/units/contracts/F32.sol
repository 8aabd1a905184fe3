// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title IEEE 754-2019 binary32 arithmetic in integers
/// @notice The five basic operations, comparisons and conversions, rounded to nearest, ties to even. Subnormals are
/// kept; any NaN operand and every invalid operation give the one NaN 0x7fc00000. The bits are those of `Math.fround`
/// in TypeScript and of WebAssembly after NaNs are made canonical, so a machine's answer can be recomputed on chain.
/// @dev A number is its bit pattern in the low 32 bits of a word; higher bits of an operand are ignored by arithmetic and
/// comparisons, and results have none. Each operation takes a short road when both operands are normal and shares
/// one exact `pack` otherwise: an integer and a power of two, rounded once.
library F32 {
    /// @notice The canonical NaN.
    uint256 internal constant NAN = 0x7fc00000;
    /// @notice Positive infinity.
    uint256 internal constant INFINITY = 0x7f800000;
    /// @notice The number 1.
    uint256 internal constant ONE = 0x3f800000;

    /// @dev Position of the leading bit of 1 to 15, a byte each.
    uint256 private constant LOG2 = 0x0000010102020202030303030303030300000000000000000000000000000000;

    /// @notice Thrown when NaN or an infinity is asked for as an integer.
    error NotFinite(uint256 bits);

    /// @notice a * b.
    function mul(uint256 a, uint256 b) internal pure returns (uint256 z) {
        uint256 rare = 1;
        assembly ("memory-safe") {
            // Exponent fields, 0 unless the operand is normal.
            let e := mod(and(shr(23, a), 0xff), 0xff)
            let f := mod(and(shr(23, b), 0xff), 0xff)
            if mul(e, f) {
                let p := mul(or(and(a, 0x7fffff), 0x800000), or(and(b, 0x7fffff), 0x800000))
                // The product has 47 or 48 bits; make it 48.
                let top := shr(47, p)
                p := shl(xor(top, 1), p)
                // The result's field less one, because the leading bit carries into the field.
                e := sub(add(add(e, f), top), 128)
                if lt(e, 254) {
                    z := add(shl(23, e), shr(24, add(p, add(0x7fffff, and(shr(24, p), 1)))))
                    z := or(z, and(xor(a, b), 0x80000000))
                    rare := 0
                }
            }
        }
        if (rare != 0) return _mulRare(a, b);
    }

    /// @notice a + b. An exact zero is +0 unless both operands are -0.
    function add(uint256 a, uint256 b) internal pure returns (uint256 z) {
        uint256 rare = 1;
        assembly ("memory-safe") {
            // The larger magnitude goes into `a`, whose sign the result takes.
            if lt(shl(225, a), shl(225, b)) {
                z := a
                a := b
                b := z
            }
            // Exponent fields, 0 unless the operand is normal; then their distance.
            let e := mod(and(shr(23, a), 0xff), 0xff)
            let d := mod(and(shr(23, b), 0xff), 0xff)
            if mul(e, d) {
                d := sub(e, d)
                // Beyond 25, b is less than a quarter of a's last place and changes nothing.
                z := and(a, 0xffffffff)
                rare := 0
                if lt(d, 26) {
                    // Exact integers in units of a quarter of b's last place, so that every shift below is positive.
                    z := shl(add(d, 2), or(and(a, 0x7fffff), 0x800000))
                    let y := shl(2, or(and(b, 0x7fffff), 0x800000))
                    switch and(xor(a, b), 0x80000000)
                    case 0 {
                        z := add(z, y)
                        let top := shr(add(d, 26), z)
                        d := add(add(d, 2), top)
                        z := shr(d, add(z, add(sub(shl(sub(d, 1), 1), 1), and(shr(d, z), 1))))
                        z := add(shl(23, sub(add(e, top), 1)), z)
                        if gt(z, 0x7f7fffff) { z := 0x7f800000 }
                        z := or(z, and(a, 0x80000000))
                    }
                    default {
                        z := sub(z, y)
                        // 2 or 3: no leading bit was lost; 1: one; 0: several, or the lowest exponent: then it is exact.
                        let top := shr(add(d, 24), z)
                        switch mul(top, sub(e, 1))
                        case 0 {
                            // Below 2^24 in units of b's last place: shifted left until normal or at the lowest exponent.
                            z := shr(2, z)
                            if z {
                                e := sub(e, d)
                                let n := shl(4, lt(0xffff, z))
                                let rest := shr(n, z)
                                let step := shl(3, lt(0xff, rest))
                                n := or(n, step)
                                rest := shr(step, rest)
                                step := shl(2, lt(0xf, rest))
                                n := or(or(n, step), byte(shr(step, rest), LOG2))
                                n := sub(23, n)
                                if iszero(lt(n, e)) { n := sub(e, 1) }
                                z := or(add(shl(23, sub(e, add(n, 1))), shl(n, z)), and(a, 0x80000000))
                            }
                        }
                        default {
                            top := shr(1, top)
                            d := add(add(d, 1), top)
                            z := shr(d, add(z, add(sub(shl(sub(d, 1), 1), 1), and(shr(d, z), 1))))
                            z := or(add(shl(23, sub(add(e, top), 2)), z), and(a, 0x80000000))
                        }
                    }
                }
            }
        }
        if (rare != 0) return _addRare(a, b);
    }

    /// @notice a - b.
    function sub(uint256 a, uint256 b) internal pure returns (uint256) {
        return add(a, b ^ 0x80000000);
    }

    /// @notice a / b. A finite number but zero, divided by zero, is an infinity; 0/0 is NaN.
    function div(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            uint256 sign = (a ^ b) & 0x80000000;
            (uint256 m, uint256 e) = _split(a);
            (uint256 n, uint256 f) = _split(b);
            if (e == 255 || f == 255) {
                if (isNaN(a) || isNaN(b) || e == f) return NAN;
                return e == 255 ? sign | INFINITY : sign;
            }
            if (n == 0) return m == 0 ? NAN : sign | INFINITY;
            if (m == 0) return sign;
            uint256 quotient;
            assembly ("memory-safe") {
                m := shl(64, m)
                quotient := or(div(m, n), iszero(iszero(mod(m, n))))
            }
            return sign | pack(quotient, int256(e) - int256(f) - 64);
        }
    }

    /// @notice Square root; -0 gives -0, anything below gives NaN.
    function sqrt(uint256 a) internal pure returns (uint256) {
        unchecked {
            (uint256 m, uint256 e) = _split(a);
            if (m == 0) return a & 0x80000000;
            if (isNaN(a) || a & 0x80000000 != 0) return NAN;
            if (e == 255) return INFINITY;
            uint256 root;
            // m * 2^(e - 150) = (m << s) * 2^(e - 150 - s) with an even power.
            uint256 s = 64 + (e & 1);
            assembly ("memory-safe") {
                m := shl(s, m)
                // Newton from above: m < 2^89, and each step from 2^45 at least halves the error until it squares it.
                root := shl(45, 1)
                for {} 1 {} {
                    let next := shr(1, add(root, div(m, root)))
                    if iszero(lt(next, root)) { break }
                    root := next
                }
                root := or(shl(1, root), iszero(eq(mul(root, root), m)))
            }
            return pack(root, (int256(e) - 150 - int256(s)) / 2 - 1);
        }
    }

    /// @notice a = b; NaN equals nothing, -0 equals +0.
    function eq(uint256 a, uint256 b) internal pure returns (bool) {
        return !isNaN(a) && !isNaN(b) && _order(a) == _order(b);
    }

    /// @notice a < b; false with NaN.
    function lt(uint256 a, uint256 b) internal pure returns (bool) {
        return !isNaN(a) && !isNaN(b) && _order(a) < _order(b);
    }

    /// @notice a <= b; false with NaN.
    function le(uint256 a, uint256 b) internal pure returns (bool) {
        return !isNaN(a) && !isNaN(b) && _order(a) <= _order(b);
    }

    /// @notice True for any NaN, canonical or not.
    function isNaN(uint256 a) internal pure returns (bool) {
        return a & 0x7fffffff > INFINITY;
    }

    /// @notice The same number, with the canonical bits when it is NaN.
    function canonical(uint256 a) internal pure returns (uint256) {
        return isNaN(a) ? NAN : a & 0xffffffff;
    }

    /// @notice |a|; NaN becomes canonical.
    function abs(uint256 a) internal pure returns (uint256) {
        return isNaN(a) ? NAN : a & 0x7fffffff;
    }

    /// @notice -a; NaN becomes canonical.
    function neg(uint256 a) internal pure returns (uint256) {
        return isNaN(a) ? NAN : (a ^ 0x80000000) & 0xffffffff;
    }

    /// @notice The integer part, towards zero. Reverts with NotFinite for NaN and infinities.
    function toInt(uint256 a) internal pure returns (int256 z) {
        unchecked {
            (uint256 m, uint256 e) = _split(a);
            if (e == 255) revert NotFinite(a);
            z = int256(e < 150 ? m >> (150 - e) : m << (e - 150));
            if (a & 0x80000000 != 0) z = -z;
        }
    }

    /// @notice The nearest binary32 number to an integer, ties to even; 2^128 - 2^103 and beyond is an infinity.
    function fromInt(int256 x) internal pure returns (uint256) {
        unchecked {
            return x < 0 ? 0x80000000 | pack(uint256(-x), 0) : pack(uint256(x), 0);
        }
    }

    /// @notice The nearest binary32 number to m * 2^e, ties to even, as bits without sign; m <= 2^255, e in +-2^64.
    /// @dev A caller that drops digits keeps at least 26 and sets the lowest bit of m when any of the rest was set.
    function pack(uint256 m, int256 e) internal pure returns (uint256 z) {
        if (m == 0) return 0;
        assembly ("memory-safe") {
            // Position of the leading bit.
            let top := shl(7, lt(0xffffffffffffffffffffffffffffffff, m))
            let rest := shr(top, m)
            let step := shl(6, lt(0xffffffffffffffff, rest))
            top := or(top, step)
            rest := shr(step, rest)
            step := shl(5, lt(0xffffffff, rest))
            top := or(top, step)
            rest := shr(step, rest)
            step := shl(4, lt(0xffff, rest))
            top := or(top, step)
            rest := shr(step, rest)
            step := shl(3, lt(0xff, rest))
            top := or(top, step)
            rest := shr(step, rest)
            step := shl(2, lt(0xf, rest))
            top := or(top, step)
            rest := shr(step, rest)
            top := or(top, byte(rest, LOG2))
            // Exponent field less one; below zero the number is subnormal and the last place stays 2^-149.
            let field := sub(add(add(e, top), 127), 1)
            let shift := sub(top, 23)
            if slt(field, 0) {
                shift := sub(shift, field)
                field := 0
                if sgt(shift, 250) { shift := 250 }
            }
            switch slt(shift, 1)
            case 1 { z := shl(sub(0, shift), m) }
            default { z := shr(shift, add(m, add(sub(shl(sub(shift, 1), 1), 1), and(shr(shift, m), 1)))) }
            switch sgt(field, 253)
            case 1 { z := 0x7f800000 }
            default { z := add(shl(23, field), z) }
        }
    }

    /// @dev Some operand is zero, subnormal, infinite or NaN, or the product leaves the normal range.
    function _mulRare(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            uint256 sign = (a ^ b) & 0x80000000;
            (uint256 m, uint256 e) = _split(a);
            (uint256 n, uint256 f) = _split(b);
            if (e == 255 || f == 255) {
                if (isNaN(a) || isNaN(b) || m == 0 || n == 0) return NAN;
                return sign | INFINITY;
            }
            return sign | pack(m * n, int256(e) + int256(f) - 300);
        }
    }

    /// @dev |a| >= |b|; some operand is zero, subnormal, infinite or NaN.
    function _addRare(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            uint256 differs = (a ^ b) & 0x80000000;
            if (b & 0x7fffffff == 0) {
                if (a & 0x7fffffff == 0) return differs != 0 ? 0 : a & 0x80000000;
                return canonical(a);
            }
            (uint256 m, uint256 e) = _split(a);
            (uint256 n, uint256 f) = _split(b);
            if (e == 255) {
                if (isNaN(a) || (f == 255 && differs != 0)) return NAN;
                return a & 0xffffffff;
            }
            if (e - f > 25) return a & 0xffffffff;
            m = differs != 0 ? (m << (e - f)) - n : (m << (e - f)) + n;
            return m == 0 ? 0 : (a & 0x80000000) | pack(m, int256(f) - 150);
        }
    }

    /// @dev |a| = m * 2^(e - 150) when e < 255; m is never zero when e = 255.
    function _split(uint256 a) private pure returns (uint256 m, uint256 e) {
        assembly ("memory-safe") {
            e := and(shr(23, a), 0xff)
            m := or(and(a, 0x7fffff), shl(23, gt(e, 0)))
            e := add(e, iszero(e))
        }
    }

    /// @dev An integer that orders numbers; both zeros give 0.
    function _order(uint256 a) private pure returns (int256 z) {
        assembly ("memory-safe") {
            z := and(a, 0x7fffffff)
            if and(a, 0x80000000) { z := sub(0, z) }
        }
    }
}
