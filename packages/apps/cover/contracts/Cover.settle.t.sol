// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {CoverSetup} from "./CoverSetup.t.sol";
import {ICover} from "./ICover.sol";
import {ICoverPool} from "./ICoverPool.sol";

contract CoverSettleTest is CoverSetup {
    uint256 riskId;

    function setUp() public override {
        super.setUp();
        ICover.Terms memory t = defaultTerms();
        // Only the decision itself: all settlement is left to `settle`.
        t.callbackGas = 250_000;
        riskId = openRisk(t);
        vm.warp(start + 2 days);
    }

    function test_settle_resumes_where_it_stopped() public {
        address[] memory owners = _policies(7, 100e18);
        _decide(0.55e18);
        assertEq(cover.risk(riskId).settled, 0);
        assertEq(pool.claims(), 7 * 37.5e18);
        assertEq(cover.settle(riskId, 3), 3);
        assertEq(cover.risk(riskId).cursor, 3);
        assertEq(token.balanceOf(owners[2]), 37.5e18);
        assertEq(token.balanceOf(owners[3]), 0);
        assertEq(cover.settle(riskId, 3), 3);
        assertEq(cover.settle(riskId, 3), 1);
        assertEq(cover.settle(riskId, 3), 0);
        for (uint256 i = 0; i < 7; i++) assertEq(token.balanceOf(owners[i]), 37.5e18);
        checkBooks();
    }

    /// C2: in order, out of order or both, each policy is paid once.
    function test_settlePolicy_out_of_order_and_only_once() public {
        address[] memory owners = _policies(4, 100e18);
        _decide(0.55e18);
        uint256 third = 1_000_000 * riskId + 3;
        bytes32 requestId = cover.risk(riskId).requestId;
        vm.expectEmit(address(cover));
        emit ICover.PolicyPaid(third, riskId, owners[2], requestId, 37.5e18, true);
        assertEq(cover.settlePolicy(third), 37.5e18);
        vm.expectRevert(abi.encodeWithSelector(ICover.AlreadySettled.selector, third));
        cover.settlePolicy(third);
        assertEq(cover.settle(riskId, 3), 2, "the third was visited, not paid");
        assertEq(cover.settle(riskId, 3), 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.AlreadySettled.selector, third + 1));
        cover.settlePolicy(third + 1);
        for (uint256 i = 0; i < 4; i++) assertEq(token.balanceOf(owners[i]), 37.5e18);
        assertEq(pool.claims(), 0);
        checkBooks();
    }

    /// Dust policies settled out of order in front of others cost a visit each, never an unbounded loop.
    function test_settle_visits_count_against_max() public {
        _policies(10, 1e18);
        _decide(0);
        for (uint256 i = 1; i <= 8; i++) cover.settlePolicy(1_000_000 * riskId + i);
        assertEq(cover.settle(riskId, 4), 0);
        assertEq(cover.settle(riskId, 4), 0);
        assertEq(cover.settle(riskId, 4), 2);
    }

    function test_settle_before_the_end_reverts() public {
        _policies(1, 1e18);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Open));
        cover.settle(riskId, 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Open));
        cover.settlePolicy(1_000_000 * riskId + 1);
        ask(riskId);
        vm.expectRevert(abi.encodeWithSelector(ICover.WrongStatus.selector, riskId, ICover.Status.Requested));
        cover.settle(riskId, 1);
        vm.expectRevert(abi.encodeWithSelector(ICover.UnknownPolicy.selector, 1_000_000 * riskId + 2));
        cover.settlePolicy(1_000_000 * riskId + 2);
        vm.expectRevert(abi.encodeWithSelector(ICover.UnknownPolicy.selector, 77));
        cover.policy(77);
    }

    /// C13: the payout goes to whoever holds the policy when it is settled.
    function test_settle_pays_the_holder_of_the_moment() public {
        address[] memory owners = _policies(1, 100e18);
        _decide(0);
        address buyer = makeAddr("buyer of the policy");
        vm.prank(owners[0]);
        cover.transferFrom(owners[0], buyer, 1_000_000 * riskId + 1);
        cover.settle(riskId, 1);
        assertEq(token.balanceOf(buyer), 75e18);
        assertEq(token.balanceOf(owners[0]), 0);
    }

    /// C11: one account that the token refuses does not hold up the others, and loses nothing.
    function test_settle_defers_what_the_token_refuses() public {
        address[] memory owners = _policies(3, 100e18);
        token.refuse(owners[1], true);
        _decide(0);
        vm.expectEmit(address(pool));
        emit ICoverPool.ClaimDeferred(owners[1], 75e18);
        assertEq(cover.settle(riskId, 10), 3);
        assertEq(token.balanceOf(owners[2]), 75e18);
        assertEq(pool.owed(owners[1]), 75e18);
        assertEq(pool.claims(), 75e18);
        checkBooks();
        address safe = makeAddr("safe");
        vm.prank(owners[1]);
        assertEq(pool.withdrawOwed(safe), 75e18);
        assertEq(token.balanceOf(safe), 75e18);
        vm.expectRevert(abi.encodeWithSelector(ICoverPool.NothingOwed.selector, owners[1]));
        vm.prank(owners[1]);
        pool.withdrawOwed(safe);
        checkBooks();
    }

    /// C11: a caller cannot make a transfer fail by sending too little gas.
    function test_settle_with_too_little_gas_reverts_instead_of_deferring() public {
        address[] memory owners = _policies(1, 100e18);
        _decide(0);
        for (uint256 gas_ = 60_000; gas_ < 420_000; gas_ += 12_000) {
            uint256 snapshot = vm.snapshotState();
            (bool ok,) = address(cover).call{gas: gas_}(abi.encodeCall(ICover.settle, (riskId, 1)));
            if (ok) assertEq(token.balanceOf(owners[0]), 75e18);
            assertEq(pool.owed(owners[0]), 0);
            vm.revertToState(snapshot);
        }
    }

    /// Rounding: each payout is floored, what is left goes back to the investors with the last policy.
    function test_settle_returns_the_remainder_to_the_investors() public {
        for (uint256 i = 0; i < 5; i++) buy(riskId, 1e18 + 7 * i + 1);
        uint256 before = token.balanceOf(farmer);
        _decide(0.333333333333333333e18);
        uint256 set = pool.claims();
        uint256 assets = pool.totalAssets();
        cover.settle(riskId, 10);
        uint256 paid = token.balanceOf(farmer) - before;
        assertLe(set - paid, 5);
        assertGt(set, paid);
        assertEq(pool.totalAssets() - assets, set - paid);
        assertEq(pool.claims(), 0);
        checkBooks();
    }

    /// C10: a token that calls out in the middle of a payout finds every door shut.
    function test_settle_cannot_be_re_entered() public {
        _policies(3, 100e18);
        _decide(0);
        bytes[7] memory attempts = [
            abi.encodeCall(ICover.settle, (riskId, 10)),
            abi.encodeCall(ICover.settlePolicy, (1_000_000 * riskId + 1)),
            abi.encodeCall(ICover.requestDecision, (riskId)),
            abi.encodeCall(ICover.expire, (riskId)),
            abi.encodeCall(ICover.returnFees, ()),
            abi.encodeCall(ICover.buy, (riskId, 1e18, 1e18, address(token))),
            abi.encodeCall(ICover.settle, (riskId, 1))
        ];
        for (uint256 i = 0; i < attempts.length; i++) {
            token.onTransfer(address(cover), attempts[i]);
            uint256 snapshot = vm.snapshotState();
            cover.settle(riskId, 1);
            assertFalse(token.hookSucceeded(), "re-entered the product");
            assertEq(cover.risk(riskId).settled, 1);
            vm.revertToState(snapshot);
        }
        bytes[4] memory doors = [
            abi.encodeCall(IERC4626.deposit, (1e18, address(token))),
            abi.encodeCall(IERC4626.redeem, (1e18, address(token), address(token))),
            abi.encodeCall(IERC4626.withdraw, (1e12, address(token), address(token))),
            abi.encodeCall(IERC4626.mint, (1e18, address(token)))
        ];
        // The token itself is an investor, so that without the guard its calls would go through.
        fund(address(token), 1_000e18);
        vm.startPrank(address(token));
        pool.deposit(100e18, address(token));
        vm.stopPrank();
        for (uint256 i = 0; i < doors.length; i++) {
            (bool open,) = _as(address(token), address(pool), doors[i]);
            assertTrue(open, "works outside a payout");
            token.onTransfer(address(pool), doors[i]);
            uint256 snapshot = vm.snapshotState();
            cover.settle(riskId, 1);
            assertFalse(token.hookSucceeded(), "re-entered the pool");
            vm.revertToState(snapshot);
            token.onTransfer(address(0), "");
        }
        checkBooks();
    }

    function test_withdrawOwed_cannot_be_re_entered() public {
        address[] memory owners = _policies(1, 100e18);
        token.refuse(owners[0], true);
        _decide(0);
        cover.settle(riskId, 1);
        token.onTransfer(address(pool), abi.encodeCall(ICoverPool.withdrawOwed, (owners[0])));
        vm.prank(owners[0]);
        pool.withdrawOwed(makeAddr("safe"));
        assertFalse(token.hookSucceeded());
        checkBooks();
    }

    function _as(address who, address target, bytes memory data) private returns (bool ok, bytes memory result) {
        vm.prank(who);
        return target.call(data);
    }

    function _policies(uint256 count, uint256 sumInsured) private returns (address[] memory owners) {
        owners = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            owners[i] = makeAddr(string.concat("owner", vm.toString(i)));
            vm.prank(farmer);
            cover.buy(riskId, sumInsured, type(uint256).max, owners[i]);
        }
    }

    function _decide(int256 output) private {
        assertTrue(oracle.report(ask(riskId), output));
    }
}
