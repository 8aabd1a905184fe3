// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bonds} from "@records/bonds/contracts/Bonds.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IDisputes} from "./IDisputes.sol";
import {JobLib} from "./Job.sol";

/// @title Claims: who stands for which result, with what bond, until when (rules D1 to D4 of SPEC.md)
/// @dev A stand is one storage slot that serves its owner again and again, so that a claim nobody disputes costs two
/// cheap writes. What happens in a game is decided in Disputes.
abstract contract Claims is IDisputes, Bonds {
    /// @dev digest 184 | deadline 40 | open games 24 | status 4 | rung 4
    mapping(address claimant => mapping(uint64 stand => uint256)) internal _stands;

    uint128 internal immutable _claimBond;
    uint40 internal immutable _window;

    constructor(IERC20 token_, uint128 claimBond_, uint40 window_) Bonds(token_) {
        (_claimBond, _window) = (claimBond_, window_);
    }

    /// @inheritdoc IDisputes
    function post(uint64 stand, bytes32 job, bytes32 result, bytes32 manifest) external {
        uint256 word = _stands[msg.sender][stand];
        ClaimStatus before = _statusOf(word);
        if (before == ClaimStatus.STANDING || word & 0xffffff00 != 0) revert StandInUse(msg.sender, stand);
        if (before == ClaimStatus.FINAL) {
            if (word & 0xf != 0) _unlock(msg.sender, _grown(word & 0xf), 0);
        } else {
            _lock(msg.sender, _claimBond);
        }
        _stands[msg.sender][stand] = _digest(msg.sender, stand, job, result) << 72 | (block.timestamp + _window) << 32
            | uint256(ClaimStatus.STANDING) << 4;
        emit Claimed(msg.sender, stand, job, result, manifest);
    }

    /// @inheritdoc IDisputes
    function finalise(address claimant, uint64 stand) external {
        uint256 word = _stands[claimant][stand];
        // Time and games make a claim final; nothing has to be written.
        if (_statusOf(word) != ClaimStatus.FINAL) revert WindowOpen(uint40(word >> 32));
        emit Finalised(claimant, stand);
    }

    /// @inheritdoc IDisputes
    function release(uint64 stand) external {
        uint256 word = _stands[msg.sender][stand];
        if (_statusOf(word) != ClaimStatus.FINAL) revert StandInUse(msg.sender, stand);
        delete _stands[msg.sender][stand];
        _unlock(msg.sender, _claimBond + _grown(word & 0xf), 0);
        emit Released(msg.sender, stand);
    }

    /// @notice Defeats a claim about a job whose numbers make no sense; half of its bond goes to the caller.
    function refute(address claimant, uint64 stand, bytes32 result, JobLib.Job calldata job) external {
        uint256 word = _openClaim(claimant, stand, JobLib.hash(job), result);
        if (JobLib.sound(job)) revert JobIsSound(JobLib.hash(job));
        emit Refuted(claimant, stand, msg.sender);
        uint256 rest = _defeat(claimant, stand, word);
        _credit(msg.sender, rest);
    }

    /// @inheritdoc IDisputes
    function claimOf(address claimant, uint64 stand)
        external
        view
        returns (ClaimStatus status, uint256 digest, uint256 deadline, uint256 games)
    {
        uint256 word = _stands[claimant][stand];
        return (_statusOf(word), word >> 72, uint40(word >> 32), uint24(word >> 8));
    }

    /// @inheritdoc IDisputes
    function statusOf(address claimant, uint64 stand, bytes32 job, bytes32 result)
        external
        view
        returns (ClaimStatus)
    {
        uint256 word = _stands[claimant][stand];
        if (word >> 72 != _digest(claimant, stand, job, result)) return ClaimStatus.NONE;
        return _statusOf(word);
    }

    function _statusOf(uint256 word) internal view returns (ClaimStatus status) {
        status = ClaimStatus((word >> 4) & 0xf);
        if (status == ClaimStatus.STANDING && block.timestamp > uint40(word >> 32) && word & 0xffffff00 == 0) {
            status = ClaimStatus.FINAL;
        }
    }

    function _digest(address claimant, uint64 stand, bytes32 job, bytes32 result) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(claimant, stand, job, result))) >> 72;
    }

    /// @dev The stand's word when this very claim stands there and its window is open.
    function _openClaim(address claimant, uint64 stand, bytes32 job, bytes32 result) internal view returns (uint256 word) {
        word = _stands[claimant][stand];
        if ((word >> 4) & 0xf != uint256(ClaimStatus.STANDING)) revert NotOpen(claimant, stand);
        if (word >> 72 != _digest(claimant, stand, job, result)) revert WrongClaim(claimant, stand);
        if (block.timestamp > uint40(word >> 32)) revert WindowOver(uint40(word >> 32));
    }

    /// @dev What the claim's bond has grown by at rung 1 and 2.
    function _grown(uint256 rung) internal view returns (uint256) {
        return rung == 0 ? 0 : rung == 1 ? 2 * uint256(_claimBond) : 6 * uint256(_claimBond);
    }

    /// @dev The first game of a claim that comes to a rung makes the claimant's bond grow, once.
    function _grow(State memory s, uint256 rung) internal {
        uint256 word = _stands[s.claimant][s.stand];
        if (word & 0xf >= rung) return;
        _lock(s.claimant, _grown(rung) - _grown(word & 0xf));
        _stands[s.claimant][s.stand] = (word & ~uint256(0xf)) | rung;
    }

    /// @dev Takes the claim's whole bond; half of it is burned.
    function _defeat(address claimant, uint64 stand, uint256 word) internal returns (uint256 rest) {
        _stands[claimant][stand] = (word & ~uint256(0xff)) | uint256(ClaimStatus.DEFEATED) << 4;
        return _slash(claimant, _claimBond + _grown(word & 0xf));
    }
}
