// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC4626, ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICoverPool, ICoverProduct} from "./ICoverPool.sol";

/// @title Capital behind the policies of one product (see ICoverPool; rules C1, C2, C8-C11 of SPEC.md)
/// @dev No owner, no upgrade, no way to the money but shares, policies and the oracle fee of a risk.
contract CoverPool is ICoverPool, ERC4626, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Gas that a payout transfer gets: ample for an ERC-20, too little to starve the policies behind it.
    uint256 public constant TRANSFER_GAS = 150_000;
    /// @dev Least gas before the transfer, so that 63/64 of it is at least TRANSFER_GAS, and the bookkeeping after.
    uint256 private constant PAY_GAS = TRANSFER_GAS + TRANSFER_GAS / 63 + 60_000;

    /// @inheritdoc ICoverPool
    address public immutable product;
    /// @inheritdoc ICoverPool
    uint256 public lockedCapital;
    /// @inheritdoc ICoverPool
    uint256 public unearnedPremium;
    /// @inheritdoc ICoverPool
    uint256 public claims;
    /// @inheritdoc ICoverPool
    mapping(address account => uint256) public owed;

    modifier onlyProduct() {
        if (msg.sender != product) revert NotProduct(msg.sender, product);
        _;
    }

    /// @dev The deployer is the product: Cover creates its pool in its own constructor.
    constructor(IERC20 asset_, string memory name_, string memory symbol_) ERC20(name_, symbol_) ERC4626(asset_) {
        product = msg.sender;
    }

    // ------------------------------------------------------------------ investors

    /// @notice The investors' assets: balance less unearned premiums less claims (C8); 0 if the asset lost balances.
    function totalAssets() public view override(IERC4626, ERC4626) returns (uint256) {
        return Math.saturatingSub(_balance(), unearnedPremium + claims);
    }

    /// @inheritdoc ICoverPool
    function freeCapital() public view returns (uint256) {
        return Math.saturatingSub(totalAssets(), lockedCapital);
    }

    /// @notice 0 while a decision is awaited (C9), else unlimited.
    function maxDeposit(address) public view override(IERC4626, ERC4626) returns (uint256) {
        return _open() ? type(uint256).max : 0;
    }

    /// @notice 0 while a decision is awaited (C9), else unlimited.
    function maxMint(address) public view override(IERC4626, ERC4626) returns (uint256) {
        return _open() ? type(uint256).max : 0;
    }

    /// @notice The owner's assets, at most the free capital; 0 while a decision is awaited (C9, C10). Rounds down.
    function maxWithdraw(address owner) public view override(IERC4626, ERC4626) returns (uint256) {
        return _open() ? Math.min(_convertToAssets(balanceOf(owner), Math.Rounding.Floor), freeCapital()) : 0;
    }

    /// @notice All shares where their assets are free, else those of the free capital; rounds down, so redeeming them
    /// never takes more than is free.
    function maxRedeem(address owner) public view override(IERC4626, ERC4626) returns (uint256) {
        if (!_open()) return 0;
        uint256 shares = balanceOf(owner);
        uint256 free = freeCapital();
        if (_convertToAssets(shares, Math.Rounding.Floor) <= free) return shares;
        return Math.min(shares, _convertToShares(free, Math.Rounding.Floor));
    }

    /// @inheritdoc ICoverPool
    function withdrawOwed(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed(msg.sender);
        owed[msg.sender] = 0;
        claims -= amount;
        emit OwedWithdrawn(msg.sender, to, amount);
        IERC20(asset()).safeTransfer(to, amount);
    }

    // ------------------------------------------------------------------ product

    /// @inheritdoc ICoverPool
    /// @dev The premium is counted after it arrived: a token that calls out on the way sees the state of before, and
    /// the guard keeps it from every function that could use it.
    function collect(address payer, uint256 premium, uint256 capital) external onlyProduct nonReentrant {
        uint256 free = freeCapital();
        if (capital > free) revert NotEnoughCapital(capital, free);
        lockedCapital += capital;
        _receive(payer, premium);
        unearnedPremium += premium;
        emit PremiumCollected(payer, premium, capital);
    }

    /// @inheritdoc ICoverPool
    function payFee(uint256 amount) external onlyProduct nonReentrant {
        lockedCapital -= amount;
        IERC20(asset()).safeTransfer(product, amount);
    }

    /// @inheritdoc ICoverPool
    function release(uint256 capital, uint256 premium, uint256 claims_) external onlyProduct nonReentrant {
        lockedCapital -= capital;
        unearnedPremium -= premium;
        claims += claims_;
        emit RiskReleased(capital, premium, claims_);
    }

    /// @inheritdoc ICoverPool
    function pay(address to, uint256 amount) external onlyProduct nonReentrant returns (bool delivered) {
        if (gasleft() < PAY_GAS) revert NotEnoughGas(gasleft(), PAY_GAS);
        claims -= amount;
        delivered = _tryTransfer(to, amount);
        if (delivered) {
            emit ClaimPaid(to, amount);
        } else {
            claims += amount;
            owed[to] += amount;
            emit ClaimDeferred(to, amount);
        }
    }

    /// @inheritdoc ICoverPool
    function returnClaims(uint256 amount) external onlyProduct nonReentrant {
        claims -= amount;
        emit ClaimsReturned(amount);
    }

    // ------------------------------------------------------------------ inside

    /// @dev 10^6 virtual shares per asset unit: moving the share price by a donation costs a million times the gain.
    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares)
        internal
        override
        nonReentrant
    {
        _receive(caller, assets);
        _mint(receiver, shares);
        emit Deposit(caller, receiver, assets, shares);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
        nonReentrant
    {
        super._withdraw(caller, receiver, owner, assets, shares);
    }

    function _open() private view returns (bool) {
        return !ICoverProduct(product).awaitingDecision();
    }

    function _balance() private view returns (uint256) {
        return IERC20(asset()).balanceOf(address(this));
    }

    /// @dev Takes exactly `amount`, measured by balance.
    function _receive(address from, uint256 amount) private {
        uint256 before = _balance();
        IERC20(asset()).safeTransferFrom(from, address(this), amount);
        uint256 received = Math.saturatingSub(_balance(), before);
        if (received != amount) revert WrongAmountReceived(received, amount);
    }

    /// @dev A transfer that reports failure instead of reverting, with bounded gas and no copy of long return data.
    function _tryTransfer(address to, uint256 amount) private returns (bool success) {
        bytes memory call_ = abi.encodeCall(IERC20.transfer, (to, amount));
        address token = asset();
        uint256 gas_ = TRANSFER_GAS;
        assembly ("memory-safe") {
            mstore(0, 0)
            success := call(gas_, token, 0, add(call_, 32), mload(call_), 0, 32)
            // Done when nothing came back (old tokens) or the word true did.
            success := and(success, or(iszero(returndatasize()), and(gt(returndatasize(), 31), eq(mload(0), 1))))
        }
    }
}
