import { describe, expect, it } from "vitest";
import { z } from "zod";
import { address, amount, day, file, hash, hex, int, uint, uintOf } from "./schemas.ts";
import { fileFields, jsonSchema, toWire } from "./wire.ts";

describe("schemas", () => {
  it("takes whole numbers as digits, number or bigint", () => {
    expect([uint.parse("7"), uint.parse(7), uint.parse(7n)]).toEqual([7n, 7n, 7n]);
    expect(uint.parse((2n ** 256n - 1n).toString())).toBe(2n ** 256n - 1n);
    for (const bad of ["-1", "1.5", "01", "0x10", 1.5, 2 ** 60, -1, 2n ** 256n, "", null]) {
      expect(uint.safeParse(bad).success, String(bad)).toBe(false);
    }
    expect(uintOf(8).safeParse(256).success).toBe(false);
    expect(int.parse("-5")).toBe(-5n);
  });

  it("reads amounts as people write them, bigint as base units", () => {
    expect(amount().parse("12.5")).toBe(12_500_000_000_000_000_000n);
    expect(amount(6).parse(0.25)).toBe(250_000n);
    expect(amount().parse(5n)).toBe(5n);
    for (const bad of ["1e3", "-1", ".5", "1.", "1.0000000000000000001", "", -1n, Number.NaN]) {
      expect(amount().safeParse(bad).success, String(bad)).toBe(false);
    }
  });

  it("lower-cases bytes and keeps checksummed addresses", () => {
    expect(hash.parse(`0x${"AB".repeat(32)}`)).toBe(`0x${"ab".repeat(32)}`);
    expect(hash.safeParse("0xab").success).toBe(false);
    expect(hex.parse("0x")).toBe("0x");
    expect(hex.safeParse("0xabc").success).toBe(false);
    expect(address.parse(`0x${"AB".repeat(20)}`)).toBe(`0x${"ab".repeat(20)}`);
    expect(address.parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")).toBe(
      "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    );
    expect(day.safeParse("2015-02-30").success).toBe(false);
  });

  it("describes the wire form in JSON Schema", () => {
    const schema = z.object({
      id: uint,
      price: amount().default(0n).describe("Price."),
      path: file().optional(),
      when: z.date(),
    });
    const json = jsonSchema(schema, "input") as {
      properties: Record<string, Record<string, unknown>>;
      required: string[];
    };
    expect(json.properties.id).toMatchObject({ type: "string", format: "uint256" });
    expect(json.properties.price).toMatchObject({ type: "string", format: "amount" });
    expect(json.properties.when).toEqual({ type: "string", format: "date-time" });
    expect(json.required).toEqual(["id", "when"]);
    expect(fileFields(schema)).toEqual(["path"]);
    expect(JSON.parse(JSON.stringify(jsonSchema(z.object({ id: uint }), "output")))).toMatchObject({
      properties: { id: { type: "string" } },
    });
  });

  it("puts native values into JSON", () => {
    expect(toWire({ a: 1n, b: new Uint8Array([1, 255]), c: undefined, d: [2n, null], e: new Date(0) })).toEqual({
      a: "1",
      b: "0x01ff",
      d: ["2", null],
      e: "1970-01-01T00:00:00.000Z",
    });
    expect(() => toWire({ a: Number.NaN })).toThrow("no form in JSON");
    expect(() => toWire(() => 1)).toThrow("no form in JSON");
  });
});
