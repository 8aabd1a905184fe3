import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
// @ts-expect-error a plain script without types
import { cases, solidity } from "../test/makeVectors.mjs";
import vectors from "../test/vectors.json" with { type: "json" };
import {
  bpsDown,
  bpsUp,
  divDown,
  divUp,
  f32Bits,
  f32ToWadDown,
  formatWad,
  mulDivDown,
  mulDivUp,
  mulDown,
  mulUp,
  parseWad,
  WAD,
} from "./wad.ts";

const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

describe("vectors shared with Solidity", () => {
  test("mulDiv", () => {
    for (const { x, y, d, down, up } of vectors.cases) {
      const args = [BigInt(x), BigInt(y), BigInt(d)] as const;
      if (down === null) expect(() => mulDivDown(...args)).toThrow(/zero|above/);
      else expect(mulDivDown(...args)).toBe(BigInt(down));
      if (up === null) expect(() => mulDivUp(...args)).toThrow(/zero|above/);
      else expect(mulDivUp(...args)).toBe(BigInt(up));
    }
  });

  test("both files are what the script writes", () => {
    expect(vectors.cases).toEqual(cases());
    const file = new URL("../contracts/WadVectors.t.sol", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(solidity(vectors.cases));
  });
});

test("wads and basis points", () => {
  expect(mulDown(15n * 10n ** 17n, 15n * 10n ** 17n)).toBe(225n * 10n ** 16n);
  expect([mulDown(1n, 1n), mulUp(1n, 1n)]).toEqual([0n, 1n]);
  expect([divDown(WAD, 3n * WAD), divUp(WAD, 3n * WAD)]).toEqual([333333333333333333n, 333333333333333334n]);
  expect([bpsDown(999n, 2_500n), bpsUp(999n, 2_500n)]).toEqual([249n, 250n]);
  expect(() => mulDown(-1n, 1n)).toThrow(/not a uint256/);
  expect(() => mulDown(2n ** 256n, 0n)).toThrow(/not a uint256/);
});

test("rounding keeps its direction", () => {
  fc.assert(
    fc.property(uint256, uint256, uint256, (x, y, d) => {
      fc.pre(d > 0n && (x * y) / d < 2n ** 256n - 1n);
      const [down, up] = [mulDivDown(x, y, d), mulDivUp(x, y, d)];
      expect(down * d <= x * y && x * y < (down + 1n) * d).toBe(true);
      expect(up * d >= x * y && (up === 0n || (up - 1n) * d < x * y)).toBe(true);
    }),
  );
});

describe("f32ToWadDown", () => {
  test.each([
    [0x00000000, 0n],
    [0x80000000, 0n],
    [0x3f800000, WAD],
    [0xbf800000, -WAD],
    [0x3f000000, WAD / 2n],
    [0x3dcccccd, 100000001490116119n], // the binary32 nearest to 0.1 is 0.100000001490116119384765625
    [0xbdcccccd, -100000001490116120n],
    [0x00000001, 0n], // 2^-149
    [0x80000001, -1n],
    [0x7f7fffff, (2n ** 24n - 1n) * 2n ** 104n * WAD],
  ])("%i", (bits, wad) => {
    expect(f32ToWadDown(bits)).toBe(wad);
  });

  test.each([0x7f800000, 0xff800000, 0x7fc00000, 0xffffffff, -1, 0.5, 2 ** 32])("refuses %i", (bits) => {
    expect(() => f32ToWadDown(bits)).toThrow(/no fixed-point value|32 bits/);
  });

  test("is the largest wad that is not above the float", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const wad = f32ToWadDown(f32Bits(value));
        // value = significand / 2^k exactly, worked out by doubling, which a double does without error.
        let [whole, k] = [value, 0n];
        while (!Number.isInteger(whole)) {
          whole *= 2;
          k++;
        }
        const exact = BigInt(whole) * WAD;
        expect(wad << k <= exact && exact < (wad + 1n) << k).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

test("text goes there and back", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (wad) => {
      expect(parseWad(formatWad(wad))).toBe(wad);
    }),
  );
  expect([formatWad(1500000000000000000n), formatWad(0n), formatWad(-1n)]).toEqual([
    "1.5",
    "0",
    "-0.000000000000000001",
  ]);
  for (const text of ["", "1.", ".5", "1e3", "0x1", "1.0000000000000000001", " 1"]) {
    expect(() => parseWad(text)).toThrow(/18 decimals/);
  }
});
