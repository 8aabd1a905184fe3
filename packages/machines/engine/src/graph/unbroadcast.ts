import type { Builder } from "./build.ts";
import { sameShape, type Shape, sizeOf } from "./ir.ts";

/** Sums a gradient over the axes along which the operand of shape `shape` was stretched. */
export function unbroadcast(b: Builder, gradient: string, shape: Shape): string {
  const from = b.shape(gradient);
  if (sameShape(from, shape)) return gradient;
  if (sizeOf(shape) === sizeOf(from)) return b.op("reshape", [gradient], { shape });
  if (sizeOf(shape) === 1) {
    const row = b.op("reshape", [gradient], { shape: [1, sizeOf(from)] });
    return b.op("reshape", [b.op("rowsum", [row])], { shape });
  }
  const padded = [...new Array<number>(from.length - shape.length).fill(1), ...shape];
  const leading = padded.findIndex((extent, axis) => extent === from[axis] && extent !== 1);
  if (padded.slice(leading).every((extent, axis) => extent === from[axis + leading])) {
    const inner = sizeOf(shape);
    const matrix = b.op("reshape", [gradient], { shape: [sizeOf(from) / inner, inner] });
    return b.op("reshape", [b.op("colsum", [matrix])], { shape });
  }
  if (padded.slice(0, -1).every((extent, axis) => extent === from[axis]) && padded.at(-1) === 1)
    return b.op("reshape", [b.op("rowsum", [gradient])], { shape });
  // Any other pattern: the stretched axes go to the front and are summed as the rows of one matrix.
  const axes = padded.map((_, axis) => axis);
  const summed = axes.filter((axis) => padded[axis] === 1 && from[axis] !== 1);
  const kept = axes.filter((axis) => !summed.includes(axis));
  const moved = b.op("permute", [gradient], { perm: [...summed, ...kept] });
  const matrix = b.op("reshape", [moved], { shape: [sizeOf(from) / sizeOf(shape), sizeOf(shape)] });
  return b.op("reshape", [b.op("colsum", [matrix])], { shape });
}
