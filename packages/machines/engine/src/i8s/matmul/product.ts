import { InvalidInputError } from "@base/errors";
import type { Exports } from "../../ops/op.ts";
import { kernelModule } from "../../wasm/kernels.ts";
import { requantiseWindow } from "../requantise/kernel.ts";
import { checkRequantiser, type Requantiser } from "../requantise/reference.ts";
import { PANEL_END, QUAD, ROW_END, WIDTH } from "./kernel.ts";
import { checkMatmul } from "./reference.ts";

const PAGE = 65_536;
/** Rows that are taken together: their block stays in the second-level cache while panels pass by. */
const ROWS = 66;

/** An int8 matrix product with fixed right operand (a layer's weights), packed once. */
export class IntegerProduct {
  readonly #exports: Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #m: number;
  readonly #k: number;
  readonly #n: number;
  readonly #at: {
    readonly raw: number;
    readonly wide: number;
    readonly panels: number;
    readonly sums: number;
    readonly result: number;
  };

  /** `weights` is [k, n]; at most `m` rows are multiplied at once. Throws InvalidInputError when shapes do not fit. */
  constructor(weights: Int8Array, m: number, k: number, n: number) {
    checkMatmul(new Int8Array(m * k), weights, m, k, n);
    [this.#m, this.#k, this.#n] = [m, k, n];
    const sizes = [
      Math.max(m * k, k * n),
      m * this.#line,
      this.#panels * this.#panelBytes,
      m * this.#panels * WIDTH * 4,
      m * n,
    ];
    const offsets = sizes.map((_, index) =>
      sizes.slice(0, index).reduce((sum, size) => sum + Math.ceil((size + 16) / 64) * 64, 64),
    );
    const [raw, wide, panels, sums, result] = offsets as [number, number, number, number, number];
    this.#at = { raw, wide, panels, sums, result };
    const ahead = this.#panelBytes + Math.ceil(this.#panelBytes / 8); // the last panel's rows read on behind it, for nothing
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil((result + m * n + ahead) / PAGE) });
    const instance = new WebAssembly.Instance(kernelModule(), { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as Exports;
    new Int8Array(this.#memory.buffer, raw, weights.length).set(weights);
    for (let panel = 0; panel < this.#panels; panel++) {
      const to = panels + panel * this.#panelBytes;
      this.#call("i8s.pack", raw + panel * WIDTH, to, k, Math.min(WIDTH, n - panel * WIDTH), n, this.#quads);
    }
  }

  get #quads(): number {
    return Math.ceil(this.#k / QUAD);
  }

  /** Bytes of one widened row. */
  get #line(): number {
    return this.#quads * QUAD * 2 + ROW_END;
  }

  get #panelBytes(): number {
    return this.#quads * QUAD * 2 * WIDTH + PANEL_END;
  }

  get #panels(): number {
    return Math.ceil(this.#n / WIDTH);
  }

  #call(name: string, ...args: number[]): void {
    (this.#exports[name] as (...args: number[]) => void)(...args);
  }

  /** Hands over the left operand [m, k]. Throws InvalidInputError when its size differs. */
  write(a: Int8Array): void {
    if (a.length !== this.#m * this.#k)
      throw new InvalidInputError(`The product takes ${this.#m * this.#k} numbers, not ${a.length}.`);
    new Int8Array(this.#memory.buffer, this.#at.raw, a.length).set(a);
  }

  #multiply(): void {
    const { raw, wide, panels, sums } = this.#at;
    this.#call("i8s.widen", raw, wide, this.#m, this.#k, this.#line);
    const [row, line] = [this.#panels * WIDTH * 4, this.#line];
    for (let first = 0; first < this.#m; first += ROWS) {
      const rows = Math.min(ROWS, this.#m - first);
      for (let panel = 0; panel < this.#panels; panel++) {
        const packed = panels + panel * this.#panelBytes;
        const to = sums + first * row + panel * WIDTH * 4;
        this.#call("i8s.panel", wide + first * line, line, packed, to, row, rows, this.#quads);
      }
    }
  }

  /** The exact int32 sums [m, n] of `a` [m, k]. */
  sums(a: Int8Array): Int32Array {
    this.write(a);
    this.#multiply();
    const all = new Int32Array(this.#memory.buffer, this.#at.sums, this.#m * this.#panels * WIDTH);
    const dense = new Int32Array(this.#m * this.#n);
    for (let i = 0; i < this.#m; i++) {
      const from = i * this.#panels * WIDTH;
      dense.set(all.subarray(from, from + this.#n), i * this.#n);
    }
    return dense;
  }

  /** Computes the requantised product of what was written; {@link read} gives it. */
  compute(requantiser: Requantiser): void {
    checkRequantiser(requantiser);
    this.#multiply();
    const { multiplier, shift } = requantiser;
    const { sums, result } = this.#at;
    const row = this.#panels * WIDTH * 4;
    const window = requantiseWindow(requantiser);
    this.#call("i8s.requantise", sums, result, this.#m, this.#n, row, multiplier, shift, ...window);
  }

  /** The product computed last, int8 [m, n]. */
  read(): Int8Array {
    return new Int8Array(this.#memory.buffer, this.#at.result, this.#m * this.#n).slice();
  }

  /** The requantised product of `a`, int8 [m, n]. */
  run(a: Int8Array, requantiser: Requantiser): Int8Array {
    this.write(a);
    this.compute(requantiser);
    return this.read();
  }
}
