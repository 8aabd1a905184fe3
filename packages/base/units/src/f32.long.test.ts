import { afterAll, beforeAll, expect, test } from "vitest";
import { f32Differences, f32Pairs, f32Twin } from "../test/f32Twin.ts";

let twin: Awaited<ReturnType<typeof f32Twin>>;
beforeAll(async () => {
  twin = await f32Twin();
});
afterAll(() => twin?.close());

test.each([
  ["add", 1_000_000],
  ["sub", 200_000],
  ["mul", 1_000_000],
  ["div", 500_000],
  ["sqrt", 300_000],
  ["lt", 100_000],
] as const)("%s: F32.sol gives the bits of Math.fround on %i seeded pairs", async (operation, count) => {
  const block = 100_000;
  for (let done = 0; done < count; done += block) {
    const pairs = f32Pairs(block, 0x10_0000 + done + operation.charCodeAt(0));
    expect(f32Differences(operation, pairs, await twin.run(operation, pairs))).toEqual([]);
  }
});
