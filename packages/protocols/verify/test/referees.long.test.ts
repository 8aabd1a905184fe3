import { afterAll, beforeAll, expect, test } from "vitest";
import { treesOf } from "../src/openings.ts";
import { RANDOM_OPS, randomCase } from "./randomCase.ts";
import { ask, bigBits, deployReferees, type Referees, sample } from "./twin.ts";

let referees: Referees;
beforeAll(async () => {
  referees = await deployReferees();
});
afterAll(() => referees?.close());

/** V3, on more cases than fit the daily tests. */
test.each(RANDOM_OPS)("%s: the engine's bits on 400 random cases", async (op) => {
  for (let seed = 100; seed < 500; seed++) {
    const { question, values, truth } = randomCase(op, seed);
    const trees = treesOf(values);
    for (const index of sample(truth.length, 5))
      expect(await ask(referees, { ...question, index }, trees), `seed ${seed} [${index}]`).toBe(bigBits(truth[index]));
  }
});
