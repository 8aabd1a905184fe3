// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "@base/testkit/contracts/Test.sol";
import {Merkle} from "@base/bytes/contracts/Merkle.sol";
import {Possession} from "./Possession.sol";

/// Takes proofs as calldata, as a contract that uses the library does.
contract PossessionUser {
    function check(bytes32 root, uint256 sectors, bytes32 seed, Possession.Proof[] calldata proofs) external view {
        Possession.check(root, sectors, seed, proofs);
    }
}

/// The vector of src/possession.test.ts: 100,000 bytes, byte i is (31 i + i / 256) mod 256; made by src/possession.ts.
contract PossessionTest is Test {
    bytes32 constant ROOT = 0xfdfa34cd23c445490cf5c1e25cc1235f0edc97b9759aecf90b3752dd157e334a;
    bytes32 constant SEED = 0x92c89d9853a2f5716d2a23633e86835afaa5d4213580dbee0844f53767d293c8;
    uint256 constant SECTORS = 98;
    PossessionUser user;

    function setUp() public {
        user = new PossessionUser();
    }

    function sector(uint256 index, uint256 length) internal pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 k; k < length; ++k) {
            uint256 i = index * 1024 + k;
            data[k] = bytes1(uint8(i * 31 + (i >> 8)));
        }
    }

    function proofs() internal pure returns (Possession.Proof[] memory both) {
        both = new Possession.Proof[](2);
        bytes32[] memory a = new bytes32[](7);
        bytes32[] memory b = new bytes32[](7);
        a[0] = 0xf571991c1ef6a52e811b64a8b613f8780b4136c418e4e7b95ba79e73ca68c42b;
        a[1] = 0xb69a9cab1965f0bb4154e331fb77697ad3e01a17692f2d0b5d904735c399bd8e;
        a[2] = 0xd16473ce68c3b452e2d0ffb2c1aa58455541d3fe9194ab9436c9fe1c2ed40402;
        a[3] = 0xaf04e439386bf9db1cd79fa92fbf7b406e7b85305615ca2dc719dc1c9126b4dc;
        a[4] = 0x9a3cfe15d68e616729c2dc0ae8f7293df35b2803baf9cfd3335b9771f2d6183b;
        a[5] = 0xdbc99a6d9628748782c4da436a4f9b1f634d54ab8976bb4817cbd5795f4ecd27;
        a[6] = 0x2b3fbb6a5b888683a9fa52552c6ee06dc9d062818c21cb9e60fccc1a60c00c2d;
        b[0] = 0xb3694cea1d14de613cb8c9c03add5a891077d0c99569acf74216802c915af2cb;
        b[1] = 0xf5406ea67ef35191b3c2dffdb25db5044ce3b9ebcc0015700e7eb74489036858;
        b[2] = 0x677bcba51ccd878ae0cece29f0eb1a9933081269eab8297ec4975c4ca0994a24;
        b[3] = 0x72e66b9ea640d7ceb6665c74a39cc24e4eb141f91e9c4b057283584d609afab3;
        b[4] = 0xbf8ae21ba47129b0c60316ace41ab7e3cb112e6742d1edd84c4d046cb1077c38;
        b[5] = 0xdbc99a6d9628748782c4da436a4f9b1f634d54ab8976bb4817cbd5795f4ecd27;
        b[6] = 0x2b3fbb6a5b888683a9fa52552c6ee06dc9d062818c21cb9e60fccc1a60c00c2d;
        both[0] = Possession.Proof(sector(4, 1024), a);
        both[1] = Possession.Proof(sector(31, 1024), b);
    }

    function test_theSectorsFollowFromTheSeed() public pure {
        assertEq(Possession.indexOf(SEED, 0, SECTORS), 4);
        assertEq(Possession.indexOf(SEED, 1, SECTORS), 31);
    }

    function test_theVectorHolds() public view {
        user.check(ROOT, SECTORS, SEED, proofs());
    }

    function test_otherBytesAreRefused() public {
        Possession.Proof[] memory wrong = proofs();
        wrong[1].data[5] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(Possession.NotHeld.selector, 1, 31));
        user.check(ROOT, SECTORS, SEED, wrong);
    }

    function test_anotherSectorIsRefused() public {
        Possession.Proof[] memory wrong = proofs();
        wrong[0] = wrong[1];
        vm.expectRevert(abi.encodeWithSelector(Possession.NotHeld.selector, 0, 4));
        user.check(ROOT, SECTORS, SEED, wrong);
    }

    function test_aShortSectorIsRefused() public {
        Possession.Proof[] memory wrong = proofs();
        wrong[0].data = sector(4, 1000);
        vm.expectRevert(abi.encodeWithSelector(Possession.WrongSector.selector, 0, 1000));
        user.check(ROOT, SECTORS, SEED, wrong);
    }

    /// Five sectors of a file of 1 GiB (2^20 sectors): what a holder pays besides calldata.
    function test_gasOfFiveSectorsOfAGibibyte() public {
        uint256 sectors = 2 ** 20;
        Possession.Proof[] memory five = new Possession.Proof[](5);
        // All sectors alike, so that one path fits every index.
        bytes memory data = sector(0, 1024);
        bytes32[] memory path = new bytes32[](20);
        bytes32 node = Merkle.leafHash(data);
        for (uint256 level; level < 20; ++level) {
            path[level] = node;
            node = Merkle.nodeHash(node, node);
        }
        for (uint256 i; i < 5; ++i) five[i] = Possession.Proof(data, path);
        uint256 before = gasleft();
        user.check(node, sectors, SEED, five);
        uint256 used = before - gasleft();
        emit log_named_uint("gas of five sectors", used);
        assertLt(used, 140_000);
    }

    event log_named_uint(string name, uint256 value);
}
