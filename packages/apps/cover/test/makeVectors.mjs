// Writes test/payout.vectors.json and contracts/PayoutVectors.t.sol. The values come from exact rationals, not from
// either implementation: floor and ceiling of quotients of big integers.
import { writeFileSync } from "node:fs";

const WAD = 10n ** 18n;
let state = 0x9e3779b97f4a7c15n;
function random(below) {
  state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
  return ((state >> 11n) * below) >> 53n;
}

function vector(output, trigger, exit, tsi, sumInsured) {
  const ratio = output < 0n ? 0n : output > WAD ? WAD : output;
  const share = ratio >= trigger ? 0n : ratio <= exit ? tsi : (tsi * (trigger - ratio)) / (trigger - exit);
  return [
    output,
    trigger,
    exit,
    tsi,
    sumInsured,
    share,
    (sumInsured * share) / WAD,
    (sumInsured * tsi + WAD - 1n) / WAD,
  ];
}

const cases = [];
for (const [trigger, exit, tsi] of [
  [850000000000000000n, 250000000000000000n, 750000000000000000n],
  [750000000000000000n, 100000000000000000n, 900000000000000000n],
  [WAD, 0n, WAD],
  [1n, 0n, 1n],
  [WAD, WAD - 1n, 1n],
])
  for (const output of [
    -1n,
    0n,
    exit - 1n,
    exit,
    exit + 1n,
    (trigger + exit) / 2n,
    trigger - 1n,
    trigger,
    trigger + 1n,
    WAD,
    WAD + 1n,
    7n * WAD,
  ])
    cases.push(vector(output, trigger, exit, tsi, 1000n * WAD + 1n));
for (let i = 0; i < 80; i++) {
  const trigger = 1n + random(WAD);
  const exit = random(trigger);
  const tsi = 1n + random(WAD - exit);
  cases.push(vector(random(WAD + WAD / 10n), trigger, exit, tsi, random(2n ** 96n)));
}

const names = ["output", "trigger", "exit", "tsi", "sumInsured", "share", "payout", "capital"];
const here = new URL(".", import.meta.url);
const json = cases.map((values) => `  {${values.map((value, i) => `"${names[i]}":"${value}"`).join(",")}}`).join(",\n");
writeFileSync(new URL("payout.vectors.json", here), `[\n${json}\n]\n`);
const word = (value) => BigInt.asUintN(256, value).toString(16).padStart(64, "0");
const hex = cases.map((values) => `            hex"${values.map(word).join("")}"`).join("\n");
writeFileSync(
  new URL("../contracts/PayoutVectors.t.sol", here),
  `// Generated from test/makeVectors.mjs: do not edit.
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @dev Rows of ${names.join(", ")} for Payout.t.sol; the output is signed.
library PayoutVectors {
    function all() internal pure returns (uint256[8][] memory cases) {
        bytes memory words = data();
        cases = new uint256[8][](words.length / 256);
        for (uint256 i = 0; i < cases.length; i++) {
            for (uint256 k = 0; k < 8; k++) {
                uint256 value;
                assembly ("memory-safe") {
                    value := mload(add(add(words, 32), add(mul(i, 256), mul(k, 32))))
                }
                cases[i][k] = value;
            }
        }
    }

    function data() private pure returns (bytes memory) {
        return
${hex};
    }
}
`,
);
