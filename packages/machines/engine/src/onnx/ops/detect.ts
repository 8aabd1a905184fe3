import { longs, type OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";

const f = Math.fround;

/** Corners with the smaller first. */
function corners(boxes: OnnxTensor, at: number, centred: boolean): readonly [number, number, number, number] {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => boxes.data[at + i] as number) as [number, number, number, number];
  if (centred) return [f(b - f(d / 2)), f(a - f(c / 2)), f(b + f(d / 2)), f(a + f(c / 2))];
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

/** Intersection over union. */
function overlap(p: readonly [number, number, number, number], q: readonly [number, number, number, number]): number {
  const height = Math.max(0, f(Math.min(p[2], q[2]) - Math.max(p[0], q[0])));
  const width = Math.max(0, f(Math.min(p[3], q[3]) - Math.max(p[1], q[1])));
  const area = (r: readonly [number, number, number, number]): number => f(f(r[2] - r[0]) * f(r[3] - r[1]));
  const [common, a, b] = [f(height * width), area(p), area(q)];
  if (a <= 0 || b <= 0) return 0;
  return f(common / f(f(a + b) - common));
}

function suppress(call: Call): OnnxTensor[] {
  const [boxes, scores] = [call.tensor(0), call.tensor(1)];
  const [batches = 0, count = 0] = boxes.shape;
  const classes = scores.shape[1] ?? 0;
  if (boxes.shape.length !== 3 || boxes.shape[2] !== 4 || scores.shape[0] !== batches || scores.shape[2] !== count)
    throw call.fault("boxes and scores do not fit");
  const [most, limit] = [call.number(2, 0), call.number(3, 0)];
  const least = call.inputs[4] === undefined ? undefined : call.number(4, 0);
  const centred = call.int("center_point_box", 0) !== 0;
  const chosen: number[] = [];
  for (let b = 0; b < batches; b++)
    for (let c = 0; c < classes; c++) {
      const score = (i: number): number => scores.data[(b * classes + c) * count + i] as number;
      const order = Array.from({ length: count }, (_, i) => i)
        .filter((i) => least === undefined || score(i) > least)
        .sort((i, j) => score(j) - score(i) || i - j);
      const kept: (readonly [number, number, number, number])[] = [];
      for (const i of order) {
        if (kept.length >= most) break;
        const box = corners(boxes, (b * count + i) * 4, centred);
        if (kept.some((other) => overlap(box, other) > limit)) continue;
        kept.push(box);
        chosen.push(b, c, i);
      }
    }
  return [longs(chosen, [chosen.length / 3, 3])];
}

/** Detection. */
export const detectOps: readonly OnnxOp[] = [define("NonMaxSuppression", [10, 11], "center_point_box", suppress)];
