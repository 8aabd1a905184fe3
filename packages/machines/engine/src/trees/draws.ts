import { bitsOf } from "../bits.ts";
import { permutation, philox4x32, type Words } from "../random/philox.ts";

/** Streams of random words for trees; the number is part of the Philox counter. */
const STREAM = { rows: 16, features: 17, aside: 18 } as const;

/**
 * Draws that depend on what a row holds, not on where it stands, so that the order of rows cannot change a model.
 * Rows that are equal are drawn together.
 */
export class Draws {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #key: readonly [number, number];
  readonly #words: Uint32Array;
  #block = -1;

  /** Keys of `rows` rows of features `x` with targets `y`, for one seed. */
  constructor(x: Float32Array, y: Float32Array, seed: number) {
    const width = x.length / y.length;
    this.#low = new Uint32Array(y.length);
    this.#high = new Uint32Array(y.length);
    this.#words = new Uint32Array(y.length * 4);
    this.#key = [(seed % 2 ** 32) >>> 0, Math.floor(seed / 2 ** 32)];
    for (let row = 0; row < y.length; row++) {
      let [a, b] = [0x811c9dc5, 0x9e3779b9];
      for (let feature = 0; feature <= width; feature++) {
        const word = bitsOf((feature === width ? y[row] : x[row * width + feature]) as number);
        a = Math.imul(a ^ word, 0x01000193);
        a ^= a >>> 15;
        b = Math.imul(b + word, 0x85ebca6b);
        b ^= b >>> 13;
      }
      this.#low[row] = a;
      this.#high[row] = b;
    }
  }

  /** Rows that `round` draws, ascending, each with probability `share`. */
  rows(round: number, share: number): Uint32Array {
    const block = Math.floor(round / 4);
    if (block !== this.#block) {
      for (let row = 0; row < this.#low.length; row++) this.#words.set(this.#wordsOf(row, block, STREAM.rows), row * 4);
      this.#block = block;
    }
    return this.#chosen((row) => this.#words[row * 4 + (round % 4)] as number, share);
  }

  /** Whether each row is kept aside to decide when to stop. */
  aside(share: number): boolean[] {
    const rows = new Set(this.#chosen((row) => this.#wordsOf(row, 0, STREAM.aside)[0], share));
    return Array.from(this.#low, (_, row) => rows.has(row));
  }

  /** max(1, floor(share * count)) features for one tree, ascending. */
  features(tree: number, count: number, share: number): number[] {
    const all = Array.from({ length: count }, (_, feature) => feature);
    if (share === 1) return all;
    const seed = this.#key[0] + this.#key[1] * 2 ** 32;
    const drawn = permutation(count, seed, STREAM.features, tree).subarray(0, Math.max(1, Math.floor(share * count)));
    return [...drawn].sort((a, b) => a - b);
  }

  #wordsOf(row: number, block: number, stream: number): Words {
    return philox4x32([this.#low[row] as number, this.#high[row] as number, block, stream], this.#key);
  }

  #chosen(word: (row: number) => number, share: number): Uint32Array {
    const limit = share * 2 ** 32;
    return Uint32Array.from({ length: this.#low.length }, (_, row) => row).filter((row) => word(row) < limit);
  }
}
