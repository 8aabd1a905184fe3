import { afterAll, beforeAll, expect, test } from "vitest";
import { treesOf } from "../src/openings.ts";
import { RANDOM_OPS, randomCase } from "./randomCase.ts";
import { ask, bigBits, deployReferees, type Referees, sample } from "./twin.ts";

let referees: Referees;
beforeAll(async () => {
  referees = await deployReferees();
});
afterAll(() => referees?.close());

/** V3: random shapes (empty ones too), attributes and bit patterns; the first, the last and some elements between. */
test.each(RANDOM_OPS)("%s: the engine's bits on random cases", async (op) => {
  let judged = 0;
  for (let seed = 0; seed < 12; seed++) {
    const { question, values, truth } = randomCase(op, seed);
    const trees = treesOf(values);
    for (const index of sample(truth.length, 4)) {
      const bits = await ask(referees, { ...question, index }, trees);
      expect(bits, `seed ${seed}, ${JSON.stringify(question)} [${index}]`).toBe(bigBits(truth[index]));
      judged++;
    }
    const beyond = { ...question, index: truth.length };
    await expect(ask(referees, beyond, trees)).rejects.toThrow();
  }
  expect(judged).toBeGreaterThan(12);
});
