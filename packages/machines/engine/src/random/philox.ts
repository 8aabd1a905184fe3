/** Four 32-bit words. */
export type Words = readonly [number, number, number, number];

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;

/** High and low half of the 64-bit product of two 32-bit words. */
function multiply(a: number, b: number): [high: number, low: number] {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = (middle & 0xffff) + aLow * bHigh;
  const high = aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
 * (SC 2011): four random words for a 128-bit counter under a 64-bit key.
 */
export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter as unknown as [number, number, number, number];
  let [k0, k1] = key as unknown as [number, number];
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(M0, c0);
    const [high1, low1] = multiply(M1, c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** What a stream of random words is for; it is part of the counter, so streams never overlap. */
export const STREAM = { init: 1, order: 2, split: 3 } as const;

/**
 * Word `index` of a stream, addressable at random: counter = (index / 4, a, b, stream), word index mod 4.
 * `seed` is an integer in [0, 2^53).
 */
export function randomWord(seed: number, stream: number, a: number, b: number, index: number): number {
  const key = [(seed % 2 ** 32) >>> 0, Math.floor(seed / 2 ** 32)] as const;
  return philox4x32([Math.floor(index / 4), a, b, stream], key)[(index % 4) as 0 | 1 | 2 | 3];
}

/**
 * A permutation of 0..count-1 by Fisher-Yates from the end; position i is exchanged with
 * floor(word * (i + 1) / 2^32). `count` is at most 2^21 so that the product is exact in binary64.
 */
export function permutation(count: number, seed: number, stream: number, a: number, b = 0): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const key = [(seed % 2 ** 32) >>> 0, Math.floor(seed / 2 ** 32)] as const;
  let block: Words = [0, 0, 0, 0];
  for (let i = count - 1, index = 0; i > 0; i--, index++) {
    if (index % 4 === 0) block = philox4x32([index / 4, a, b, stream], key);
    const word = block[(index % 4) as 0 | 1 | 2 | 3];
    const other = Math.floor((word * (i + 1)) / 2 ** 32);
    const held = order[i] as number;
    order[i] = order[other] as number;
    order[other] = held;
  }
  return order;
}

/** `count` values uniform in [-limit, limit): u = (word >> 8) / 2^23 - 1 is exact, then one rounded product. */
export function uniform(count: number, limit: number, seed: number, stream: number, a: number, b = 0): Float32Array {
  const bound = Math.fround(limit);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const word = randomWord(seed, stream, a, b, i);
    values[i] = Math.fround(((word >>> 8) / 2 ** 23 - 1) * bound);
  }
  return values;
}
