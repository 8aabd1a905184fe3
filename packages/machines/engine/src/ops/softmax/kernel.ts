import { type Shape, sizeOf } from "../../graph/ir.ts";
import { bump, canonical, f32, f32x4, i32, v128, whileLoop } from "../../wasm/code.ts";
import type { Exports, Kernel } from "../op.ts";

const padded = (elements: number): number => Math.ceil((elements * 4 + 16) / 64) * 64;

/** Scratch for {@link expRows}: shifted values, their exp, and per row the maximum, the sum and one more number. */
export function expRowsScratch(shape: Shape): number {
  const rows = sizeOf(shape.slice(0, -1));
  return 2 * padded(sizeOf(shape)) + 3 * padded(rows) + 64;
}

/** Where {@link expRows} leaves its results. */
export interface ExpRows {
  readonly e: number;
  readonly most: number;
  readonly sum: number;
  /** Room for one more number per row. */
  readonly spare: number;
  run(): void;
}

/** exp(x - row maximum) and its row sums, in scratch. */
export function expRows(exports: Exports, x: { at: number; shape: Shape }, scratch: number): ExpRows {
  const call = (name: string) => exports[name] as (...args: number[]) => void;
  const [shift, exp, rowsum] = [call("softmax.shift"), call("exp"), call("rowsum")];
  const n = x.shape.at(-1) as number;
  const rows = sizeOf(x.shape.slice(0, -1));
  const shifted = scratch;
  const e = shifted + padded(rows * n);
  const most = e + padded(rows * n);
  const sum = most + padded(rows);
  const spare = sum + padded(rows);
  const lanes = spare + padded(rows);
  const run = () => {
    shift(x.at, shifted, most, rows, n);
    exp(shifted, e, rows * n);
    rowsum(e, sum, rows, n, lanes);
  };
  return { e, most, sum, spare, run };
}

/** Shift and exp in scratch, then one division per element. */
export const kernel: Kernel = {
  scratch: ([x]) => expRowsScratch(x as Shape),
  emit(module) {
    // x, out, maxima, rows, n
    module.function("softmax.shift", ["i32", "i32", "i32", "i32", "i32"], (f) => {
      const [x, out, maxima, rows, n] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
      const [from, end] = [f.local("i32"), f.local("i32")];
      const [value, most] = [f.local("v128"), f.local("v128")];
      f.body(
        whileLoop(
          rows.get,
          most.set(f32x4.const(Number.NEGATIVE_INFINITY)),
          from.set(x.get),
          end.set(i32.add(x.get, i32.shl(n.get, 2))),
          whileLoop(
            i32.ltU(from.get, end.get),
            value.set(v128.load32Splat(from.get)),
            most.set(f32x4.pmax(most.get, value.get)),
            bump(from, 4),
          ),
          f32.store(maxima.get, f32x4.lane0(most.get)),
          from.set(i32.add(out.get, i32.shl(n.get, 2))),
          whileLoop(
            i32.ltU(out.get, from.get),
            v128.store(out.get, canonical(f, f32x4.sub(v128.load(x.get), most.get))),
            bump(x, 16),
            bump(out, 16),
          ),
          x.set(end.get),
          out.set(from.get),
          bump(maxima, 4),
          rows.set(i32.sub(rows.get, i32.const(1))),
        ),
      );
    });
  },
  bind(exports, [x], output, _attrs, scratch) {
    if (x === undefined || sizeOf(output.shape) === 0) return () => {};
    const rows = expRows(exports, x, scratch);
    const divide = exports.div as (...args: number[]) => void;
    const n = x.shape.at(-1) as number;
    const count = sizeOf(x.shape.slice(0, -1));
    return () => {
      rows.run();
      divide(rows.e, rows.sum, output.at, count, n, n * 4, 4, 16, 0);
    };
  },
};
