// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Fixed-point numbers with 18 decimals ("wads") and basis points
/// @notice Products have 512 bits before they are divided, so a result is exact whenever it fits; the name says the
/// rounding. Its twin, on the same vectors, is `src/wad.ts`.
/// @dev A result above 2^256 - 1 reverts with Panic(0x11), a division by zero with Panic(0x12).
library Wad {
    /// @notice 1.0 as a wad.
    uint256 internal constant ONE = 1e18;

    /// @notice 100 % in basis points.
    uint256 internal constant BPS = 10_000;

    /// @notice floor(x * y / 1e18).
    function mulDown(uint256 x, uint256 y) internal pure returns (uint256) {
        return mulDivDown(x, y, ONE);
    }

    /// @notice ceil(x * y / 1e18).
    function mulUp(uint256 x, uint256 y) internal pure returns (uint256) {
        return mulDivUp(x, y, ONE);
    }

    /// @notice floor(x * 1e18 / y).
    function divDown(uint256 x, uint256 y) internal pure returns (uint256) {
        return mulDivDown(x, ONE, y);
    }

    /// @notice ceil(x * 1e18 / y).
    function divUp(uint256 x, uint256 y) internal pure returns (uint256) {
        return mulDivUp(x, ONE, y);
    }

    /// @notice floor(x * y / denominator).
    function mulDivDown(uint256 x, uint256 y, uint256 denominator) internal pure returns (uint256) {
        return Math.mulDiv(x, y, denominator);
    }

    /// @notice ceil(x * y / denominator).
    function mulDivUp(uint256 x, uint256 y, uint256 denominator) internal pure returns (uint256) {
        return Math.mulDiv(x, y, denominator, Math.Rounding.Ceil);
    }

    /// @notice floor(amount * bps / 10,000); `bps` may exceed 10,000.
    function bpsDown(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return mulDivDown(amount, bps, BPS);
    }

    /// @notice ceil(amount * bps / 10,000); `bps` may exceed 10,000.
    function bpsUp(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return mulDivUp(amount, bps, BPS);
    }
}
