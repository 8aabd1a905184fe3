import { expect, test } from "vitest";
import { expNegative, LOGIT_ONE, logistic, ONE, softmax } from "./link.ts";

test("the logistic table is within 4 units of 2^-24 of the function, ascends, and mirrors", () => {
  let [most, last] = [0, 0];
  for (let score = -18 * LOGIT_ONE; score <= 18 * LOGIT_ONE; score += 997) {
    const p = logistic(score);
    if (Math.abs(score) < 15.9 * LOGIT_ONE)
      most = Math.max(most, Math.abs(p - ONE / (1 + Math.exp(-score / LOGIT_ONE))));
    if (p < last || p < 1 || p > ONE - 1 || !Number.isInteger(p)) expect.fail(`${score}: ${p} after ${last}`);
    last = p;
    if (score !== 0) expect(p + logistic(-score)).toBe(ONE);
  }
  expect(most).toBeLessThan(1.5);
});

test("exponentials of known arguments", () => {
  expect(expNegative(0)).toBe(2 ** 26);
  expect(expNegative(LOGIT_ONE)).toBe(Math.round(Math.exp(-1) * 2 ** 26));
  expect(expNegative(100 * LOGIT_ONE)).toBe(expNegative(16 * LOGIT_ONE));
});

test("softmax in integers is softmax", () => {
  const scores = [0.3, -1.2, 2.5].map((value) => Math.round(value * LOGIT_ONE));
  const out = new Float64Array(3);
  softmax(scores, 3, out);
  const whole = scores.reduce((sum, score) => sum + Math.exp(score / LOGIT_ONE), 0);
  scores.forEach((score, k) => {
    expect((out[k] as number) / ONE).toBeCloseTo(Math.exp(score / LOGIT_ONE) / whole, 6);
  });
});
