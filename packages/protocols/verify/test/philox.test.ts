import { type SolidityTwin, solidityTwin } from "@base/testkit/solidity.ts";
import { bitsOf } from "@machines/engine/bits.ts";
import { randomWord, STREAM, shuffled, uniform } from "@machines/engine/random/philox.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
pragma solidity ^0.8.24;
import {Philox} from "@protocols/verify/contracts/Philox.sol";
contract Twin {
    function block4(uint256[4] calldata c, uint256 seed) external pure returns (uint256) { return Philox.block4(c[0], c[1], c[2], c[3], seed); }
    function word(uint256 seed, uint256 stream, uint256 a, uint256 b, uint256 i) external pure returns (uint256) { return Philox.word(seed, stream, a, b, i); }
    function shuffled(uint256 n, uint256 seed, uint256 a, uint256[] calldata list) external pure returns (uint256[] memory out) {
        out = new uint256[](list.length);
        for (uint256 i = 0; i < list.length; i++) out[i] = Philox.shuffled(n, seed, Philox.ORDER, a, list[i]);
    }
    function uniform(uint256 limit, uint256 seed, uint256 a, uint256 n) external pure returns (uint256[] memory out) {
        out = new uint256[](n);
        for (uint256 i = 0; i < n; i++) out[i] = Philox.uniform(limit, seed, Philox.INIT, a, i);
    }
}`;

let twin: SolidityTwin;
beforeAll(async () => {
  twin = await solidityTwin(source, "Twin");
});
afterAll(() => twin?.close());

/** D10. */
test("Philox4x32-10 gives the known answers of Random123 on chain", async () => {
  const all = 0xffffffffn;
  const draw = (counter: readonly bigint[], seed: bigint) => twin.call("block4", [counter, seed]);
  expect(await draw([0n, 0n, 0n, 0n], 0n)).toBe(0x6627e8d5_e169c58d_bc57ac4c_9b00dbd8n);
  expect(await draw([all, all, all, all], 2n ** 64n - 1n)).toBe(0x408f276d_41c83b0e_a20bc7c6_6d5451fdn);
  const pi = [0x243f6a88n, 0x85a308d3n, 0x13198a2en, 0x03707344n];
  expect(await draw(pi, (0x299f31d0n << 32n) | 0xa4093822n)).toBe(0xd16cfe09_94fdcceb_5001e420_24126ea1n);
  for (const index of [0, 1, 2, 3, 4, 1_000_003])
    expect(await twin.call("word", [2 ** 40 + 7, 1, 5, 6, index])).toBe(
      BigInt(randomWord(2 ** 40 + 7, 1, 5, 6, index)),
    );
});

/** D10. */
test("batch order and initial weights are the engine's, element by element", async () => {
  for (const [count, seed, epoch] of [
    [1, 3, 0],
    [2, 3, 1],
    [7, 2 ** 33 + 1, 9],
    [257, 5, 2],
    [60_000, 2 ** 53 - 1, 1000],
    [2 ** 32, 1, 1],
  ] as const) {
    const places = count < 300 ? Array.from({ length: count }, (_, i) => i) : [0, 1, 77, 4095, count - 2, count - 1];
    const own = places.map((place) => BigInt(shuffled(count, seed, STREAM.order, epoch, place)));
    expect(await twin.call("shuffled", [count, seed, epoch, places])).toEqual(own);
  }
  for (const limit of [0.25, Math.fround(Math.sqrt(6 / 784)), 1e-38, 3e38]) {
    const own = Array.from(uniform(200, limit, 77, STREAM.init, 3), (value) => BigInt(bitsOf(value)));
    expect(await twin.call("uniform", [bitsOf(Math.fround(limit)), 77, 3, 200])).toEqual(own);
  }
});
