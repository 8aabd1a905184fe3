/** Four 32-bit words. */
export type Words = readonly [number, number, number, number];

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;

/** High half of the 64-bit product of two 32-bit words, in 32-bit integers only. */
function high(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = Math.imul(aHigh, bLow);
  const second = Math.imul(aLow, bHigh);
  const middle = (Math.imul(aLow, bLow) >>> 16) + (first & 0xffff) + (second & 0xffff);
  return (Math.imul(aHigh, bHigh) + (first >>> 16) + (second >>> 16) + (middle >>> 16)) | 0;
}

/** The last block that was drawn: one place, so that drawing allocates nothing. */
const drawn = new Uint32Array(4);

function draw(counter0: number, counter1: number, counter2: number, counter3: number, key0: number, key1: number) {
  // No arrays in here: it runs a hundred times a sample.
  let c0 = counter0 | 0;
  let c1 = counter1 | 0;
  let c2 = counter2 | 0;
  let c3 = counter3 | 0;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = high(M0, c0);
    const high1 = high(M1, c2);
    const low0 = Math.imul(M0, c0);
    const low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  drawn[0] = c0;
  drawn[1] = c1;
  drawn[2] = c2;
  drawn[3] = c3;
}

/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
 * (SC 2011): four random words for a 128-bit counter under a 64-bit key.
 */
export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  draw(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return [drawn[0] as number, drawn[1] as number, drawn[2] as number, drawn[3] as number];
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

/** Rounds of the permutation below: three times over both halves. */
const ROUNDS = 6;

/**
 * Element `index` of a permutation of 0..count-1 that needs no other element, so that a batch can be checked alone: a
 * Feistel network on pairs (l, r) below s = ceil(sqrt(count)), six rounds (l, r) -> (r, (l + floor(word * s / 2^32)) mod s)
 * with word = Philox(counter (r, a, round, stream))[0], walked on from values that are not below `count` (cycle walking,
 * Black and Rogaway, CT-RSA 2002). `count` is at most 2^32.
 */
export function shuffled(count: number, seed: number, stream: number, a: number, index: number): number {
  const side = Math.ceil(Math.sqrt(count));
  const key0 = (seed % 2 ** 32) >>> 0;
  const key1 = Math.floor(seed / 2 ** 32);
  let value = index;
  do {
    let left = Math.floor(value / side);
    let right = value % side;
    for (let round = 0; round < ROUNDS; round++) {
      draw(right, a, round, stream, key0, key1);
      const next = (left + Math.floor(((drawn[0] as number) * side) / 2 ** 32)) % side;
      left = right;
      right = next;
    }
    value = left * side + right;
  } while (value >= count);
  return value;
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
