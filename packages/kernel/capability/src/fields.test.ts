import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fieldsOf, fromText, nearest, parseInput } from "./fields.ts";
import { amount, file, hash, uint } from "./schemas.ts";

const input = z.object({
  path: file("The table."),
  price: amount().default(0n),
  kind: z.enum(["data", "model"]).optional(),
  parents: z.array(uint).default([]),
  epochs: z.int().min(1).default(10).describe("Passes."),
  dry: z.boolean().default(false),
  recipe: z.object({ hidden: z.array(z.int()) }).optional(),
});
const action = { name: "assets.publish", input };

describe("fields", () => {
  it("flattens an input", () => {
    const fields = fieldsOf(input);
    expect(fields.map(({ name, type, list, required }) => [name, type, list, required])).toEqual([
      ["path", "string", false, true],
      ["price", "string", false, false],
      ["kind", "string", false, false],
      ["parents", "string", true, false],
      ["epochs", "integer", false, false],
      ["dry", "boolean", false, false],
      ["recipe", "json", false, false],
    ]);
    expect(fields[0]).toMatchObject({ file: true, description: "The table." });
    expect(fields[2]).toMatchObject({ choices: ["data", "model"] });
    expect(fields[4]).toMatchObject({ default: 10, description: "Passes." });
  });

  it("reads text", () => {
    const [, price, , parents, epochs, dry, recipe] = fieldsOf(input) as never[];
    expect(fromText(price as never, "1.5")).toBe("1.5");
    expect(fromText(parents as never, ["1", "2"])).toEqual(["1", "2"]);
    expect(fromText(epochs as never, "12")).toBe(12);
    expect(fromText(dry as never, "false")).toBe(false);
    expect(fromText(recipe as never, '{"hidden":[8]}')).toEqual({ hidden: [8] });
    expect(() => fromText(epochs as never, "many")).toThrow('epochs: expected a number, not "many".');
    expect(() => fromText(dry as never, "maybe")).toThrow("dry: expected true or false");
    expect(() => fromText(recipe as never, "{")).toThrow("recipe: expected JSON");
  });

  it("parses input, naming each field that does not fit", () => {
    expect(parseInput(action, { path: "a.csv", price: "2" })).toMatchObject({ price: 2n * 10n ** 18n, epochs: 10 });
    const fail = (bad: unknown) => {
      try {
        parseInput(action, bad);
      } catch (error) {
        return (error as Error).message;
      }
      return "accepted";
    };
    expect(fail({})).toContain("path: expected string, received undefined");
    expect(fail({ path: "a", pirce: 2 })).toContain('pirce: unknown field; did you mean "price"?');
    expect(fail({ path: "a", epochs: 0 })).toContain("epochs: too small: expected number to be >=1");
    expect(fail({ path: "a", parents: ["1", "x"] })).toContain("parents[1]: expected a whole number in decimal digits");
    expect(fail({ path: "a", price: "-1" })).toContain("price: expected an amount such as 12.5");
    expect(fail([])).toContain("expected object, received array");
    const bytes = { name: "x", input: z.object({ root: hash }) };
    expect(() => parseInput(bytes, { root: "0x12" })).toThrow("root: expected 0x followed by 64 hex digits");
  });

  it("guesses what was meant", () => {
    expect(nearest("publsih", ["publish", "purchase"])).toBe("publish");
    expect(nearest("zzz", ["publish"])).toBeUndefined();
  });
});
