import { sizeOf } from "../../graph/ir.ts";
import { bump, canonical, f32, f32x4, i32, v128, whileLoop } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";

/** Four vectors hold the sixteen lanes; the last n mod 16 elements are added one by one in scratch. */
export const kernel: Kernel = {
  scratch: () => 64,
  emit(module) {
    // x, out, rows, n, scratch
    module.function("rowsum", ["i32", "i32", "i32", "i32", "i32"], (f) => {
      const [x, out, rows, n, scratch] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
      const [wide, end, slot] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const lanes = [0, 1, 2, 3].map(() => f.local("v128"));
      const folded = f.local("v128");
      const at = (index: number) => (lanes[index] as (typeof lanes)[0]).get;
      const swap = (by: number) => {
        const bytes = Array.from({ length: 16 }, (_, i) => (i + by) % 16);
        return v128.shuffle(folded.get, folded.get, bytes);
      };
      f.body(
        whileLoop(
          rows.get,
          lanes.flatMap((lane) => [...lane.set(f32x4.const(0))]),
          end.set(i32.add(x.get, i32.shl(n.get, 2))),
          wide.set(i32.add(x.get, i32.shl(i32.and(n.get, i32.const(-16)), 2))),
          whileLoop(
            i32.ltU(x.get, wide.get),
            lanes.flatMap((lane, i) => [...lane.set(f32x4.add(lane.get, v128.load(x.get, i * 16)))]),
            bump(x, 64),
          ),
          lanes.flatMap((lane, i) => [...v128.store(scratch.get, lane.get, i * 16)]),
          slot.set(scratch.get),
          whileLoop(
            i32.ltU(x.get, end.get),
            f32.store(slot.get, f32.add(f32.load(slot.get), f32.load(x.get))),
            bump(slot, 4),
            bump(x, 4),
          ),
          lanes.flatMap((lane, i) => [...lane.set(v128.load(scratch.get, i * 16))]),
          folded.set(f32x4.add(f32x4.add(at(0), at(2)), f32x4.add(at(1), at(3)))),
          folded.set(f32x4.add(folded.get, swap(8))),
          folded.set(f32x4.add(folded.get, swap(4))),
          f32.store(out.get, f32x4.lane0(canonical(f, folded.get))),
          bump(out, 4),
          rows.set(i32.sub(rows.get, i32.const(1))),
        ),
      );
    });
  },
  bind(exports, [x], output, _attrs, scratch) {
    const run = exports.rowsum as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const [rows, n] = [sizeOf(output.shape), shape.at(-1) as number];
    return () => run(at, output.at, rows, n, scratch);
  },
};
