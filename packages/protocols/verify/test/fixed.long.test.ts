import type { SolidityTwin } from "@base/testkit/solidity.ts";
import { toHexBits } from "@machines/engine/bits.ts";
import type { Reference } from "@machines/engine/ops/op.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { argumentsWithin, computeAll, FIXED, functionTwin } from "./twin.ts";

let twin: SolidityTwin;
beforeAll(async () => {
  twin = await functionTwin();
});
afterAll(() => twin?.close());

/** V3. A coefficient that is one unit off shows in about one of a thousand results. */
test.each(Object.keys(FIXED))("%s: the bits of the reference on 60,000 patterns", async (op) => {
  for (const [seed, bound] of [0.3, 1, 3, 12, 40, 110].entries()) {
    const xs = argumentsWithin(bound, 10_000, seed + 1);
    const truth = (FIXED[op] as Reference).compute([{ shape: [xs.length], values: xs }], {});
    expect(await computeAll(twin, op, xs)).toBe(toHexBits(truth));
  }
});
