// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title The little of IEEE 754-2019 binary64 that gains of splits need
/// @notice Sums, quotients and differences of positive normal numbers and +0, rounded to nearest, ties to even.
/// @dev A number is its bit pattern; patterns of positive numbers order as the numbers do. No overflow or subnormal can occur:
/// operands come from integers below 2^110.
library F64 {
    /// @notice The nearest number to m * 2^e; m <= 2^255. A caller that drops digits keeps at least 55 and sets the lowest bit
    /// of m when any of the rest was set.
    function pack(uint256 m, int256 e) internal pure returns (uint256) {
        unchecked {
            if (m == 0) return 0;
            uint256 top = 0;
            for (uint256 step = 128; step > 0; step >>= 1) if (m >> (top + step) != 0) top += step;
            if (top <= 52) {
                m <<= 52 - top;
            } else {
                uint256 drop = top - 52;
                uint256 rest = m & ((1 << drop) - 1);
                uint256 half = 1 << (drop - 1);
                m >>= drop;
                if (rest > half || (rest == half && m & 1 == 1)) m++;
            }
            // The leading bit carries into the exponent, and so does a rounding up to the next power of two.
            return (uint256(e + int256(top) + 1022) << 52) + m;
        }
    }

    /// @notice a + b.
    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            if (a < b) (a, b) = (b, a);
            if (b == 0) return a;
            (uint256 m, int256 e) = _split(a);
            (uint256 n, int256 f) = _split(b);
            if (e - f > 150) return pack((m << 64) | 1, e - 64);
            return pack((m << uint256(e - f)) + n, f);
        }
    }

    /// @notice a - b where it is positive, else +0.
    function above(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            if (a <= b) return 0;
            if (b == 0) return a;
            (uint256 m, int256 e) = _split(a);
            (uint256 n, int256 f) = _split(b);
            if (e - f > 150) return pack((m << 64) - 1, e - 64);
            return pack((m << uint256(e - f)) - n, f);
        }
    }

    /// @notice a / b, b not zero.
    function div(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            if (a == 0) return 0;
            (uint256 m, int256 e) = _split(a);
            (uint256 n, int256 f) = _split(b);
            m <<= 128;
            return pack((m / n) | (m % n == 0 ? 0 : 1), e - f - 128);
        }
    }

    function _split(uint256 a) private pure returns (uint256 m, int256 e) {
        unchecked {
            m = (a & 0xfffffffffffff) | 0x10000000000000;
            e = int256(a >> 52) - 1075;
        }
    }
}
