// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "@base/testkit/contracts/Test.sol";
import {Wad} from "./Wad.sol";
import {WadVectors} from "./WadVectors.t.sol";

contract WadCaller {
    function mulDivDown(uint256 x, uint256 y, uint256 d) external pure returns (uint256) {
        return Wad.mulDivDown(x, y, d);
    }

    function mulDivUp(uint256 x, uint256 y, uint256 d) external pure returns (uint256) {
        return Wad.mulDivUp(x, y, d);
    }
}

contract WadTest is Test {
    WadCaller wad;

    function setUp() public {
        wad = new WadCaller();
    }

    function test_the_cases_that_typescript_runs() public {
        assertGt(WadVectors.CASES, 100);
        for (uint256 i = 0; i < WadVectors.CASES; i++) {
            WadVectors.Case memory c = WadVectors.get(i);
            _expect(c.downPanics, c.d);
            assertEqUnless(c.downPanics, wad.mulDivDown(c.x, c.y, c.d), c.down);
            _expect(c.upPanics, c.d);
            assertEqUnless(c.upPanics, wad.mulDivUp(c.x, c.y, c.d), c.up);
        }
    }

    /// @dev quotient * d + remainder must equal x * y, compared in 512 bits.
    function test_down_is_the_exact_quotient(uint256 x, uint256 y, uint256 d) public pure {
        (uint256 high, uint256 low) = _product(x, y);
        d = high == type(uint256).max ? type(uint256).max : bound(d, high + 1, type(uint256).max);
        uint256 down = Wad.mulDivDown(x, y, d);
        uint256 remainder = mulmod(x, y, d);
        (uint256 backHigh, uint256 backLow) = _product(down, d);
        unchecked {
            uint256 sum = backLow + remainder;
            if (sum < backLow) backHigh++;
            assertEq(backHigh, high);
            assertEq(sum, low);
        }
    }

    function test_up_is_down_or_one_more(uint256 x, uint256 y, uint256 d) public pure {
        x = bound(x, 0, type(uint128).max);
        y = bound(y, 0, type(uint128).max);
        d = bound(d, 1, type(uint256).max);
        uint256 rest = mulmod(x, y, d) == 0 ? 0 : 1;
        assertEq(Wad.mulDivUp(x, y, d), Wad.mulDivDown(x, y, d) + rest);
    }

    function test_wads_and_basis_points() public pure {
        assertEq(Wad.mulDown(1.5e18, 1.5e18), 2.25e18);
        assertEq(Wad.mulDown(1, 1), 0);
        assertEq(Wad.mulUp(1, 1), 1);
        assertEq(Wad.divDown(1e18, 3e18), 333333333333333333);
        assertEq(Wad.divUp(1e18, 3e18), 333333333333333334);
        assertEq(Wad.bpsDown(999, 2_500), 249);
        assertEq(Wad.bpsUp(999, 2_500), 250);
        assertEq(Wad.bpsDown(type(uint256).max, Wad.BPS), type(uint256).max);
    }

    function _expect(bool panics, uint256 d) private {
        if (panics) vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", d == 0 ? 0x12 : 0x11));
    }

    function assertEqUnless(bool panics, uint256 left, uint256 right) private pure {
        if (!panics) assertEq(left, right);
    }

    function _product(uint256 x, uint256 y) private pure returns (uint256 high, uint256 low) {
        unchecked {
            uint256 mask = type(uint128).max;
            uint256 cross = (x & mask) * (y & mask);
            uint256 middle = (x >> 128) * (y & mask) + (cross >> 128);
            uint256 other = (x & mask) * (y >> 128) + (middle & mask);
            high = (x >> 128) * (y >> 128) + (middle >> 128) + (other >> 128);
            low = x * y;
        }
    }
}
