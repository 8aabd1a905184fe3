import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, canonicalJsonBytes, parseCanonicalJson } from "./canonicalJson.ts";
import { bytesToHex, utf8 } from "./hex.ts";

/** IEEE-754 bits (big endian hex) and their text: RFC 8785, appendix B. */
const numbers: [string, string][] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

function double(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

describe("RFC 8785", () => {
  test.each(numbers)("number %s is %s", (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text);
  });

  test("keys are sorted by UTF-16 code units (section 3.2.3)", () => {
    const keys = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
    expect(Object.values(JSON.parse(canonicalJson(keys)) as object)).toHaveLength(7);
    const order = [...canonicalJson(keys).matchAll(/:(\d)/g)].map((m) => Number(m[1]));
    expect(order).toEqual([2, 4, 6, 7, 1, 5, 3]);
  });

  test("texts escape only what they must (section 3.2.2.2)", () => {
    expect(canonicalJson('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
    expect(bytesToHex(canonicalJsonBytes("€"))).toBe("0x22e282ac22");
  });

  test("structures hold no blanks", () => {
    expect(canonicalJson({ b: [1, { d: null, c: true }], a: "x" })).toBe('{"a":"x","b":[1,{"c":true,"d":null}]}');
  });
});

describe("what JSON cannot say is refused with its place", () => {
  const cases: [string, unknown, RegExp][] = [
    ["NaN", { a: [0, Number.NaN] }, /\$\.a\[1\] is NaN/],
    ["infinity", -1 / 0, /\$ is -Infinity/],
    ["undefined", { a: undefined }, /\$\.a is undefined/],
    ["hole", Array(1), /\$\[0\] is undefined/],
    ["bigint", { wad: 1n }, /\$\.wad is a bigint/],
    ["function", [() => 1], /\$\[0\] is a function/],
    ["symbol", Symbol("x"), /is a symbol/],
    ["date", new Date(0), /is a Date/],
    ["bytes", { a: new Uint8Array(2) }, /\$\.a is a Uint8Array/],
    ["map", new Map(), /is a Map/],
    ["lone surrogate", ["\ud800"], /\$\[0\] has half of a surrogate pair/],
    ["lone surrogate in a key", { "\udc00": 1 }, /half of a surrogate pair/],
  ];
  test.each(cases)("%s", (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(message);
  });

  test("a value that contains itself", () => {
    const loop: Record<string, unknown> = {};
    loop.me = loop;
    expect(() => canonicalJson(loop)).toThrow(/deeper than 512/);
  });
});

test("parse gives the value back, and the text is a fixed point", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      let bytes: Uint8Array;
      try {
        bytes = canonicalJsonBytes(value);
      } catch (error) {
        expect(String(error)).toMatch(/surrogate/);
        return;
      }
      const back = parseCanonicalJson(bytes);
      expect(canonicalJsonBytes(back)).toEqual(bytes);
      expect(JSON.stringify(back)).toBe(JSON.stringify(JSON.parse(canonicalJson(value))));
    }),
  );
});

test("the order in which keys were set changes nothing", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (record) => {
      const turned = Object.fromEntries(Object.entries(record).reverse());
      expect(canonicalJson(turned)).toBe(canonicalJson(record));
    }),
  );
});

test.each(['{ "a":1}', '{"b":1,"a":2}', '{"a":1,"a":1}', "1.0", '"\\u0041"', "{", "", "\ufeff1"])(
  "refuses %j",
  (text) => {
    expect(() => parseCanonicalJson(utf8(text))).toThrow(/not JSON|not in canonical form/);
  },
);
