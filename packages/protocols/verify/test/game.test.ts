import { afterAll, beforeAll, expect, test } from "vitest";
import { Replay } from "../src/replay.ts";
import { Arena, attacking, defending } from "./arena.ts";
import { LyingReplay, perceptron, ulp } from "./runs.ts";

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.open();
}, 60_000);
afterAll(() => arena?.close());

const run = perceptron({ widths: [6, 5, 3], batch: 4, rows: 40, steps: 50 });

test("a weight off by one ulp in one step is found and paid for", async () => {
  const honest = new Replay(run);
  const target = honest.program.values.find(({ name }) => name === "w0")?.update as number;
  const liar = new LyingReplay(run, [{ low: 23, value: target, change: (values) => ulp(values, 7) }]);
  expect(liar.jobHash).toBe(honest.jobHash);
  expect(liar.rootAt(23)).toBe(honest.rootAt(23));
  expect(liar.rootAt(24)).not.toBe(honest.rootAt(24));
  const { stand } = await arena.claim(honest.jobHash, liar.result);
  const { position, gas } = await arena.challenge(stand, liar.result, honest);
  const outcome = await arena.play(position, defending(liar), attacking(honest));
  console.log(gas, outcome);
  expect(outcome.winner).toBe("CHALLENGER_WINS");
});
