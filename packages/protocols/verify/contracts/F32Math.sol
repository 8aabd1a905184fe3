// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";

/// @title The engine's fixed functions on binary32
/// @notice exp, log, tanh, sigmoid, softplus and relu, operation by operation as in the engine's specs
/// (engine `ops/<name>/spec.md`): the same bits, not the nearest number.
/// @dev Operands and results are bit patterns; NaN results are 0x7fc00000.
library F32Math {
    uint256 private constant ONE = 0x3f800000;
    uint256 private constant SIGN = 0x80000000;
    uint256 private constant MAGIC = 0x4b400000; // 1.5 * 2^23
    uint256 private constant LN2_HIGH = 0x3f318000;
    uint256 private constant LN2_LOW = 0xb95e8083;

    /// @notice e^x.
    function exp(uint256 x) internal pure returns (uint256) {
        unchecked {
            if (F32.lt(0x42b20000, x)) return F32.INFINITY; // 89
            if (F32.lt(x, 0xc2d00000)) return 0; // -104
            if (F32.isNaN(x)) return F32.NAN;
            uint256 k = F32.add(F32.mul(x, 0x3fb8aa3b), MAGIC);
            uint256 n = F32.sub(k, MAGIC);
            uint256 r = F32.sub(F32.sub(x, F32.mul(n, LN2_HIGH)), F32.mul(n, LN2_LOW));
            uint256 p = 0x39500d01; // 1/7!
            p = F32.add(F32.mul(p, r), 0x3ab60b61);
            p = F32.add(F32.mul(p, r), 0x3c088889);
            p = F32.add(F32.mul(p, r), 0x3d2aaaab);
            p = F32.add(F32.mul(p, r), 0x3e2aaaab);
            p = F32.add(F32.mul(p, r), 0x3f000000);
            p = F32.add(F32.mul(p, r), ONE);
            p = F32.add(F32.mul(p, r), ONE);
            int256 integer = int256(k) - int256(MAGIC);
            int256 half = integer >> 1;
            return F32.mul(F32.mul(p, uint256(half + 127) << 23), uint256(integer - half + 127) << 23);
        }
    }

    /// @notice Natural logarithm.
    function log(uint256 x) internal pure returns (uint256) {
        unchecked {
            if (x & 0x7fffffff == 0) return 0xff800000;
            if (F32.isNaN(x) || x & SIGN != 0) return F32.NAN;
            if (x == F32.INFINITY) return x;
            bool subnormal = x < 0x00800000;
            if (subnormal) x = F32.mul(x, 0x4b000000); // 2^23
            int256 exponent = (int256(x) - 0x3f3504f3) >> 23;
            uint256 t = F32.sub(uint256(int256(x) - (exponent << 23)), ONE);
            uint256 s = F32.div(t, F32.add(0x40000000, t));
            uint256 z = F32.mul(s, s);
            uint256 rest = F32.add(0x3e924925, F32.mul(z, 0x3e638e39)); // 2/7, 2/9
            rest = F32.add(0x3ecccccd, F32.mul(z, rest)); // 2/5
            rest = F32.mul(z, F32.add(0x3f2aaaab, F32.mul(z, rest))); // 2/3
            uint256 e = F32.fromInt(subnormal ? exponent - 23 : exponent);
            t = F32.add(F32.sub(t, F32.mul(s, F32.sub(t, rest))), F32.mul(e, LN2_LOW));
            return F32.add(F32.mul(e, LN2_HIGH), t);
        }
    }

    /// @notice Hyperbolic tangent.
    function tanh(uint256 x) internal pure returns (uint256 y) {
        if (F32.isNaN(x)) return F32.NAN;
        uint256 a = x & 0x7fffffff;
        if (a < 0x3f200000) {
            // 0.625
            uint256 q = F32.mul(a, a);
            uint256 top = F32.add(0x446c4000, F32.mul(q, F32.add(0x42d20000, q))); // 945, 105
            uint256 bottom = F32.add(0x446c4000, F32.mul(q, F32.add(0x43d20000, F32.mul(q, 0x41700000)))); // 420, 15
            y = F32.mul(a, F32.div(top, bottom));
        } else {
            uint256 e = exp(F32.mul(0xc0000000, a));
            y = F32.div(F32.sub(ONE, e), F32.add(ONE, e));
        }
        return y ^ (x & SIGN);
    }

    /// @notice 1 / (1 + e^-x).
    function sigmoid(uint256 x) internal pure returns (uint256) {
        if (F32.isNaN(x)) return F32.NAN;
        uint256 e = exp(x | SIGN);
        return F32.div(F32.lt(x, 0) ? e : ONE, F32.add(ONE, e));
    }

    /// @notice log(1 + e^x).
    function softplus(uint256 x) internal pure returns (uint256) {
        if (F32.isNaN(x)) return F32.NAN;
        uint256 e = exp(x | SIGN);
        uint256 u = F32.add(ONE, e);
        uint256 l = u == ONE ? e : F32.mul(log(u), F32.div(e, F32.sub(u, ONE)));
        return F32.add(relu(x), l);
    }

    /// @notice x < 0 ? +0 : x; -0 stays.
    function relu(uint256 x) internal pure returns (uint256) {
        return F32.lt(x, 0) ? 0 : F32.canonical(x);
    }
}
