import { sizeOf } from "../../graph/ir.ts";
import { bump, i32, whileLoop } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";
import { permutationOf, permutedStrides } from "./reference.ts";

/** Copies the last two axes of the result in WebAssembly, the others from outside. */
export const kernel: Kernel = {
  emit(module) {
    // x, out, rows, columns, byte strides of a row and of a column in x
    module.function("permute", ["i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
      const [x, out, rows, columns, rowStride, stride] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i)) as [
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
      ];
      const [from, end] = [f.local("i32"), f.local("i32")];
      f.body(
        whileLoop(
          rows.get,
          from.set(x.get),
          end.set(i32.add(out.get, i32.shl(columns.get, 2))),
          whileLoop(
            i32.ltU(out.get, end.get),
            i32.store(out.get, i32.load(from.get)),
            from.set(i32.add(from.get, stride.get)),
            bump(out, 4),
          ),
          x.set(i32.add(x.get, rowStride.get)),
          rows.set(i32.sub(rows.get, i32.const(1))),
        ),
      );
    });
  },
  bind(exports, [x], output, attrs) {
    const run = exports.permute as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const strides = permutedStrides(shape, permutationOf(shape, attrs)).map((stride) => stride * 4);
    const extents = [1, 1, ...output.shape];
    const steps = [0, 0, ...strides];
    const [columns, rows] = [extents.pop() as number, extents.pop() as number];
    const [columnStep, rowStep] = [steps.pop() as number, steps.pop() as number];
    const blocks = sizeOf(extents);
    return () => {
      for (let block = 0; block < blocks; block++) {
        let [rest, from] = [block, at];
        for (let axis = extents.length - 1; axis >= 0; axis--) {
          from += (rest % (extents[axis] as number)) * (steps[axis] as number);
          rest = Math.floor(rest / (extents[axis] as number));
        }
        run(from, output.at + block * rows * columns * 4, rows, columns, rowStep, columnStep);
      }
    };
  },
};
