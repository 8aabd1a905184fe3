// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IOracle} from "./IOracle.sol";

/// @title Policies: the terms under which an oracle answers (rule O1 of SPEC.md)
/// @dev A policy's id carries its terms, so a decision loads none of them from storage; what only a dispute or an
/// admission needs is stored under the id.
abstract contract Policies is IOracle {
    /// @dev What only a dispute needs of a policy; everything else is in the policy's id.
    struct Court {
        address arbiter;
        uint32 time;
    }

    uint256 internal constant BPS = 10_000;
    uint256 private constant MAX_OPERATORS = 64;
    uint256 private constant MAX_THRESHOLD = 32;
    uint256 private constant MAX_PERIOD = 365 days;

    mapping(bytes32 policyId => bytes32) private _digests;
    mapping(bytes32 policyId => Court) private _courts;
    /// @dev By policy: each listed operator, or address 0 where anyone may answer.
    mapping(bytes32 policyId => mapping(address operator => bool)) private _admitted;

    /// @inheritdoc IOracle
    function registerPolicy(Policy calldata p) external returns (bytes32 policyId) {
        if (p.threshold == 0 || p.threshold > MAX_THRESHOLD) revert BadPolicy("threshold");
        if (p.window == 0 || p.window > MAX_PERIOD) revert BadPolicy("window");
        if (p.courtTime == 0 || p.courtTime > MAX_PERIOD) revert BadPolicy("courtTime");
        if (p.bond == 0) revert BadPolicy("bond");
        if (p.royaltyBps > BPS) revert BadPolicy("royaltyBps");
        if (p.arbiter.code.length == 0) revert BadPolicy("arbiter");
        uint256 n = p.operators.length;
        if (n > MAX_OPERATORS || (n != 0 && n < p.threshold)) revert BadPolicy("operators");

        bytes32 digest = keccak256(abi.encode(p));
        policyId = _policyId(p, digest);
        if (_digests[policyId] == digest) return policyId;
        if (_digests[policyId] != 0) revert PolicyCollision(policyId);
        _digests[policyId] = digest;
        _courts[policyId] = Court(p.arbiter, p.courtTime);
        if (n == 0) _admitted[policyId][address(0)] = true;
        address previous;
        for (uint256 i; i < n; ++i) {
            address operator = p.operators[i];
            if (operator <= previous) revert BadPolicy("operators");
            _admitted[policyId][operator] = true;
            previous = operator;
        }
        emit PolicyRegistered(policyId, p);
    }

    /// @dev [ digest : 96 | bond : 96 | window : 32 | royaltyBps : 16 | threshold : 8 | open : 8 ]: the id of a policy
    /// carries the terms that every decision needs, so that none of them is loaded from storage.
    function _policyId(Policy calldata p, bytes32 digest) private pure returns (bytes32) {
        uint256 word = uint256(digest) >> 160 << 160;
        word |= uint256(p.bond) << 64 | uint256(p.window) << 32 | uint256(p.royaltyBps) << 16 | uint256(p.threshold) << 8;
        return bytes32(p.operators.length == 0 ? word | 1 : word);
    }

    function _bond(bytes32 policyId) internal pure returns (uint256) {
        return uint96(uint256(policyId) >> 64);
    }

    function _window(bytes32 policyId) internal pure returns (uint256) {
        return uint32(uint256(policyId) >> 32);
    }

    function _royaltyBps(bytes32 policyId) internal pure returns (uint256) {
        return uint16(uint256(policyId) >> 16);
    }

    function _threshold(bytes32 policyId) internal pure returns (uint256) {
        return uint8(uint256(policyId) >> 8);
    }

    function _open(bytes32 policyId) private pure returns (bool) {
        return uint8(uint256(policyId)) != 0;
    }

    /// @dev What stands behind an answer, and what a challenger puts against it.
    function _stakes(bytes32 policyId) internal pure returns (uint256) {
        return _threshold(policyId) * _bond(policyId);
    }

    /// @inheritdoc IOracle
    function policy(bytes32 id) external view returns (uint8, uint32, uint32, uint96, uint16, address, bool) {
        Court memory court = _courts[id];
        if (court.arbiter == address(0)) revert UnknownPolicy(id);
        return (
            uint8(_threshold(id)),
            uint32(_window(id)),
            court.time,
            uint96(_bond(id)),
            uint16(_royaltyBps(id)),
            court.arbiter,
            _open(id)
        );
    }

    /// @inheritdoc IOracle
    function isOperator(bytes32 policyId, address who) external view returns (bool) {
        return who != address(0) && _admitted[policyId][_open(policyId) ? address(0) : who];
    }

    function _admit(bytes32 policyId, address who) internal view {
        if (!_admitted[policyId][_open(policyId) ? address(0) : who]) revert NotOperator(policyId, who);
    }

    function _court(bytes32 policyId) internal view returns (Court memory) {
        return _courts[policyId];
    }
}
