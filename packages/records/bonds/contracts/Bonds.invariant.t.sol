// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBonds} from "./IBonds.sol";
import {BondsTest, TaxedToken} from "./BondsTest.t.sol";

contract BondsInvariantTest is BondsTest {
    address[] internal people;

    function setUp() public virtual override {
        super.setUp();
        _start();
    }

    function _start() internal {
        people = [alice, bob, makeAddr("carol"), BURN];
        bytes4[] memory moves = new bytes4[](6);
        moves[0] = this.put.selector;
        moves[1] = this.take.selector;
        moves[2] = this.lock.selector;
        moves[3] = this.unlock.selector;
        moves[4] = this.slash.selector;
        moves[5] = this.move.selector;
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), moves));
    }

    function put(uint256 who, uint256 to, uint128 amount) external {
        vm.prank(people[who % 2]);
        bonds.deposit(people[to % 3], bound(amount, 2, 1000e18));
    }

    function take(uint256 who, uint128 amount) external {
        address account = people[who % 3];
        (uint128 free,) = bonds.account(account);
        if (free == 0) return;
        vm.prank(account);
        bonds.withdraw(bound(amount, 1, free));
    }

    function lock(uint256 who, uint128 amount) external {
        (uint128 free, uint128 locked) = bonds.account(people[who % 3]);
        amount = uint128(bound(amount, 0, free));
        bonds.lock(people[who % 3], amount);
        _assertAccount(people[who % 3], free - amount, locked + amount);
    }

    function unlock(uint256 who, uint128 amount) external {
        (uint128 free, uint128 locked) = bonds.account(people[who % 3]);
        amount = uint128(bound(amount, 0, locked));
        bonds.unlock(people[who % 3], amount, 0);
        _assertAccount(people[who % 3], free + amount, locked - amount);
    }

    function slash(uint256 who, uint256 winner, uint128 amount) external {
        (, uint128 locked) = bonds.account(people[who % 3]);
        amount = uint128(bound(amount, 0, locked));
        uint256 before = bonds.burned();
        bonds.slash(people[who % 3], amount, people[winner % 3]);
        assertEq(bonds.burned() - before, amount - amount / 2, "B4: at least half is burned");
    }

    function move(uint256 from, uint256 to, uint128 amount) external {
        (uint128 free,) = bonds.account(people[from % 3]);
        bonds.move(people[from % 3], people[to % 3], bound(amount, 0, free));
    }

    function invariant_B1_sumOfAccountsIsTheBalance() public view {
        uint256 sum;
        for (uint256 i; i < people.length; ++i) {
            (uint128 free, uint128 locked) = bonds.account(people[i]);
            sum += uint256(free) + locked;
        }
        assertEq(sum, token.balanceOf(address(bonds)));
    }

    function test_moves_beyondTheParts_revert() public {
        _deposit(alice, 10);
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientFree.selector, alice, 11, 10));
        bonds.lock(alice, 11);
        bonds.lock(alice, 4);
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientLocked.selector, alice, 5, 4));
        bonds.unlock(alice, 5, 0);
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientLocked.selector, alice, 5, 4));
        bonds.slash(alice, 5, bob);
        vm.expectRevert(abi.encodeWithSelector(IBonds.InsufficientFree.selector, alice, 7, 6));
        bonds.move(alice, bob, 7);
    }
}

contract BondsTaxedTokenInvariantTest is BondsInvariantTest {
    function setUp() public override {
        _use(new TaxedToken());
        _start();
    }
}
