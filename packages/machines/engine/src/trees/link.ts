/** One, for probabilities, gradients and curvatures: units of 2^-24, so a probability is an exact binary32 number. */
export const ONE = 2 ** 24;
/** One, for log-odds: units of 2^-20. */
export const LOGIT_ONE = 2 ** 20;

const STEP_BITS = 8; // a table step is 2^8 units of log-odds, so 4096 steps make 1
const STEPS = 16 * 4096;
const EXP_ONE = 2 ** 26;
let table: Int32Array | undefined;

/** round(exp(-i / 4096) * 2^26), i = 0 .. 65536, by repeated binary64 products with a Taylor sum of exp(-1/4096). */
function exponentials(): Int32Array {
  if (table !== undefined) return table;
  const h = 1 / 4096;
  const factor = 1 - h + (h * h) / 2 - (h * h * h) / 6 + (h * h * h * h) / 24;
  table = new Int32Array(STEPS + 1);
  let value = EXP_ONE;
  for (let i = 0; i <= STEPS; i++) {
    table[i] = Math.floor(value + 0.5);
    value *= factor;
  }
  return table;
}

/** exp(-d) in 2^-26 for an integer d >= 0 in 2^-20, by a table and a straight line; constant beyond 16. */
export function expNegative(d: number): number {
  const list = exponentials();
  const at = Math.floor(d / 2 ** STEP_BITS);
  if (at >= STEPS) return list[STEPS] as number;
  const from = list[at] as number;
  return from - (((from - (list[at + 1] as number)) * (d - at * 2 ** STEP_BITS)) >> STEP_BITS);
}

/** The logistic function in integers: log-odds in 2^-20 to a probability in 2^-24, from 1 to 2^24 - 1. */
export function logistic(score: number): number {
  const e = expNegative(Math.abs(score));
  const whole = EXP_ONE + e;
  const high = Math.floor((ONE * EXP_ONE + Math.floor(whole / 2)) / whole);
  return Math.min(ONE - 1, score >= 0 ? high : Math.max(1, ONE - high));
}

/** Softmax in integers: writes probabilities in 2^-24, each from 1 to 2^24 - 1, for `count` scores in 2^-20. */
export function softmax(scores: ArrayLike<number>, count: number, out: Float64Array): void {
  let top = scores[0] as number;
  for (let k = 1; k < count; k++) if ((scores[k] as number) > top) top = scores[k] as number;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const e = expNegative(top - (scores[k] as number));
    out[k] = e;
    sum += e;
  }
  const half = Math.floor(sum / 2);
  for (let k = 0; k < count; k++) {
    const p = Math.floor(((out[k] as number) * ONE + half) / sum);
    out[k] = Math.min(ONE - 1, Math.max(1, p));
  }
}

/** The smallest integer in [low, high] that satisfies an ascending condition; `high` when none does. */
export function smallest(low: number, high: number, holds: (value: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
