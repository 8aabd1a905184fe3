import { sizeOf } from "../../graph/ir.ts";
import { canonical, f32, f32x4, i32, v128, when } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";
import { eachTap, TAP_PARAMETERS, tapArguments, tapLoop, windowOf } from "../window.ts";

/** One tap over one plane per call; a mask in scratch remembers which windows have given their gradient. */
export const kernel: Kernel = {
  scratch: ([dy]) => sizeOf((dy as readonly number[]).slice(2)) * 4,
  emit(module) {
    // x plane, y plane, tap arguments, then how far dx lies from x, and dy and the mask from y
    module.function("maxpoolgrad", [...TAP_PARAMETERS, "i32", "i32", "i32"], (f) => {
      const [toDx, toDy, toMask] = [f.param(7), f.param(8), f.param(9)];
      const [x, top] = [f.local("v128"), f.local("v128")];
      const mask = f.local("i32");
      const isNan = (value: typeof x) => v128.not(f32x4.eq(value.get, value.get));
      const equal = v128.or(f32x4.eq(x.get, top.get), v128.and(isNan(x), isNan(top)));
      f.body(
        tapLoop(f, (from, to) => {
          const dx = i32.add(from.get, toDx.get);
          const sum = f32x4.splat(f32.add(f32.load(dx), f32.load(i32.add(to.get, toDy.get))));
          const lane = [...equal, 0xfd, 0x1b, 0]; // i32x4.extract_lane 0
          return [
            ...x.set(v128.load32Splat(from.get)),
            ...top.set(v128.load32Splat(to.get)),
            ...mask.set(i32.add(to.get, toMask.get)),
            ...when(i32.and(i32.eqz(i32.load(mask.get)), lane), [
              ...i32.store(mask.get, i32.const(1)),
              ...f32.store(dx, f32x4.lane0(canonical(f, sum))),
            ]),
          ];
        }),
      );
    });
  },
  bind(exports, operands, output, attrs, scratch) {
    const run = exports.maxpoolgrad as (...args: number[]) => void;
    const fill = exports.fill as (...args: number[]) => void;
    const [dy, x, y] = operands as [(typeof operands)[0], (typeof operands)[0], (typeof operands)[0]];
    const window = windowOf("maxpoolgrad", x.shape, attrs);
    const [input, area] = [window.h * window.w * 4, window.out[0] * window.out[1]];
    return () => {
      fill(output.at, sizeOf(output.shape), 0);
      for (let plane = 0; plane < window.n * window.c; plane++) {
        fill(scratch, area, 0);
        const [from, to] = [x.at + plane * input, y.at + plane * area * 4];
        eachTap(window, (i, j) =>
          run(...tapArguments(window, i, j, from, to), output.at - x.at, dy.at - y.at, scratch - to),
        );
      }
    };
  },
};
