import { f32, f32x4, v128 } from "../../wasm/code.ts";
import type { Code } from "../../wasm/emit.ts";
import type { Kernel } from "../op.ts";
import { planeTasks, TAP_PARAMETERS, tapLoop, tapRunner, windowOf } from "../window.ts";

const MINUS_INFINITY = 0xff800000;

/** One tap over one plane per call, onto a result that starts at -inf. */
export const kernel: Kernel = {
  emit(module) {
    module.function("maxpool", TAP_PARAMETERS, (f) => {
      const [x, most] = [f.local("v128"), f.local("v128")];
      const larger = (inputs: Code, before: Code): Code => {
        const takes = v128.or(f32x4.gt(x.get, most.get), v128.not(f32x4.eq(x.get, x.get)));
        return [...x.set(inputs), ...most.set(before), ...v128.select(x.get, most.get, takes)];
      };
      f.body(
        tapLoop(
          f,
          (from, to) => f32.store(to.get, f32x4.lane0(larger(v128.load32Splat(from.get), v128.load32Splat(to.get)))),
          (inputs, to) => v128.store(to.get, larger(inputs, v128.load(to.get))),
        ),
      );
    });
  },
  bind(exports, inputs, output, attrs, scratch) {
    const [stage] = kernel.split?.(exports, inputs, output, attrs, scratch, 1) ?? [];
    return stage?.[0] ?? (() => {});
  },
  split(exports, [x], output, attrs, _scratch, parts) {
    const run = exports.maxpool as (...args: number[]) => void;
    const fill = exports.fill as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const window = windowOf("maxpool", shape, attrs);
    const taps = tapRunner(window, run);
    return planeTasks(window, at, output.at, parts, (from, to, area) => {
      fill(to, area, MINUS_INFINITY);
      taps(from, to);
    });
  },
};
