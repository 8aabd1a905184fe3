import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { measureGas } from "./gas.ts";

/** V6. The bars are what a dispute is planned with; `npm run bench -- disputes` prints the figures. */
test("one operation and one element cost no more than the bars", async () => {
  const figures = await measureGas();
  const bars = {
    "disputes.f32.add.gas": 900,
    "disputes.f32.mul.gas": 420,
    "disputes.element.f32.k1024.gas": 1_500_000,
    "disputes.element.int8.k1024.gas": 250_000,
  } as const;
  const above = Object.entries(bars).filter(([name, bar]) => !(figures[name as keyof typeof bars] <= bar));
  expect(above, JSON.stringify(figures)).toEqual([]);
  // The lock holds the figures of the last change that was meant; a rise above 0.5 % is one that was not.
  const lock = JSON.parse(readFileSync(new URL("../../../../locks/disputes.json", import.meta.url), "utf8"));
  const risen = Object.entries(figures).filter(([name, figure]) => !(figure <= lock[name] * 1.005));
  expect(risen, `locks/disputes.json is ${JSON.stringify(lock)}, now ${JSON.stringify(figures)}`).toEqual([]);
});
