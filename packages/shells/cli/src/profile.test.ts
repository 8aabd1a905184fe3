import { bytesSource, profile } from "@machines/formats";
import pc from "picocolors";
import { expect, test } from "vitest";
import { bars, renderProfile } from "./profile.ts";
import { printable } from "./render.ts";

const colors = pc.createColors(false);
const of = async (lines: readonly string[]) => {
  const found = await profile(bytesSource(Buffer.from(`${lines.join("\n")}\n`)), { format: "csv" });
  return renderProfile({ ...found, onRecord: false }, colors).split("\n");
};

test("a column is a line: missing cells, range, shape; days as dates; likely personal values are left out", async () => {
  const lines = await of([
    "day,amount,town,mail",
    ...Array.from({ length: 100 }, (_, i) => {
      const day = new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10);
      return `${day},${i % 10 === 0 ? "" : i},${i < 60 ? "Bern" : "Basel"},p${i}@example.org`;
    }),
  ]);
  expect(lines).toContain("rows  100");
  const line = (name: string) => lines.find((text) => text.trim().startsWith(`${name} `)) ?? "";
  expect(line("day")).toMatch(/date +0 +100 +2026-01-01 \.\. 2026-02-(19|20) \.\. 2026-04-10 +[▁-█ ]+$/);
  expect(line("amount")).toMatch(/number +10 \(10 %\) +90 +1 \.\. 51 \.\. 99/);
  expect(line("town")).toMatch(/string +0 +2 +Bern \(60\), Basel \(40\)$/);
  expect(line("mail")).toContain("left out: likely personal");
  expect(lines.join("\n")).toContain("likely personal\n  column  kind");
  expect(lines.length).toBeLessThan(16);
});

test("what is no table has no lines of columns", async () => {
  const found = await profile(bytesSource(Buffer.from("plain words")), {});
  expect(renderProfile({ ...found, onRecord: true }, colors)).not.toContain("columns");
});

test("bars: the highest is full, what is not empty shows, neighbours add up beyond twenty", () => {
  expect(bars([0, 1, 800])).toBe(" ▁█");
  expect(bars([])).toBe("");
  expect(bars([0, 0])).toBe("  ");
  expect(bars(Array.from({ length: 64 }, () => 5))).toHaveLength(16);
});

test("texts of strangers cannot command the terminal, and keep their lines", () => {
  const hostile = {
    "na\u001b[2Jme": ["\u001b]0;title\u0007", "two\nlines\tand tabs", "back\rover", "c1\u009b31m", 5, null],
  };
  expect(printable(hostile)).toEqual({
    "na\\x1b[2Jme": ["\\x1b]0;title\\x07", "two\nlines\tand tabs", "back\\x0dover", "c1\\x9b31m", 5, null],
  });
});

test("a value of several lines stays on the line of its column", async () => {
  const lines = await of(["town,n", ...Array.from({ length: 20 }, (_, i) => `"a\nb",${i}`)]);
  expect(lines.find((text) => text.includes("town"))).toContain("a b (20)");
});
