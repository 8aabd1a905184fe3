// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title What a pool asks its product
interface ICoverProduct {
    /// @notice True while a risk with policies is past its maturity and neither decided nor expired (SPEC C9).
    function awaitingDecision() external view returns (bool);
}

/// @title Capital that stands behind the policies of one product: an ERC-4626 vault over one ERC-20
/// @notice Investors own `totalAssets()`: the balance less what is owed to others. Of that, `lockedCapital` may not
/// leave while policies could still claim it. All amounts are in units of the asset.
/// @dev Assumes for safety: the asset neither takes a fee on transfer (checked on the way in) nor shrinks balances.
/// Assumes for liveness: nothing; every function that ends a risk works whatever the receivers of money do.
interface ICoverPool is IERC4626 {
    /// @notice A premium came in and capital was locked behind its policy.
    event PremiumCollected(address indexed payer, uint256 premium, uint256 capital);
    /// @notice A risk ended: its capital is free again, its premium earned, and `claims` set aside for its policies.
    event RiskReleased(uint256 capital, uint256 premium, uint256 claims);
    /// @notice Money reached the account that a policy pays.
    event ClaimPaid(address indexed to, uint256 amount);
    /// @notice The asset refused the transfer; the account may fetch the amount by `withdrawOwed`.
    event ClaimDeferred(address indexed to, uint256 amount);
    /// @notice An account fetched what an earlier transfer could not deliver.
    event OwedWithdrawn(address indexed account, address indexed to, uint256 amount);
    /// @notice Set-aside money that rounding left over went back to the investors.
    event ClaimsReturned(uint256 amount);

    error NotProduct(address caller, address product);
    /// @notice The policy asks for more capital than is free.
    error NotEnoughCapital(uint256 wanted, uint256 free);
    /// @notice The asset delivered another amount than was sent: it takes a fee or plays tricks.
    error WrongAmountReceived(uint256 received, uint256 expected);
    /// @notice Too little gas to hand a transfer its full share; send more.
    error NotEnoughGas(uint256 left, uint256 needed);
    error NothingOwed(address account);

    /// @notice The only contract that may lock, pay and release; set once, in the constructor.
    function product() external view returns (address);

    /// @notice Capital that undecided policies may still claim, and oracle fees set aside.
    function lockedCapital() external view returns (uint256);

    /// @notice Premiums of undecided risks: held here, not yet the investors'.
    function unearnedPremium() external view returns (uint256);

    /// @notice Payouts and refunds that were decided and have not left yet (deferred ones included).
    function claims() external view returns (uint256);

    /// @notice What an account may fetch by `withdrawOwed`.
    function owed(address account) external view returns (uint256);

    /// @notice Investors' assets that no policy holds: what may be locked or withdrawn now.
    function freeCapital() external view returns (uint256);

    /// @notice Sends the caller's deferred money to `to`.
    function withdrawOwed(address to) external returns (uint256 amount);

    /// @notice Product only: takes `premium` from `payer` (who approved this pool) and locks `capital`.
    function collect(address payer, uint256 premium, uint256 capital) external;

    /// @notice Product only: sends a locked oracle fee to the product.
    function payFee(uint256 amount) external;

    /// @notice Product only: ends a risk; `capital` unlocks, `premium` is earned, `claims_` is set aside.
    function release(uint256 capital, uint256 premium, uint256 claims_) external;

    /// @notice Product only: pays set-aside money; never reverts because of `to`.
    /// @return delivered False when the amount was deferred to `owed`.
    function pay(address to, uint256 amount) external returns (bool delivered);

    /// @notice Product only: gives set-aside money that nobody can claim back to the investors.
    function returnClaims(uint256 amount) external;
}
