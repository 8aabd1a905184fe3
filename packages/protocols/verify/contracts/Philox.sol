// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {F32} from "@base/units/contracts/F32.sol";

/// @title Philox4x32-10, the batch order and initial weights
/// @notice The counter-based generator of Salmon et al. (SC 2011) and what the engine draws from it; every element is
/// computed alone. Twin: the engine's `random/philox.ts`, on the known answers of Random123.
library Philox {
    /// @notice Stream of initial weights.
    uint256 internal constant INIT = 1;
    /// @notice Stream of batch orders.
    uint256 internal constant ORDER = 2;

    uint256 private constant M0 = 0xd2511f53;
    uint256 private constant M1 = 0xcd9e8d57;
    uint256 private constant WORD = 0xffffffff;
    uint256 private constant ROUNDS = 6;

    /// @notice Four random words, c0 in the highest 32 of the lower 128 bits, for four counter words and a 64-bit key
    /// (`seed`, its low word first).
    function block4(uint256 c0, uint256 c1, uint256 c2, uint256 c3, uint256 seed) internal pure returns (uint256) {
        unchecked {
            uint256 k0 = seed & WORD;
            uint256 k1 = (seed >> 32) & WORD;
            for (uint256 round = 0; round < 10; round++) {
                uint256 p0 = M0 * c0;
                uint256 p1 = M1 * c2;
                c0 = (p1 >> 32) ^ c1 ^ k0;
                c1 = p1 & WORD;
                c2 = (p0 >> 32) ^ c3 ^ k1;
                c3 = p0 & WORD;
                k0 = (k0 + 0x9e3779b9) & WORD;
                k1 = (k1 + 0xbb67ae85) & WORD;
            }
            return (c0 << 96) | (c1 << 64) | (c2 << 32) | c3;
        }
    }

    /// @notice Word `index` of a stream; counter (index / 4, a, b, stream). All below 2^32, `index` below 2^34.
    function word(uint256 seed, uint256 stream, uint256 a, uint256 b, uint256 index) internal pure returns (uint256) {
        unchecked {
            return (block4(index >> 2, a, b, stream, seed) >> (96 - 32 * (index & 3))) & WORD;
        }
    }

    /// @notice Element `index` of the permutation of 0..count-1 of epoch `a`: six Feistel rounds on pairs below
    /// ceil(sqrt(count)), walked on from values that are not below `count`. `index` < `count` <= 2^32.
    function shuffled(uint256 count, uint256 seed, uint256 stream, uint256 a, uint256 index)
        internal
        pure
        returns (uint256 value)
    {
        unchecked {
            uint256 side = _rootUp(count);
            value = index;
            do {
                uint256 left = value / side;
                uint256 right = value % side;
                for (uint256 round = 0; round < ROUNDS; round++) {
                    uint256 drawn = block4(right, a, round, stream, seed) >> 96;
                    (left, right) = (right, (left + ((drawn * side) >> 32)) % side);
                }
                value = left * side + right;
            } while (value >= count);
        }
    }

    /// @notice Bits of element `index` of values uniform in [-limit, limit): ((word >> 8) / 2^23 - 1) * limit, one rounding.
    function uniform(uint256 limit, uint256 seed, uint256 stream, uint256 a, uint256 index)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            int256 k = int256(word(seed, stream, a, 0, index) >> 8) - 8_388_608;
            if (k == 0) return F32.mul(0, limit);
            uint256 magnitude = F32.pack(uint256(k < 0 ? -k : k), -23);
            return F32.mul(k < 0 ? F32.neg(magnitude) : magnitude, limit);
        }
    }

    /// @dev ceil(sqrt(count)) for 1 <= count <= 2^32.
    function _rootUp(uint256 count) private pure returns (uint256 side) {
        unchecked {
            uint256 high = 65_536;
            side = 1;
            while (side < high) {
                uint256 middle = (side + high) >> 1;
                if (middle * middle >= count) high = middle;
                else side = middle + 1;
            }
        }
    }
}
