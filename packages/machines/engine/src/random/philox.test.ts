import { expect, test } from "vitest";
import { permutation, philox4x32, randomWord, shuffled, STREAM, uniform } from "./philox.ts";

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, "0")).join(" ");
const ONES = 0xffffffff;

test("Philox4x32-10 gives the known answers of Random123", () => {
  expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  expect(hex(philox4x32([ONES, ONES, ONES, ONES], [ONES, ONES]))).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
  expect(hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

test("a word is addressed by stream, counters and index", () => {
  expect(randomWord(0, 0, 0, 0, 2)).toBe(0xbc57ac4c);
  expect(randomWord(7, STREAM.init, 0, 0, 0)).not.toBe(randomWord(7, STREAM.order, 0, 0, 0));
  expect(randomWord(2 ** 32 + 7, 0, 0, 0, 0)).not.toBe(randomWord(7, 0, 0, 0, 0));
});

test("a permutation holds every index once and depends on seed and epoch", () => {
  const order = permutation(1000, 5, STREAM.order, 0);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(order).toEqual(permutation(1000, 5, STREAM.order, 0));
  expect(order).not.toEqual(permutation(1000, 5, STREAM.order, 1));
  expect(order).not.toEqual(permutation(1000, 6, STREAM.order, 0));
  expect(permutation(0, 1, STREAM.order, 0)).toHaveLength(0);
});

test("every place of a short permutation is about equally likely", () => {
  const counts = new Array<number>(5).fill(0);
  for (let epoch = 0; epoch < 5000; epoch++) {
    const at = permutation(5, 3, STREAM.order, epoch).indexOf(0);
    counts[at] = (counts[at] as number) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(130); // 4.6 standard deviations
});

const shuffle = (count: number, seed: number, epoch: number) =>
  Array.from({ length: count }, (_, index) => shuffled(count, seed, STREAM.order, epoch, index));

test("a shuffled order holds every index once, element by element, and depends on seed and epoch", () => {
  for (const count of [1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 1000, 4097]) {
    const order = shuffle(count, 5, 2);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  }
  expect(shuffle(1000, 5, 0)).not.toEqual(shuffle(1000, 5, 1));
  expect(shuffle(1000, 5, 0)).not.toEqual(shuffle(1000, 2 ** 32 + 5, 0));
});

test("in a shuffled order every place, and every pair of neighbours, is about equally likely", () => {
  for (const [count, rounds] of [
    [5, 3000],
    [30, 1500],
  ] as const) {
    const places = new Array<number>(count).fill(0);
    const pairs = new Array<number>(count).fill(0);
    for (let epoch = 0; epoch < rounds; epoch++) {
      const order = shuffle(count, 3, epoch);
      const at = order.indexOf(0);
      places[at] = (places[at] as number) + 1;
      const next = order[(at + 1) % count] as number;
      pairs[next] = (pairs[next] as number) + 1;
    }
    const far = (counts: readonly number[], expected: number) =>
      counts.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
    // Chi-squared: mean count - 1, deviation sqrt(2 (count - 1)); five deviations.
    expect(far(places, rounds / count)).toBeLessThan(count - 1 + 5 * Math.sqrt(2 * (count - 1)));
    expect(far(pairs.slice(1), rounds / (count - 1))).toBeLessThan(count - 2 + 5 * Math.sqrt(2 * (count - 2)));
  }
});

test("uniform values stay in their bounds", () => {
  const values = uniform(10_000, 0.25, 1, STREAM.init, 0);
  expect(Math.max(...values)).toBeLessThan(0.25);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.25);
  expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 10_000)).toBeLessThan(0.006);
});
