// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "./Test.sol";

/// @dev Calls the assertions from outside, so that their failures can be seen.
contract Assertions is Test {
    function eq(uint256 left, uint256 right) external pure {
        assertEq(left, right);
    }

    function eqBytes(bytes calldata left, bytes calldata right) external pure {
        assertEq(left, right, "bytes");
    }

    function less(int256 left, int256 right) external pure {
        assertLt(left, right);
    }

    function no(bool value) external pure {
        assertFalse(value);
    }
}

contract Counter {
    uint256 public count;
    address public last;

    function add(uint256 by) external {
        count += by % 7;
        last = msg.sender;
    }

    function never() external {
        count = type(uint256).max;
    }
}

contract TestTest is Test {
    Assertions asserts;

    function setUp() public {
        asserts = new Assertions();
    }

    function test_assertions_fail_when_they_should() public {
        asserts.eq(1, 1);
        vm.expectRevert();
        asserts.eq(1, 2);
        vm.expectRevert();
        asserts.eqBytes("a", "b");
        vm.expectRevert();
        asserts.less(0, -1);
        vm.expectRevert();
        asserts.no(true);
    }

    function test_bound_stays_inside(uint256 value, uint256 low, uint256 high) public pure {
        if (low > high) (low, high) = (high, low);
        uint256 result = bound(value, low, high);
        assertGe(result, low);
        assertLe(result, high);
        if (value >= low && value <= high) assertEq(result, value);
    }

    function test_bound_signed_stays_inside(int256 value, int256 low, int256 high) public pure {
        if (low > high) (low, high) = (high, low);
        int256 result = bound(value, low, high);
        assertGe(result, low);
        assertLe(result, high);
        if (value >= low && value <= high) assertEq(result, value);
    }

    function test_named_accounts_sign() public {
        (address account, uint256 key) = makeAddrAndKey("alice");
        assertEq(account, makeAddr("alice"));
        assertNotEq(account, makeAddr("bob"));
        bytes32 digest = keccak256("message");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        assertEq(ecrecover(digest, v, r, s), account);
        assertEq(signature(key, digest).length, 65);
    }

    function test_time_and_blocks_move() public {
        uint256 time = vm.getBlockTimestamp();
        uint256 height = vm.getBlockNumber();
        skip(90 days);
        skipBlocks(3);
        assertEq(vm.getBlockTimestamp(), time + 90 days);
        assertEq(vm.getBlockNumber(), height + 3);
    }
}

contract TestInvariantTest is Test {
    Counter counter;
    address sender;

    function setUp() public {
        counter = new Counter();
        sender = makeAddr("the only sender");
        bytes4[] memory only = new bytes4[](1);
        only[0] = Counter.add.selector;
        targetContract(address(counter));
        targetSelector(FuzzSelector(address(counter), only));
        targetSender(sender);
    }

    function invariant_only_the_targets_are_called() public view {
        assertLt(counter.count(), 10_000);
        if (counter.last() != address(0)) assertEq(counter.last(), sender);
    }
}
