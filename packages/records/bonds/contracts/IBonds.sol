// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IBonds: who stands for it, and with how much
/// @notice A ledger of one ERC-20 inside the contract that inherits it. Every account has a free part, which it
/// may withdraw, and a locked part, which stands for something and is released or slashed by the contract.
/// @dev Safety rests on: the ERC-20's `balanceOf` and transfers are honest (fee-on-transfer is measured, rebasing
/// tokens are not supported). Liveness: a withdrawal depends on the caller alone. Nobody has a key to the funds.
interface IBonds {
    event Deposited(address indexed from, address indexed to, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);
    /// @notice `account` lost `amount` of its locked part; `burned` of it went to the burn account for good.
    event Slashed(address indexed account, uint256 amount, uint256 burned);

    error InsufficientFree(address account, uint256 needed, uint256 free);
    error InsufficientLocked(address account, uint256 needed, uint256 locked);
    error AmountTooLarge(uint256 amount);
    error ZeroAmount();
    error ZeroAddress();

    /// @notice Takes `amount` from the caller's ERC-20 allowance and credits what arrived to the free part of `to`.
    /// @return credited What arrived, in token units.
    function deposit(address to, uint256 amount) external returns (uint256 credited);

    /// @notice Sends `amount` of the caller's free part to the caller.
    function withdraw(uint256 amount) external;

    /// @notice Free and locked parts of `account`, in token units.
    function account(address who) external view returns (uint128 free, uint128 locked);

    /// @notice Everything burned so far: the free part of the burn account, which has no key.
    function burned() external view returns (uint256);

    /// @notice The ERC-20 of this ledger.
    function token() external view returns (address);
}
