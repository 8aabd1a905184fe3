import type { SolidityTwin } from "@base/testkit/solidity.ts";
import { fromHexBits, toHexBits } from "@machines/engine/bits.ts";
import type { Reference } from "@machines/engine/ops/op.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { argumentsWithin, computeAll, FIXED, functionTwin } from "./twin.ts";

let twin: SolidityTwin;
beforeAll(async () => {
  twin = await functionTwin();
}, 300_000);
afterAll(() => twin?.close());

/** V3. */
test.each(Object.keys(FIXED))("%s: the bits of the reference at edges and on 600 patterns", async (op) => {
  const edges = fromHexBits(
    "00000000800000007f800000ff8000007fc00000000000017f7fffff42b2000042b17218c2d00000c2cff0003f2000003f1fffff3f3504f3",
  );
  const bound = op === "exp" ? 100 : 12;
  const xs = Float32Array.from([...edges, ...argumentsWithin(bound, 600, 11)]);
  const truth = (FIXED[op] as Reference).compute([{ shape: [xs.length], values: xs }], {});
  expect(await computeAll(twin, op, xs)).toBe(toHexBits(truth));
});
