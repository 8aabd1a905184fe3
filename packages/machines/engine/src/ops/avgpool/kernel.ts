import { bitsOf } from "../../bits.ts";
import { sizeOf } from "../../graph/ir.ts";
import { bump, canonical, f32, f32x4, i32, i32x4, v128, whileLoop } from "../../wasm/code.ts";
import type { Code, Local } from "../../wasm/emit.ts";
import type { Kernel } from "../op.ts";
import { isPadded, planeTasks, TAP_PARAMETERS, tapLoop, tapRunner, windowOf } from "../window.ts";

/** Below so many output places a plane is summed place by place instead of tap by tap; the order of each sum is the same. */
const FEW = 16;

/** Taps are added plane by plane, then everything is divided. */
export const kernel: Kernel = {
  emit(module) {
    module.function("avgpool", TAP_PARAMETERS, (f) => {
      f.body(
        tapLoop(
          f,
          (from, to) => f32.store(to.get, f32.add(f32.load(to.get), f32.load(from.get))),
          (inputs, to) => v128.store(to.get, f32x4.add(v128.load(to.get), inputs)),
        ),
      );
    });
    // plane, out, rows and columns of the output, of the window, bytes between output rows, columns, taps down, taps across
    module.function("avgpool.few", new Array<"i32">(10).fill("i32"), (f) => {
      const [plane, out, rows, columns] = [f.param(0), f.param(1), f.param(2), f.param(3)];
      const [high, wide, rowStep, step, down, across] = [4, 5, 6, 7, 8, 9].map((i) => f.param(i)) as Local[] as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const [from, line, tap, x, i, j] = [0, 1, 2, 3, 4, 5].map(() => f.local("i32")) as Local[] as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const sum = f.local("f32");
      const walk = (left: Local, pointer: Local, by: Local, ...body: Code[]): Code =>
        whileLoop(left.get, ...body, pointer.set(i32.add(pointer.get, by.get)), bump(left, -1));
      const window = walk(
        i,
        line,
        down,
        tap.set(line.get),
        j.set(wide.get),
        walk(j, tap, across, sum.set(f32.add(sum.get, f32.load(tap.get)))),
      );
      const place = [sum.set([0x43, 0, 0, 0, 0]), line.set(from.get), i.set(high.get), window];
      f.body(
        walk(
          rows,
          plane,
          rowStep,
          from.set(plane.get),
          x.set(columns.get),
          walk(x, from, step, ...place, f32.store(out.get, sum.get), bump(out, 4)),
        ),
      );
    });
    // out, count, bits of the divisor
    module.function("avgpool.divide", ["i32", "i32", "i32"], (f) => {
      const [out, count, bits, end] = [f.param(0), f.param(1), f.param(2), f.local("i32")];
      const divisor = i32x4.splat(bits.get);
      f.body(
        end.set(i32.add(out.get, i32.shl(count.get, 2))),
        whileLoop(
          i32.ltU(out.get, end.get),
          v128.store(out.get, canonical(f, f32x4.div(v128.load(out.get), divisor))),
          bump(out, 16),
        ),
      );
    });
  },
  bind(exports, inputs, output, attrs, scratch) {
    const stages = kernel.split?.(exports, inputs, output, attrs, scratch, 1) ?? [];
    return () => {
      for (const stage of stages) for (const task of stage) task();
    };
  },
  split(exports, [x], output, attrs, _scratch, parts) {
    const run = exports.avgpool as (...args: number[]) => void;
    const direct = exports["avgpool.few"] as (...args: number[]) => void;
    const divide = exports["avgpool.divide"] as (...args: number[]) => void;
    const fill = exports.fill as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const window = windowOf("avgpool", shape, attrs);
    const [count, divisor] = [sizeOf(output.shape), bitsOf(window.kernel[0] * window.kernel[1])];
    const taps = tapRunner(window, run);
    const few = window.out[0] * window.out[1] < FEW && !isPadded(window);
    const { kernel: size, strides, dilations, out, w } = window;
    return [
      ...planeTasks(window, at, output.at, parts, (from, to, area) => {
        const steps = [strides[0] * w * 4, strides[1] * 4, dilations[0] * w * 4, dilations[1] * 4];
        if (few) {
          direct(from, to, out[0], out[1], size[0], size[1], ...steps);
          return;
        }
        fill(to, area, 0);
        taps(from, to);
      }),
      [() => divide(output.at, count, divisor)],
    ];
  },
};
