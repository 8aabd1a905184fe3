#!/usr/bin/env node
// Makes test/vectors.json (edges and seeded cases of x * y / d, worked out here with whole numbers) and from it
// contracts/WadVectors.t.sol. `node test/makeVectors.mjs` writes both; wad.test.ts compares.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const room = new URL("../", import.meta.url);
const MAX = 2n ** 256n - 1n;

/** Cases as decimal text; `down` or `up` is null where no uint256 holds the result. */
export function cases() {
  const edges = [0n, 1n, 10n ** 18n, 2n ** 128n, MAX];
  const list = edges.flatMap((x) => edges.flatMap((y) => edges.map((d) => [x, y, d])));
  for (let i = 0; i < 60; i++) {
    const parts = ["x", "y", "d"].map((name) => {
      const digest = createHash("sha256").update(`wad ${i} ${name}`).digest();
      return BigInt(`0x${digest.toString("hex")}`) >> BigInt(digest[0]); // 1 to 256 bits
    });
    list.push(parts);
  }
  return list.map(([x, y, d]) => {
    const product = x * y;
    const fit = (value) => (value <= MAX ? String(value) : null);
    const down = d ? fit(product / d) : null;
    const up = d ? fit(product / d + (product % d ? 1n : 0n)) : null;
    return { x: String(x), y: String(y), d: String(d), down, up };
  });
}

/** The Solidity file for the cases. */
export function solidity(list) {
  return [
    "// Generated from test/vectors.json by test/makeVectors.mjs: do not edit.",
    "// SPDX-License-Identifier: Apache-2.0",
    "pragma solidity ^0.8.24;",
    "",
    "/// @dev Cases of x * y / d for Wad.t.sol.",
    "library WadVectors {",
    "    struct Case {",
    "        uint256 x;",
    "        uint256 y;",
    "        uint256 d;",
    "        uint256 down;",
    "        bool downPanics;",
    "        uint256 up;",
    "        bool upPanics;",
    "    }",
    "",
    `    uint256 internal constant CASES = ${list.length};`,
    "",
    "    function get(uint256 i) internal pure returns (Case memory) {",
    "        (bytes memory all, uint256 start) = (data(), i * 162);",
    "        uint256[5] memory v;",
    "        for (uint256 k = 0; k < 5; k++) {",
    "            uint256 value;",
    '            assembly ("memory-safe") {',
    "                value := mload(add(add(all, 32), add(start, mul(k, 32))))",
    "            }",
    "            v[k] = value;",
    "        }",
    "        return Case(v[0], v[1], v[2], v[3], all[start + 160] != 0, v[4], all[start + 161] != 0);",
    "    }",
    "",
    "    /// @dev x, y, d, down, up (32 bytes each), then whether down and up panic (a byte each).",
    "    function data() private pure returns (bytes memory) {",
    "        return",
    ...list.map((c, i) => {
      const word = (text) =>
        BigInt(text ?? 0)
          .toString(16)
          .padStart(64, "0");
      const flag = (text) => (text === null ? "01" : "00");
      return `            hex"${word(c.x)}${word(c.y)}${word(c.d)}${word(c.down)}${word(c.up)}${flag(c.down)}${flag(c.up)}"${i === list.length - 1 ? ";" : ""}`;
    }),
    "    }",
    "}",
    "",
  ].join("\n");
}

if (process.argv[1]?.endsWith("makeVectors.mjs")) {
  writeFileSync(
    new URL("test/vectors.json", room),
    `${JSON.stringify({ note: "x * y / d on uint256; null: no result fits", cases: cases() }, null, 1)}\n`,
  );
  const { cases: list } = JSON.parse(readFileSync(new URL("test/vectors.json", room), "utf8"));
  writeFileSync(new URL("contracts/WadVectors.t.sol", room), solidity(list));
}
