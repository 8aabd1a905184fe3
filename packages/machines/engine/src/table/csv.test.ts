import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCsv, parseCsv } from "./csv.ts";
import { dayNumber, TableError, type TableProblem } from "./table.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function problemOf(input: Uint8Array, options = {}): { problem: TableProblem; row?: number; column?: string } {
  try {
    parseCsv(input, options);
  } catch (error) {
    if (error instanceof TableError) return error.data as { problem: TableProblem };
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("types are inferred column by column", () => {
  const table = parseCsv(
    bytes('\uFEFFday,rain,wet,note\r\n2015-01-01,1.5,true,"a ""b"", c"\r\n2015-01-02,-2e1,false,d\r\n'),
  );
  expect(table).toEqual({
    rows: 2,
    columns: [
      { name: "day", type: "date", values: ["2015-01-01", "2015-01-02"] },
      { name: "rain", type: "number", values: [1.5, -20] },
      { name: "wet", type: "boolean", values: [true, false] },
      { name: "note", type: "string", values: ['a "b", c', "d"] },
    ],
  });
});

test.each([
  ["an empty file", "", { problem: "empty" }],
  ["only a header", "a,b\n", { problem: "empty" }],
  ["a short row", "a,b\n1,2\n3\n", { problem: "ragged", row: 2 }],
  ["a long row", "a,b\n1,2,3\n", { problem: "ragged", row: 1 }],
  ["text among numbers", "a,b\n1,2\n3,4\n5,six\n", { problem: "type", row: 3, column: "b" }],
  ["a number beyond binary64", "a\n1\n2\n1e999\n", { problem: "type", row: 3, column: "a" }],
  ["a day that is none", "d\n2015-02-27\n2015-02-28\n2015-02-30\n", { problem: "type", row: 3, column: "d" }],
  ["an empty cell", "a,b\n1,2\n,4\n", { problem: "missing", row: 2, column: "a" }],
  ["an empty last cell", "a,b\n1,2\n3,", { problem: "missing", row: 2, column: "b" }],
  ["an open quote", 'a\n"x\n', { problem: "quote", row: 1 }],
  ["text after a quote", 'a,b\n"x"y,2\n', { problem: "quote", row: 1 }],
  ["a nameless column", "a,\n1,2\n", { problem: "header" }],
  ["a name twice", "a,a\n1,2\n", { problem: "header", column: "a" }],
  ["a zero byte", "a,b\n1,\u00002\n", { problem: "binary" }],
] as const)("%s is named with its place", (_, text, expected) => {
  expect(problemOf(bytes(text))).toMatchObject(expected);
});

test("bytes that are not UTF-8 are binary", () => {
  expect(problemOf(new Uint8Array([0x61, 0x0a, 0xff, 0xfe]))).toMatchObject({ problem: "binary" });
});

test("declared types, missing cells, row limits", () => {
  expect(parseCsv(bytes("zip\n01\n02\n"), { types: { zip: "string" } }).columns[0]?.values).toEqual(["01", "02"]);
  expect(parseCsv(bytes("a,b\n1,\n3,4\n"), { missing: "null" }).columns[1]?.values).toEqual([null, 4]);
  expect(problemOf(bytes("a\n1\n"), { types: { b: "number" } })).toMatchObject({ problem: "column", column: "b" });
  expect(problemOf(bytes("a\n1\n2\n3\n"), { maxRows: 2 })).toMatchObject({ problem: "size" });
});

test("dayNumber follows the Gregorian calendar", () => {
  expect(dayNumber("1970-01-01")).toBe(0);
  expect(dayNumber("2012-03-01")).toBe((dayNumber("2012-02-29") as number) + 1);
  for (const text of ["2013-02-29", "2013-13-01", "2013-1-01", "x2013-01-01"]) expect(dayNumber(text)).toBeUndefined();
});

test("what is written is read back", () => {
  const cell = fc.string().filter((text) => text.trim() !== "" && !text.includes("\0"));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, fc.double({ noNaN: true, noDefaultInfinity: true })), { minLength: 1 }),
      (rows) => {
        const table = {
          rows: rows.length,
          columns: [
            {
              name: "text",
              type: "string" as const,
              values: rows.map(([text]) => text.replace(/[\uD800-\uDFFF]/g, "?")),
            },
            { name: 'num"ber', type: "number" as const, values: rows.map(([, value]) => value + 0) },
          ],
        };
        const again = parseCsv(formatCsv(table), { types: { text: "string", 'num"ber': "number" } });
        expect(again).toEqual(table);
      },
    ),
    { numRuns: 200 },
  );
});

test("any bytes give a table or a TableError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string().map(bytes)), (input) => {
      try {
        parseCsv(input);
      } catch (error) {
        expect(error).toBeInstanceOf(TableError);
      }
    }),
    { numRuns: 500 },
  );
});
