import { type SolidityTwin, solidityTwin } from "@base/testkit/solidity.ts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as wad from "./wad.ts";

const source = `
pragma solidity ^0.8.24;
import {Wad} from "@base/units/contracts/Wad.sol";
contract Twin {
    function mulDivDown(uint256 x, uint256 y, uint256 d) external pure returns (uint256) { return Wad.mulDivDown(x, y, d); }
    function mulDivUp(uint256 x, uint256 y, uint256 d) external pure returns (uint256) { return Wad.mulDivUp(x, y, d); }
    function mulDown(uint256 x, uint256 y) external pure returns (uint256) { return Wad.mulDown(x, y); }
    function mulUp(uint256 x, uint256 y) external pure returns (uint256) { return Wad.mulUp(x, y); }
    function divDown(uint256 x, uint256 y) external pure returns (uint256) { return Wad.divDown(x, y); }
    function divUp(uint256 x, uint256 y) external pure returns (uint256) { return Wad.divUp(x, y); }
    function bpsDown(uint256 x, uint256 y) external pure returns (uint256) { return Wad.bpsDown(x, y); }
    function bpsUp(uint256 x, uint256 y) external pure returns (uint256) { return Wad.bpsUp(x, y); }
}`;

let twin: SolidityTwin;
beforeAll(async () => {
  twin = await solidityTwin(source, "Twin");
});
afterAll(() => twin?.close());

/** Every size of number, not only huge ones. */
const uint256 = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.nat(255))
  .map(([value, shift]) => value >> BigInt(shift));

const three = { mulDivDown: wad.mulDivDown, mulDivUp: wad.mulDivUp };
const two = {
  mulDown: wad.mulDown,
  mulUp: wad.mulUp,
  divDown: wad.divDown,
  divUp: wad.divUp,
  bpsDown: wad.bpsDown,
  bpsUp: wad.bpsUp,
};

test.each([...Object.keys(three), ...Object.keys(two)])("%s is the same in TypeScript and Solidity", async (name) => {
  const own = { ...three, ...two }[name] as (...args: bigint[]) => bigint;
  await fc.assert(
    fc.asyncProperty(fc.tuple(uint256, uint256, uint256), async (values) => {
      const args = name in three ? values : values.slice(0, 2);
      const theirs = await twin.call(name, args).catch((error: Error) => {
        expect(error.message).toMatch(/panic code 0x1[12]/);
        return "reverted";
      });
      if (theirs === "reverted") expect(() => own(...args)).toThrow(/zero|above/);
      else expect(own(...args)).toBe(theirs);
    }),
    { numRuns: 60 },
  );
});
