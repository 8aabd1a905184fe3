import { bump, canonical, f32x4, i32, v128, when, whileLoop } from "../../wasm/code.ts";
import type { Code, FunctionBuilder, Local, ModuleBuilder } from "../../wasm/emit.ts";
import { type After, BIAS_COLUMN, BIAS_ROW, CLAMP, clampCode } from "../matmul/after.ts";
import type { Exports, Stage } from "../op.ts";
import { ranges } from "../../threads/tape.ts";
import type { Window } from "../window.ts";
import type { Convolution } from "./shape.ts";

const words = (...list: number[]): number[] => list.flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));
const [EVEN, ODD] = [words(0, 2, 4, 6), words(1, 3, 5, 7)];

/** Whether the direct kernel does it: one input and one output channel per group, 3 x 3, stride 1 or 2, rows of at least 4. */
export function isDepthwise({ window, inputs, outputs }: Convolution): boolean {
  const { kernel, strides, dilations, out } = window;
  const square = kernel[0] === 3 && kernel[1] === 3 && dilations[0] === 1 && dilations[1] === 1;
  return inputs === 1 && outputs === 1 && square && strides[0] === strides[1] && strides[0] <= 2 && out[1] >= 4;
}

/** Extents of a plane with its padding: all that windows touch. */
function extents({ out, strides }: Window): readonly [rows: number, columns: number] {
  return [(out[0] - 1) * strides[0] + 3, (out[1] - 1) * strides[1] + 3];
}

/** Scratch of one task: a padded plane, and what the last vectors of its last row may read over. */
export function depthwiseScratch(window: Window): number {
  const [rows, columns] = extents(window);
  return Math.ceil((rows * columns * 4 + 64) / 64) * 64;
}

/** The input vectors of one row of taps for four places; each is used once, in order. */
function taps(stride: number, row: Local, pair: readonly [Local, Local]): readonly Code[] {
  if (stride === 1) return [0, 4, 8].map((offset) => v128.load(row.get, offset));
  const [low, high] = pair;
  const loads: Code = [...low.set(v128.load(row.get)), ...high.set(v128.load(row.get, 16))];
  return [
    [...loads, ...v128.shuffle(low.get, high.get, EVEN)],
    v128.shuffle(low.get, high.get, ODD),
    v128.shuffle(v128.load(row.get, 8), v128.load(row.get, 24), EVEN),
  ];
}

/** Four places of one output row. */
function places(f: FunctionBuilder, stride: number, rows: readonly Local[], weights: readonly Local[]): Code {
  const sum = f.local("v128");
  const pair = [f.local("v128"), f.local("v128")] as const;
  let code: Code = sum.set(f32x4.const(0));
  rows.forEach((row, i) => {
    taps(stride, row, pair).forEach((tap, j) => {
      // The operands of a product commute, and so does the choice which NaN it keeps: NaN ends canonical.
      code = [...code, ...sum.set(f32x4.add(sum.get, f32x4.mul(tap, (weights[i * 3 + j] as Local).get)))];
    });
  });
  return [...code, ...sum.get];
}

/** Adds the direct 3 x 3 kernel over one padded plane, for strides 1 and 2. */
export function emitDepthwise(module: ModuleBuilder): void {
  // padded plane, weights, out, rows, columns, bytes of a padded row, kinds, bias, limits
  for (const stride of [1, 2])
    module.function(`conv2d.depthwise${stride}`, new Array<"i32">(9).fill("i32"), (f) => {
      const [plane, w, out, rows, columns, rowBytes] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i)) as Local[] as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const [kinds, bias, limits] = [f.param(6), f.param(7), f.param(8)];
      const weights = Array.from({ length: 9 }, () => f.local("v128"));
      const pointers = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [left, to] = [f.local("i32"), f.local("i32")];
      const value = f.local("v128");
      const step = stride * 16;
      const back = i32.sub(i32.const(4), left.get);
      const move = (pointer: Local, shift: number): Code => pointer.set(i32.sub(pointer.get, i32.shl(back, shift)));
      f.body(
        weights.flatMap((weight, i) => [...weight.set(v128.load32Splat(w.get, i * 4))]),
        whileLoop(
          rows.get,
          pointers.flatMap((pointer, i) => [
            ...pointer.set(i === 0 ? plane.get : i32.add((pointers[i - 1] as Local).get, rowBytes.get)),
          ]),
          to.set(out.get),
          left.set(columns.get),
          whileLoop(
            left.get,
            // The last vector of a row steps back over places that are done: it never writes beyond the row.
            when(i32.ltU(left.get, i32.const(4)), [
              ...pointers.flatMap((pointer) => [...move(pointer, stride + 1)]),
              ...move(to, 2),
              ...left.set(i32.const(4)),
            ]),
            value.set(places(f, stride, pointers, weights)),
            when(
              i32.and(kinds.get, i32.const(BIAS_ROW | BIAS_COLUMN)),
              value.set(f32x4.add(value.get, v128.load32Splat(bias.get))),
            ),
            when(i32.and(kinds.get, i32.const(CLAMP)), value.set(clampCode(value.get, limits))),
            v128.store(to.get, canonical(f, value.get)),
            pointers.flatMap((pointer) => [...bump(pointer, step)]),
            bump(to, 16),
            bump(left, -4),
          ),
          out.set(i32.add(out.get, i32.shl(columns.get, 2))),
          plane.set(i32.add(plane.get, stride === 1 ? rowBytes.get : i32.shl(rowBytes.get, 1))),
          bump(rows, -1),
        ),
      );
    });
}

/** Copies each plane between borders of +0, so that a tap on padding is multiplied like any other. */
export function depthwiseTasks(
  exports: Exports,
  job: { conv: Convolution; x: number; w: number; y: number; after: After | undefined },
  scratch: number,
  pieces: number,
): Stage {
  const { window, channels } = job.conv;
  const { n, h, w, pads, strides, out } = window;
  const run = exports[`conv2d.depthwise${strides[0]}`] as (...args: number[]) => void;
  const copy = exports.unfold as (...args: number[]) => void;
  const fill = exports.fill as (...args: number[]) => void;
  const [rows, columns] = extents(window);
  const [high, wide] = [Math.min(h, rows - pads[0]), Math.min(w, columns - pads[1])];
  const { kinds, bias, limits } = job.after ?? { kinds: 0, bias: 0, limits: 0 };
  const size = depthwiseScratch(window);
  return ranges(n * channels, pieces).map(([from, to], index) => {
    const padded = scratch + index * size;
    const inner = padded + (pads[0] * columns + pads[1]) * 4;
    return () => {
      fill(padded, size / 4, 0);
      for (let plane = from; plane < to; plane++) {
        const channel = plane % channels;
        copy(job.x + plane * h * w * 4, inner, high, wide, w * 4, columns * 4, 4);
        const y = job.y + plane * out[0] * out[1] * 4;
        run(padded, job.w + channel * 36, y, out[0], out[1], columns * 4, kinds, bias + channel * 4, limits);
      }
    };
  });
}
