// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Merkle} from "@base/bytes/contracts/Merkle.sol";

/// @title Proofs that somebody holds a file
/// @notice A file's sectors of 1,024 bytes are the leaves of an RFC 6962 tree whose root its publisher put on record.
/// Randomness that nobody knew before chooses sectors; who shows them with their paths holds them, or paid somebody who
/// does to answer in time.
/// @dev Twin of `src/possession.ts`, on the same vector. A holder of a share p of the sectors answers `count` challenges
/// with probability p^count: ask often. The caller sees to it that the seed was not known when the bytes could be dropped.
library Possession {
    /// @notice Bytes of every sector but the last.
    uint256 internal constant SECTOR = 1024;

    /// @notice A proof for another sector than the challenged one, or of another length.
    error WrongSector(uint256 position, uint256 length);
    /// @notice A sector that does not stand under the root at its place.
    error NotHeld(uint256 position, uint256 index);

    /// @notice One sector and its siblings from the lowest level upwards.
    struct Proof {
        bytes data;
        bytes32[] path;
    }

    /// @notice The sector that challenge `position` of this seed asks for.
    function indexOf(bytes32 seed, uint256 position, uint256 sectors) internal pure returns (uint256) {
        return uint256(sha256(abi.encode(seed, position))) % sectors;
    }

    /// @notice Reverts unless every challenged sector is shown, in order.
    /// @param root Root over the sectors. @param sectors How many there are, above 0. @param seed Randomness.
    function check(bytes32 root, uint256 sectors, bytes32 seed, Proof[] calldata proofs) internal view {
        for (uint256 position; position < proofs.length; ++position) {
            Proof calldata proof = proofs[position];
            uint256 index = indexOf(seed, position, sectors);
            uint256 length = proof.data.length;
            bool whole = index + 1 < sectors ? length == SECTOR : length != 0 && length <= SECTOR;
            if (!whole) revert WrongSector(position, length);
            bytes32 leaf = Merkle.leafHash(proof.data);
            if (!Merkle.verifyInclusion(root, sectors, index, leaf, proof.path)) revert NotHeld(position, index);
        }
    }
}
