// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "@base/testkit/contracts/Test.sol";
import {Merkle} from "./Merkle.sol";
import {MerkleVectors} from "./MerkleVectors.t.sol";

contract MerkleCaller {
    function verifyInclusion(bytes32 root, uint256 size, uint256 index, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return Merkle.verifyInclusion(root, size, index, leaf, proof);
    }

    /// @dev Gas of the verification alone, without the call around it.
    function gasOf(bytes32 root, uint256 size, uint256 index, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool valid, uint256 used)
    {
        uint256 before = gasleft();
        valid = Merkle.verifyInclusion(root, size, index, leaf, proof);
        used = before - gasleft();
    }
}

contract MerkleTest is Test {
    MerkleCaller merkle;

    function setUp() public {
        merkle = new MerkleCaller();
    }

    function test_published_roots() public pure {
        bytes[] memory leaves = MerkleVectors.leaves();
        bytes32[] memory roots = MerkleVectors.roots();
        assertEq(roots[0], Merkle.EMPTY_ROOT);
        bytes32[] memory hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; i++) {
            hashes[i] = Merkle.leafHash(leaves[i]);
        }
        for (uint256 n = 1; n <= leaves.length; n++) {
            assertEq(_root(hashes, 0, n), roots[n]);
        }
    }

    function test_published_inclusion_cases() public view {
        assertGt(MerkleVectors.CASES, 30);
        for (uint256 i = 0; i < MerkleVectors.CASES; i++) {
            MerkleVectors.Case memory c = MerkleVectors.inclusion(i);
            assertEq(merkle.verifyInclusion(c.root, c.size, c.index, c.leaf, c.proof), c.valid, c.name);
        }
    }

    function test_every_leaf_of_a_random_tree_is_proven(uint256 seed, uint256 size, uint256 index) public view {
        size = bound(size, 1, 70);
        index = bound(index, 0, size - 1);
        bytes32[] memory hashes = _hashes(seed, size);
        bytes32 root = _root(hashes, 0, size);
        bytes32[] memory proof = _proof(hashes, index);
        assertTrue(merkle.verifyInclusion(root, size, index, hashes[index], proof));
    }

    function test_a_changed_claim_is_refused(uint256 seed, uint256 size, uint256 index, uint256 what, uint256 bit)
        public
        view
    {
        size = bound(size, 1, 70);
        index = bound(index, 0, size - 1);
        bytes32[] memory hashes = _hashes(seed, size);
        bytes32 root = _root(hashes, 0, size);
        bytes32 leaf = hashes[index];
        bytes32[] memory proof = _proof(hashes, index);
        bytes32 flip = bytes32(uint256(1) << bound(bit, 0, 255));
        what = bound(what, 0, 5);
        if (what == 0) leaf ^= flip;
        if (what == 1) root ^= flip;
        if (what == 2) index = bit % 80 == index ? index + 1 : bit % 80;
        if (what == 3) proof = _longer(proof, flip);
        if (what == 4 && proof.length > 0) proof[bit % proof.length] ^= flip;
        if (what == 4 && proof.length == 0) leaf ^= flip;
        if (what == 5) size = 0;
        assertFalse(merkle.verifyInclusion(root, size, index, leaf, proof));
    }

    function test_gas_of_a_proof_of_20_levels() public view {
        bytes32 leaf = keccak256("leaf");
        bytes32[] memory proof = new bytes32[](20);
        bytes32 root = leaf;
        for (uint256 i = 0; i < 20; i++) {
            proof[i] = keccak256(abi.encode(i));
            root = Merkle.nodeHash(root, proof[i]);
        }
        (bool valid, uint256 used) = merkle.gasOf(root, 1 << 20, 0, leaf, proof);
        assertTrue(valid);
        assertLt(used, 9_000, "a 20-level proof costs less than 9k gas");
    }

    function _hashes(uint256 seed, uint256 size) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](size);
        for (uint256 i = 0; i < size; i++) {
            hashes[i] = Merkle.leafHash(abi.encode(seed, i));
        }
    }

    function _longer(bytes32[] memory proof, bytes32 last) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](proof.length + 1);
        for (uint256 i = 0; i < proof.length; i++) {
            longer[i] = proof[i];
        }
        longer[proof.length] = last;
    }

    /// @dev The recursive definition of RFC 6962, section 2.1.
    function _root(bytes32[] memory hashes, uint256 start, uint256 end) private pure returns (bytes32) {
        if (end - start == 1) return hashes[start];
        uint256 middle = start + _split(end - start);
        return Merkle.nodeHash(_root(hashes, start, middle), _root(hashes, middle, end));
    }

    function _proof(bytes32[] memory hashes, uint256 index) private pure returns (bytes32[] memory proof) {
        bytes32[] memory down = new bytes32[](64);
        uint256 depth = 0;
        uint256 start = 0;
        uint256 end = hashes.length;
        while (end - start > 1) {
            uint256 middle = start + _split(end - start);
            if (index < middle) {
                down[depth++] = _root(hashes, middle, end);
                end = middle;
            } else {
                down[depth++] = _root(hashes, start, middle);
                start = middle;
            }
        }
        proof = new bytes32[](depth);
        for (uint256 i = 0; i < depth; i++) {
            proof[i] = down[depth - 1 - i];
        }
    }

    function _split(uint256 length) private pure returns (uint256 power) {
        power = 1;
        while (power * 2 < length) power *= 2;
    }
}
