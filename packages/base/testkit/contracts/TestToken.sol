// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Assay devnet dollar (aUSD)
/// @notice An ERC-20 with 18 decimals and ERC-2612 permits that anybody may mint: money for devnets and tests.
/// @dev Worth nothing by design. Production deployments pass the address of a real token instead.
contract TestToken is ERC20, ERC20Permit {
    /// @notice The most that one faucet call mints: 10 million aUSD, in units of 1e-18 aUSD.
    uint256 public constant FAUCET_MAX = 10_000_000e18;

    /// @notice One faucet call asked for more than `FAUCET_MAX`.
    error FaucetLimit(uint256 asked, uint256 limit);

    constructor() ERC20("Assay devnet dollar", "aUSD") ERC20Permit("Assay devnet dollar") {}

    /// @notice Mints `amount` (units of 1e-18 aUSD) to `to`; reverts with FaucetLimit above `FAUCET_MAX`.
    function faucet(address to, uint256 amount) external {
        if (amount > FAUCET_MAX) revert FaucetLimit(amount, FAUCET_MAX);
        _mint(to, amount);
    }
}
