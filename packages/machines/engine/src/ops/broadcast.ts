import { InvalidInputError } from "@base/errors";
import { type Shape, sizeOf } from "../graph/ir.ts";

/** NumPy broadcasting: shapes are aligned at the right, an extent of 1 stretches. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new InvalidInputError(`Shapes [${a}] and [${b}] do not broadcast.`);
    out.push(x === 1 ? y : x);
  }
  return out;
}

/** Element strides of an operand seen through the result's shape; 0 along stretched axes. */
export function broadcastStrides(shape: Shape, out: Shape): number[] {
  const strides = new Array<number>(out.length).fill(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] as number;
    if (extent !== 1) strides[axis + out.length - shape.length] = stride;
    stride *= extent;
  }
  return strides;
}

/** A broadcast operation as a few rows of contiguous work: `outer` x `inner` per entry of `starts`. */
export interface Loops {
  readonly outer: number;
  readonly inner: number;
  /** Per operand: element stride of a row, and 1 or 0 along the row. */
  readonly rows: readonly number[];
  readonly steps: readonly number[];
  /** Element offsets of each block: result first, then the operands. */
  readonly starts: readonly (readonly number[])[];
}

/** Merges axes that all operands walk alike and leaves at most two loops to the kernel. */
export function broadcastLoops(operands: readonly Shape[], out: Shape): Loops {
  const strides = operands.map((shape) => broadcastStrides(shape, out));
  const extents: number[] = [];
  const merged: number[][] = operands.map(() => []);
  for (let axis = 0; axis < out.length; axis++) {
    const extent = out[axis] as number;
    if (extent === 1) continue;
    const last = extents.length - 1;
    const joins = last >= 0 && strides.every((s, i) => (merged[i] as number[])[last] === (s[axis] as number) * extent);
    if (joins) {
      extents[last] = (extents[last] as number) * extent;
      strides.forEach((s, i) => {
        (merged[i] as number[])[last] = s[axis] as number;
      });
    } else {
      extents.push(extent);
      strides.forEach((s, i) => {
        (merged[i] as number[]).push(s[axis] as number);
      });
    }
  }
  const inner = extents.pop() ?? 1;
  const steps = merged.map((s) => s.pop() ?? 0);
  const outer = extents.pop() ?? 1;
  const rows = merged.map((s) => s.pop() ?? 0);
  const blocks = sizeOf(extents);
  const starts: number[][] = [];
  for (let block = 0; block < blocks; block++) {
    const offsets = merged.map(() => 0);
    let rest = block;
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      const index = rest % (extents[axis] as number);
      rest = Math.floor(rest / (extents[axis] as number));
      merged.forEach((s, i) => {
        offsets[i] = (offsets[i] as number) + index * (s[axis] as number);
      });
    }
    starts.push([block * outer * inner, ...offsets]);
  }
  return { outer, inner, rows, steps, starts };
}
