// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAssets} from "./IAssets.sol";
import {AssetsTest} from "./AssetsTest.t.sol";

contract AssetsInvariantTest is AssetsTest {
    address[] internal people;

    function setUp() public override {
        super.setUp();
        people = [alice, bob, carol];
        bytes4[] memory moves = new bytes4[](5);
        moves[0] = this.publish.selector;
        moves[1] = this.buy.selector;
        moves[2] = this.withdraw.selector;
        moves[3] = this.transfer.selector;
        moves[4] = this.reprice.selector;
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), moves));
    }

    function publish(uint256 who, uint16 bps, uint128 price, uint256 a, uint256 b) external {
        uint256 n = assets.count();
        uint256[] memory parents = n == 0 ? _none() : _list(a % n + 1);
        if (n > 1 && a % n != b % n) parents = _list(a % n + 1, b % n + 1);
        IAssets.Publication memory p =
            _publication(uint16(bound(bps, 0, 3000)), uint128(bound(price, 0, 1000e18)), parents);
        vm.prank(people[who % 3]);
        try assets.publish(p) {}
        catch (bytes memory why) {
            assertTrue(
                bytes4(why) == IAssets.RoyaltyStackTooHigh.selector || bytes4(why) == IAssets.TooManyAncestors.selector
            );
        }
    }

    function buy(uint256 id, uint160 to) external {
        uint256 n = assets.count();
        if (n == 0 || to == 0) return;
        id = id % n + 1;
        if (assets.hasAccess(id, address(to))) return;
        _buy(id, address(to));
    }

    function withdraw(uint256 who) external {
        if (assets.balance(people[who % 3]) == 0) return;
        vm.prank(people[who % 3]);
        assets.withdraw();
    }

    function transfer(uint256 id, uint256 to) external {
        uint256 n = assets.count();
        if (n == 0) return;
        address owner = assets.ownerOf(id % n + 1);
        vm.prank(owner);
        assets.transferFrom(owner, people[to % 3], id % n + 1);
    }

    function reprice(uint256 id, uint128 price) external {
        uint256 n = assets.count();
        if (n == 0) return;
        vm.prank(assets.ownerOf(id % n + 1));
        assets.setPrice(id % n + 1, uint128(bound(price, 0, 1000e18)));
    }

    function invariant_A7_balancesAreTheMoneyHeld() public view {
        uint256 sum;
        for (uint256 i; i < people.length; ++i) {
            sum += assets.balance(people[i]);
        }
        assertEq(sum, token.balanceOf(address(assets)));
    }

    function invariant_A5_sharesAddUpTo100Percent() public view {
        for (uint256 id = 1; id <= assets.count(); ++id) {
            (uint256[] memory ids, uint256[] memory bps) = assets.splitOf(id);
            uint256 sum;
            for (uint256 i; i < bps.length; ++i) {
                sum += bps[i];
                assertLe(ids[i], id, "ancestors come first");
            }
            assertEq(sum, 10_000);
            (, uint256[] memory amounts) = assets.payees(id, 999_999_999_999_999_937);
            sum = 0;
            for (uint256 i; i < amounts.length; ++i) {
                sum += amounts[i];
            }
            assertEq(sum, 999_999_999_999_999_937);
        }
    }
}
