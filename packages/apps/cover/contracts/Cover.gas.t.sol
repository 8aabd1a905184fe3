// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CoverSetup} from "./CoverSetup.t.sol";
import {ICover} from "./ICover.sol";

/// Gas on a plain ERC-20, each policy with an owner who never held the token before (the dearest case).
contract CoverGasTest is CoverSetup {
    uint256 constant POLICIES = 1_000;

    function setUp() public override {
        super.setUp();
        ICover.Terms memory t = defaultTerms();
        t.callbackGas = 250_000;
        openRisk(t);
        vm.warp(start + 2 days);
    }

    function test_gas_of_settling_1000_policies() public {
        vm.startPrank(farmer);
        for (uint160 i = 0; i < POLICIES; i++) cover.buy(1, 10e18, type(uint256).max, address(0x10000 + i));
        vm.stopPrank();
        assertTrue(oracle.report(ask(1), 0.5e18));
        assertEq(cover.risk(1).settled, 0);
        for (uint256 batch = 0; batch < 10; batch++) {
            uint256 before = gasleft();
            assertEq(cover.settle(1, 100), 100);
            assertLe((before - gasleft()) / 100, 60_000, "gas per policy");
        }
        assertEq(cover.risk(1).settled, POLICIES);
        assertEq(pool.claims(), 0);
        checkBooks();
    }

    function test_gas_snapshots() public {
        vm.prank(farmer);
        cover.buy(1, 10e18, type(uint256).max, farmer);
        vm.snapshotGasLastCall("Cover", "buy, first of a risk");
        vm.prank(farmer);
        cover.buy(1, 10e18, type(uint256).max, address(0x1234));
        vm.snapshotGasLastCall("Cover", "buy");
        bytes32 id = ask(1);
        oracle.report(id, 0.5e18);
        uint256 callback = oracle.burnedGas();
        assertLe(callback, 250_000, "the smallest callback gas records a decision");
        vm.snapshotValue("Cover", "onReport without settlement", callback);
        cover.settle(1, 1);
        vm.snapshotGasLastCall("Cover", "settle, one policy");
    }
}
