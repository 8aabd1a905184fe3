// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IBonds} from "./IBonds.sol";

/// @title Bonds: a ledger of one ERC-20, one slot per account (rules B1.. of SPEC.md)
/// @dev A protocol inherits it, so that locking, releasing and paying cost one storage write and no call between
/// contracts. Inheritors may move value between accounts, never create it: every `_debit` has to be matched by a
/// `_credit`, by value they hold in escrow, or by tokens they send out.
abstract contract Bonds is IBonds, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Nobody has its key and the ledger never lets it withdraw: what is credited here is gone.
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    IERC20 internal immutable _token;

    /// @dev Locked part in the upper 128 bits, free part in the lower 128.
    mapping(address who => uint256) private _accounts;

    constructor(IERC20 token_) {
        if (address(token_) == address(0)) revert ZeroAddress();
        _token = token_;
    }

    /// @inheritdoc IBonds
    function deposit(address to, uint256 amount) external nonReentrant returns (uint256 credited) {
        if (to == address(0)) revert ZeroAddress();
        uint256 before = _token.balanceOf(address(this));
        _token.safeTransferFrom(msg.sender, address(this), amount);
        credited = _token.balanceOf(address(this)) - before;
        if (credited == 0) revert ZeroAmount();
        _credit(to, credited);
        emit Deposited(msg.sender, to, credited);
    }

    /// @inheritdoc IBonds
    function withdraw(uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        if (msg.sender == BURN) revert InsufficientFree(BURN, amount, 0);
        _debit(msg.sender, amount);
        _afterDebit(msg.sender);
        emit Withdrawn(msg.sender, amount);
        _token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IBonds
    function account(address who) public view returns (uint128 free, uint128 locked) {
        uint256 word = _accounts[who];
        return (uint128(word), uint128(word >> 128));
    }

    /// @inheritdoc IBonds
    function burned() external view returns (uint256 amount) {
        (amount,) = account(BURN);
    }

    /// @inheritdoc IBonds
    function token() external view returns (address) {
        return address(_token);
    }

    /// @dev Hook for ledgers where some accounts must keep a free balance; reverts to refuse the withdrawal.
    function _afterDebit(address who) internal virtual {}

    /// @dev Adds to the free part of `who`.
    function _credit(address who, uint256 amount) internal {
        uint256 word = _accounts[who];
        _accounts[who] = _plusFree(word, amount);
    }

    /// @dev Takes from the free part of `who`.
    function _debit(address who, uint256 amount) internal {
        uint256 word = _accounts[who];
        _accounts[who] = _minusFree(who, word, amount);
    }

    /// @dev Moves from free to locked.
    function _lock(address who, uint256 amount) internal {
        uint256 word = _minusFree(who, _accounts[who], amount);
        uint256 locked = (word >> 128) + amount;
        if (locked > type(uint128).max) revert AmountTooLarge(locked);
        _accounts[who] = (locked << 128) | uint128(word);
    }

    /// @dev Moves from locked to free and adds `extra` to the free part, in one write.
    function _unlock(address who, uint256 amount, uint256 extra) internal {
        _accounts[who] = _plusFree(_minusLocked(who, _accounts[who], amount), amount + extra);
    }

    /// @dev Takes `amount` from the locked part; half of it, rounded up, is burned. The caller must credit the rest.
    /// @return rest What is left for the winner: half, rounded down.
    function _slash(address who, uint256 amount) internal returns (uint256 rest) {
        _accounts[who] = _minusLocked(who, _accounts[who], amount);
        rest = amount / 2;
        _credit(BURN, amount - rest);
        emit Slashed(who, amount, amount - rest);
    }

    function _plusFree(uint256 word, uint256 amount) private pure returns (uint256) {
        uint256 free = uint128(word) + amount;
        if (free > type(uint128).max) revert AmountTooLarge(free);
        return (word >> 128 << 128) | free;
    }

    function _minusFree(address who, uint256 word, uint256 amount) private pure returns (uint256) {
        if (uint128(word) < amount) revert InsufficientFree(who, amount, uint128(word));
        return word - amount;
    }

    function _minusLocked(address who, uint256 word, uint256 amount) private pure returns (uint256) {
        if (word >> 128 < amount) revert InsufficientLocked(who, amount, word >> 128);
        return word - (amount << 128);
    }
}
