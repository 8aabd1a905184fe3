// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "@base/testkit/contracts/Test.sol";
import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {Bonds} from "./Bonds.sol";

/// @notice A ledger whose inner moves the test makes itself.
contract OpenBonds is Bonds {
    constructor(IERC20 token_) Bonds(token_) {}

    function lock(address who, uint256 amount) external {
        _lock(who, amount);
    }

    function unlock(address who, uint256 amount, uint256 extra) external {
        _unlock(who, amount, extra);
    }

    function slash(address who, uint256 amount, address winner) external {
        _credit(winner, _slash(who, amount));
    }

    function move(address from, address to, uint256 amount) external {
        _debit(from, amount);
        _credit(to, amount);
    }
}

/// @notice Takes one per cent of every transfer.
contract TaxedToken is TestToken {
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        super._update(from, address(0xfee), value / 100);
        super._update(from, to, value - value / 100);
    }
}

/// @notice Calls back its sender's chosen target in the middle of a transfer, as ERC-777 tokens do.
contract HookToken is TestToken {
    address public target;
    bytes public data;
    bool public reentered;

    function hook(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0) || from == address(0)) return;
        address now_ = target;
        target = address(0);
        (reentered,) = now_.call(data);
    }
}

abstract contract BondsTest is Test {
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    TestToken internal token;
    OpenBonds internal bonds;
    address internal alice;
    address internal bob;

    function setUp() public virtual {
        _use(new TestToken());
    }

    function _use(TestToken token_) internal {
        token = token_;
        bonds = new OpenBonds(token_);
        alice = makeAddr("alice");
        bob = makeAddr("bob");
        token.faucet(alice, 1_000_000e18);
        token.faucet(bob, 1_000_000e18);
        vm.prank(alice);
        token.approve(address(bonds), type(uint256).max);
        vm.prank(bob);
        token.approve(address(bonds), type(uint256).max);
    }

    function _deposit(address who, uint256 amount) internal {
        vm.prank(who);
        bonds.deposit(who, amount);
    }

    function _assertAccount(address who, uint256 free, uint256 locked) internal view {
        (uint128 f, uint128 l) = bonds.account(who);
        assertEq(f, free, "free");
        assertEq(l, locked, "locked");
    }
}
