// Generated from test/vectors.json by test/makeVectors.mjs: do not edit.
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev RFC 6962 cases for Merkle.t.sol.
library MerkleVectors {
    struct Case {
        string name;
        bool valid;
        uint256 index;
        uint256 size;
        bytes32 leaf;
        bytes32 root;
        bytes32[] proof;
    }

    function leaves() internal pure returns (bytes[] memory all) {
        all = new bytes[](8);
        all[0] = hex"";
        all[1] = hex"00";
        all[2] = hex"10";
        all[3] = hex"2021";
        all[4] = hex"3031";
        all[5] = hex"40414243";
        all[6] = hex"5051525354555657";
        all[7] = hex"606162636465666768696a6b6c6d6e6f";
    }

    function roots() internal pure returns (bytes32[] memory all) {
        all = new bytes32[](9);
        all[0] = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
        all[1] = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
        all[2] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        all[3] = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
        all[4] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        all[5] = 0x4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4;
        all[6] = 0x76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef;
        all[7] = 0xddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c;
        all[8] = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
    }

    uint256 internal constant CASES = 37;

    function inclusion(uint256 i) internal pure returns (Case memory c) {
        if (i == 0) {
            c.name = "0/empty-root";
            c.valid = false;
            c.index = 0;
            c.size = 1;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
            c.proof = new bytes32[](0);
        }
        if (i == 1) {
            c.name = "0/happy-path";
            c.valid = true;
            c.index = 0;
            c.size = 1;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.proof = new bytes32[](0);
        }
        if (i == 2) {
            c.name = "0/leafIdx-XOR-@2";
            c.valid = false;
            c.index = 2;
            c.size = 1;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.proof = new bytes32[](0);
        }
        if (i == 3) {
            c.name = "0/leafIdx-plus-@1";
            c.valid = false;
            c.index = 1;
            c.size = 1;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.proof = new bytes32[](0);
        }
        if (i == 4) {
            c.name = "0/preceding-root";
            c.valid = false;
            c.index = 0;
            c.size = 1;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.proof = new bytes32[](1);
            c.proof[0] = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
        }
        if (i == 5) {
            c.name = "0/random-root";
            c.valid = false;
            c.index = 0;
            c.size = 1;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0xabacaba000000000000000000000000000000000000000000060061e00123456;
            c.proof = new bytes32[](0);
        }
        if (i == 6) {
            c.name = "0/trailing-root";
            c.valid = false;
            c.index = 0;
            c.size = 1;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.proof = new bytes32[](1);
            c.proof[0] = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
        }
        if (i == 7) {
            c.name = "0/treeSize-div-@2";
            c.valid = false;
            c.index = 0;
            c.size = 0;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.proof = new bytes32[](0);
        }
        if (i == 8) {
            c.name = "0/treeSize-mul-@2";
            c.valid = false;
            c.index = 0;
            c.size = 2;
            c.leaf = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.root = 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d;
            c.proof = new bytes32[](0);
        }
        if (i == 9) {
            c.name = "2/empty-root";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 10) {
            c.name = "2/happy-path";
            c.valid = true;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 11) {
            c.name = "2/inserted-component";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](4);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xabacaba000000000000000000000000000000000000000000060061e00123456;
            c.proof[2] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[3] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 12) {
            c.name = "2/leafIdx-XOR-@2";
            c.valid = false;
            c.index = 7;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 13) {
            c.name = "2/leafIdx-plus-@1";
            c.valid = false;
            c.index = 6;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 14) {
            c.name = "2/leafIdx-sub-@1";
            c.valid = false;
            c.index = 4;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 15) {
            c.name = "2/modified-proof[0]-bit-@3";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xb41a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 16) {
            c.name = "2/modified-proof[1]-bit-@3";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xc2854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 17) {
            c.name = "2/modified-proof[2]-bit-@3";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xdb7ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 18) {
            c.name = "2/preceding-root";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](4);
            c.proof[0] = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof[1] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[2] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[3] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 19) {
            c.name = "2/random-root";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0xabacaba000000000000000000000000000000000000000000060061e00123456;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 20) {
            c.name = "2/removed-component";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](2);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
        }
        if (i == 21) {
            c.name = "2/trailing-root";
            c.valid = false;
            c.index = 5;
            c.size = 8;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](4);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
            c.proof[3] = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
        }
        if (i == 22) {
            c.name = "2/treeSize-div-@2";
            c.valid = false;
            c.index = 5;
            c.size = 4;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 23) {
            c.name = "2/treeSize-mul-@2";
            c.valid = false;
            c.index = 5;
            c.size = 16;
            c.leaf = 0x4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658;
            c.root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
            c.proof = new bytes32[](3);
            c.proof[0] = 0xbc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b;
            c.proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
            c.proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        }
        if (i == 24) {
            c.name = "3/empty-root";
            c.valid = false;
            c.index = 2;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 25) {
            c.name = "3/happy-path";
            c.valid = true;
            c.index = 2;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 26) {
            c.name = "3/leafIdx-XOR-@2";
            c.valid = false;
            c.index = 0;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 27) {
            c.name = "3/leafIdx-plus-@1";
            c.valid = false;
            c.index = 3;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 28) {
            c.name = "3/leafIdx-sub-@1";
            c.valid = false;
            c.index = 1;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 29) {
            c.name = "3/modified-proof[0]-bit-@3";
            c.valid = false;
            c.index = 2;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xf2c54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 30) {
            c.name = "3/preceding-root";
            c.valid = false;
            c.index = 2;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](2);
            c.proof[0] = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof[1] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 31) {
            c.name = "3/random-root";
            c.valid = false;
            c.index = 2;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xabacaba000000000000000000000000000000000000000000060061e00123456;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 32) {
            c.name = "3/removed-component";
            c.valid = false;
            c.index = 2;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](0);
        }
        if (i == 33) {
            c.name = "3/trailing-root";
            c.valid = false;
            c.index = 2;
            c.size = 3;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](2);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
            c.proof[1] = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
        }
        if (i == 34) {
            c.name = "3/treeSize-div-@2";
            c.valid = false;
            c.index = 2;
            c.size = 1;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 35) {
            c.name = "3/treeSize-mul-@2";
            c.valid = false;
            c.index = 2;
            c.size = 6;
            c.leaf = 0x0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7;
            c.root = 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77;
            c.proof = new bytes32[](1);
            c.proof[0] = 0xfac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125;
        }
        if (i == 36) {
            c.name = "single-entry/matching-root-and-leaf";
            c.valid = true;
            c.index = 0;
            c.size = 1;
            c.leaf = 0x0d3aed023148ffd2a259fbd0cdc7fb3cf975658760d3775b82af6f90aacc2dfc;
            c.root = 0x0d3aed023148ffd2a259fbd0cdc7fb3cf975658760d3775b82af6f90aacc2dfc;
            c.proof = new bytes32[](0);
        }
    }
}
