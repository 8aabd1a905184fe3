#!/usr/bin/env node
// Writes contracts/MerkleVectors.t.sol from vectors.json, so that Solidity runs the very cases that TypeScript runs.
// `node test/makeVectors.mjs` writes; merkle.test.ts compares.
import { readFileSync, writeFileSync } from "node:fs";

const room = new URL("../", import.meta.url);

/** The Solidity file for the cases in vectors.json. */
export function solidity() {
  const { leaves, roots, inclusion } = JSON.parse(readFileSync(new URL("test/vectors.json", room), "utf8"));
  const lines = [
    "// Generated from test/vectors.json by test/makeVectors.mjs: do not edit.",
    "// SPDX-License-Identifier: Apache-2.0",
    "pragma solidity ^0.8.24;",
    "",
    "/// @dev RFC 6962 cases for Merkle.t.sol.",
    "library MerkleVectors {",
    "    struct Case {",
    "        string name;",
    "        bool valid;",
    "        uint256 index;",
    "        uint256 size;",
    "        bytes32 leaf;",
    "        bytes32 root;",
    "        bytes32[] proof;",
    "    }",
    "",
    "    function leaves() internal pure returns (bytes[] memory all) {",
    `        all = new bytes[](${leaves.length});`,
    ...leaves.map((leaf, i) => `        all[${i}] = hex"${leaf.slice(2)}";`),
    "    }",
    "",
    "    function roots() internal pure returns (bytes32[] memory all) {",
    `        all = new bytes32[](${roots.length});`,
    ...roots.map((root, i) => `        all[${i}] = ${root};`),
    "    }",
    "",
    `    uint256 internal constant CASES = ${inclusion.length};`,
    "",
    "    function inclusion(uint256 i) internal pure returns (Case memory c) {",
    ...inclusion.flatMap((c, i) => [
      `        if (i == ${i}) {`,
      `            c.name = "${c.name}";`,
      `            c.valid = ${c.valid};`,
      `            c.index = ${c.index};`,
      `            c.size = ${c.size};`,
      `            c.leaf = ${c.leaf};`,
      `            c.root = ${c.root};`,
      `            c.proof = new bytes32[](${c.proof.length});`,
      ...c.proof.map((hash, k) => `            c.proof[${k}] = ${hash};`),
      "        }",
    ]),
    "    }",
    "}",
    "",
  ];
  return lines.join("\n");
}

if (process.argv[1]?.endsWith("makeVectors.mjs"))
  writeFileSync(new URL("contracts/MerkleVectors.t.sol", room), solidity());
