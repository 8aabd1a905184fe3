// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "./Test.sol";
import {TestToken} from "./TestToken.sol";

contract TestTokenTest is Test {
    TestToken token;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function setUp() public {
        token = new TestToken();
    }

    function test_describes_itself() public view {
        assertEq(token.symbol(), "aUSD");
        assertEq(token.decimals(), 18);
        assertEq(token.totalSupply(), 0);
    }

    function test_faucet_mints_up_to_the_cap(address to, uint256 amount) public {
        vm.assume(to != address(0));
        amount = bound(amount, 0, token.FAUCET_MAX());
        vm.expectEmit(address(token));
        emit Transfer(address(0), to, amount);
        token.faucet(to, amount);
        assertEq(token.balanceOf(to), amount);
    }

    function test_faucet_refuses_more(uint256 amount) public {
        uint256 limit = token.FAUCET_MAX();
        amount = bound(amount, limit + 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(TestToken.FaucetLimit.selector, amount, limit));
        token.faucet(address(this), amount);
    }
}
