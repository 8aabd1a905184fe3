// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "@base/testkit/contracts/Test.sol";
import {F32} from "./F32.sol";

contract F32Test is Test {
    uint256 constant NAN = 0x7fc00000;
    uint256 constant INF = 0x7f800000;

    /// @dev Triples a, b, a * b.
    uint32[48] products = [
        0x3f800001, 0x3f800001, 0x3f800002, 0x00000003, 0x3f000000, 0x00000002, 0x00000001, 0x3f000000, 0x00000000,
        0x00800000, 0x3f000000, 0x00400000, 0x007fffff, 0x40000000, 0x00fffffe, 0x7f7fffff, 0x40000000, 0x7f800000,
        0x80000000, 0x3f800000, 0x80000000, 0x7f800000, 0x00000000, 0x7fc00000, 0x3fffffff, 0x3fffffff, 0x407ffffe,
        0x00ffffff, 0x3f7fffff, 0x00fffffe, 0xbf99999a, 0x40490fdb, 0xc071463b, 0x00000000, 0xff800000, 0x7fc00000,
        0xff800000, 0xbf800000, 0x7f800000, 0x7f800001, 0x3f800000, 0x7fc00000, 0x3f000001, 0x00ffffff, 0x00800000,
        0x80000001, 0x00000001, 0x80000000
    ];

    /// @dev Triples a, b, a + b.
    uint32[48] sums = [
        0x3f800000, 0x33800000, 0x3f800000, 0x3f800001, 0x33800000, 0x3f800002, 0x3f800000, 0x33800001, 0x3f800001,
        0x7f7fffff, 0x73000000, 0x7f800000, 0x7f7fffff, 0x72ffffff, 0x7f7fffff, 0x80000000, 0x00000000, 0x00000000,
        0x80000000, 0x80000000, 0x80000000, 0x3f800000, 0xbf800000, 0x00000000, 0x7f800000, 0xff800000, 0x7fc00000,
        0x00800000, 0x80000001, 0x007fffff, 0x3f800000, 0xbf7fffff, 0x33800000, 0x00000001, 0x00000001, 0x00000002,
        0x00000000, 0xffc12345, 0x7fc00000, 0x3f800000, 0xb3000000, 0x3f800000, 0x3f800000, 0xb3000001, 0x3f7fffff,
        0x7f800000, 0xff7fffff, 0x7f800000
    ];

    function test_products() public view {
        for (uint256 i = 0; i < products.length; i += 3) {
            assertEq(F32.mul(products[i], products[i + 1]), products[i + 2]);
            assertEq(F32.mul(products[i + 1], products[i]), products[i + 2]);
        }
    }

    function test_sums() public view {
        for (uint256 i = 0; i < sums.length; i += 3) {
            assertEq(F32.add(sums[i], sums[i + 1]), sums[i + 2]);
            assertEq(F32.add(sums[i + 1], sums[i]), sums[i + 2]);
            assertEq(F32.sub(sums[i], sums[i + 1] ^ 0x80000000), sums[i + 2]);
        }
    }

    function test_quotients() public pure {
        assertEq(F32.div(F32.ONE, 0x40400000), 0x3eaaaaab); // 1/3
        assertEq(F32.div(F32.ONE, 0x80000000), 0xff800000);
        assertEq(F32.div(0, 0), NAN);
        assertEq(F32.div(INF, INF), NAN);
        assertEq(F32.div(0xc0000000, INF), 0x80000000);
        assertEq(F32.div(1, 0x40000000), 0); // half of the least subnormal: tie to even
        assertEq(F32.div(3, 0x40000000), 2);
        assertEq(F32.div(0x7f7fffff, 0x3f7fffff), INF);
        assertEq(F32.div(0x7fc00001, 0), NAN);
    }

    function test_roots() public pure {
        assertEq(F32.sqrt(0x40000000), 0x3fb504f3); // sqrt 2
        assertEq(F32.sqrt(0x80000000), 0x80000000);
        assertEq(F32.sqrt(0x80000001), NAN);
        assertEq(F32.sqrt(INF), INF);
        assertEq(F32.sqrt(1), 0x1a3504f3); // sqrt 2^-149
        assertEq(F32.sqrt(0x7f7fffff), 0x5f7fffff);
        assertEq(F32.sqrt(0x41100000), 0x40400000); // sqrt 9
    }

    function test_comparisons() public pure {
        assertTrue(F32.eq(0, 0x80000000));
        assertFalse(F32.lt(0x80000000, 0));
        assertTrue(F32.le(0x80000000, 0));
        assertTrue(F32.lt(0xff800000, 0x80000001));
        assertTrue(F32.lt(0xc0000000, 0xbf800000));
        assertFalse(F32.eq(NAN, NAN));
        assertFalse(F32.le(NAN, INF));
        assertFalse(F32.lt(0xffffffff, 0));
    }

    function test_integers() public {
        assertEq(F32.fromInt(16777217), 0x4b800000);
        assertEq(F32.fromInt(16777219), 0x4b800002);
        assertEq(F32.fromInt(-1), 0xbf800000);
        assertEq(F32.fromInt(0), 0);
        assertEq(F32.toInt(0xc0200000), int256(-2)); // -2.5
        assertEq(F32.toInt(0x7f7fffff), int256((2 ** 24 - 1) * 2 ** 104));
        vm.expectRevert(abi.encodeWithSelector(F32.NotFinite.selector, INF));
        this.toInt(INF);
    }

    function test_fuzz_integers_come_back(int32 x) public pure {
        uint256 magnitude = uint256(x < 0 ? -int256(x) : int256(x));
        uint256 lost = magnitude >> 24 == 0 ? 0 : magnitude & 0xff;
        if (lost == 0) assertEq(F32.toInt(F32.fromInt(x)), int256(x));
    }

    function test_fuzz_algebra(uint32 a, uint32 b) public pure {
        assertEq(F32.add(a, b), F32.add(b, a));
        assertEq(F32.mul(a, b), F32.mul(b, a));
        assertEq(F32.mul(a, F32.ONE), F32.canonical(a));
        assertEq(F32.mul(a, 0x40000000), F32.add(a, a));
        assertEq(F32.div(a, 0x3f000000), F32.add(a, a));
        if (!F32.isNaN(a) && !F32.isNaN(b)) assertEq(F32.lt(a, b), F32.lt(F32.neg(b), F32.neg(a)));
    }

    function test_fuzz_root_is_the_nearest(uint32 bits) public pure {
        uint256 a = bound(bits, 0x00800000, 0x7f7fffff);
        uint256 root = F32.sqrt(a);
        // The squares of the middles to both neighbours enclose a: (2r - 1)^2 < 4 a 2^n < (2r + 1)^2.
        uint256 e = root >> 23;
        uint256 r = (root & 0x7fffff) | 0x800000;
        uint256 left = ((a & 0x7fffff) | 0x800000) << 2;
        // r * 2^(e - 150) squared against a: align by 2^(ea - 150 - 2 (e - 150)) >= 1
        left <<= (a >> 23) + 150 - 2 * e;
        assertTrue((2 * r - 1) * (2 * r - 1) < left && left < (2 * r + 1) * (2 * r + 1));
    }

    function toInt(uint256 a) external pure returns (int256) {
        return F32.toInt(a);
    }
}
