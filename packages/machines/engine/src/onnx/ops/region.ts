import type { OnnxTensor } from "../tensor.ts";
import { places, slideOf } from "./conv.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { product, step, stored } from "./shared.ts";

type Round = (x: number) => number;

/** The four places around a point of a plane with their bilinear weights; places outside are -1. */
function corners(
  y: number,
  x: number,
  [height, width]: readonly [number, number],
  f: Round,
): (readonly [place: number, weight: number])[] {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [dy, dx] = [f(y - top), f(x - left)];
  const at = (row: number, column: number): number =>
    row < 0 || row >= height || column < 0 || column >= width ? -1 : row * width + column;
  return [
    [at(top, left), f(f(1 - dy) * f(1 - dx))],
    [at(top, left + 1), f(f(1 - dy) * dx)],
    [at(top + 1, left), f(dy * f(1 - dx))],
    [at(top + 1, left + 1), f(dy * dx)],
  ];
}

function planes(call: Call, x: OnnxTensor): readonly [number, number, number, number] {
  call.expectKind(x, "float");
  if (x.shape.length !== 4) throw call.fault("it takes [N, C, H, W]");
  return x.shape as unknown as readonly [number, number, number, number];
}

/** Convolution whose taps are moved by offsets; values between places are bilinear, outside is 0. */
function deformConv(call: Call): OnnxTensor[] {
  const [x, w, offset] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const [bias, mask] = [call.optional(3), call.optional(4)];
  if (x.shape.length !== 4) throw call.unsupported("other than two spatial axes");
  const [n, c, height, width] = planes(call, x);
  const [group, parts] = [call.int("group", 1), call.int("offset_group", 1)];
  const kernel = call.ints("kernel_shape") ?? w.shape.slice(2);
  const [o = 0, inputs = 0] = w.shape;
  if (w.shape.length !== 4 || kernel.join() !== w.shape.slice(2).join() || group < 1 || inputs * group !== c)
    throw call.fault(`weights [${w.shape}] do not fit [${x.shape}] in ${group} groups`);
  if (o % group !== 0 || parts < 1 || c % parts !== 0) throw call.fault("channels are no multiple of the groups");
  const slide = slideOf(call, [height, width], kernel);
  const [taps, area, plane] = [product(kernel), product(slide.out), height * width];
  const fits = (tensor: OnnxTensor, each: number): boolean =>
    tensor.shape.join() === [n, parts * taps * each, ...slide.out].join() && tensor.dtype === x.dtype;
  if (!fits(offset, 2) || (mask !== undefined && !fits(mask, 1)) || (bias !== undefined && bias.data.length !== o))
    throw call.fault("offsets, mask or bias do not fit");
  const f = step(x.dtype);
  const values = new Float64Array(n * o * area);
  const [at, by, over] = [x.data, w.data, offset.data] as readonly Float32Array[] as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let image = 0; image < n; image++)
    places(slide.out).forEach((place, p) => {
      const sample = (channel: number, tap: number): number => {
        const part = Math.floor(channel / (c / parts));
        const from = ((image * parts + part) * taps + tap) * 2;
        const coordinate = (axis: 0 | 1, k: number): number =>
          f(
            (place[axis] as number) * (slide.strides[axis] as number) -
              (slide.before[axis] as number) +
              k * (slide.dilations[axis] as number) +
              (over[(from + axis) * area + p] as number),
          );
        const [y, z] = [
          coordinate(0, Math.floor(tap / (kernel[1] as number))),
          coordinate(1, tap % (kernel[1] as number)),
        ];
        if (!Number.isFinite(y) || !Number.isFinite(z)) throw call.unsupported("an offset that is not finite");
        let value = 0;
        for (const [spot, weight] of corners(y, z, [height, width], f))
          if (spot >= 0) value = f(value + f(weight * (at[(image * c + channel) * plane + spot] as number)));
        return mask === undefined
          ? value
          : f(value * (mask.data[((image * parts + part) * taps + tap) * area + p] as number));
      };
      const samples = Float64Array.from({ length: c * taps }, (_, i) => sample(Math.floor(i / taps), i % taps));
      for (let out = 0; out < o; out++) {
        const first = Math.floor(out / (o / group)) * inputs * taps;
        let sum = 0;
        for (let i = 0; i < inputs * taps; i++)
          sum = f(sum + f((by[out * inputs * taps + i] as number) * (samples[first + i] as number)));
        values[(image * o + out) * area + p] = bias === undefined ? sum : f(sum + (bias.data[out] as number));
      }
    });
  return [stored(x.dtype, [n, o, ...slide.out], values)];
}

interface Box {
  readonly image: number;
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

function boxesOf(call: Call, images: number, f: Round): Box[] {
  const [rois, batch] = [call.tensor(1), call.numbers(2) ?? []];
  if (rois.shape.length !== 2 || rois.shape[1] !== 4 || batch.length !== rois.shape[0])
    throw call.fault("regions must be [R, 4] with one image each");
  const half = call.string("coordinate_transformation_mode", call.opset < 16 ? "output_half_pixel" : "half_pixel");
  if (half !== "half_pixel" && half !== "output_half_pixel") throw call.unsupported(`coordinate mode "${half}"`);
  const [scale, shift] = [call.float("spatial_scale", 1), half === "half_pixel" ? 0.5 : 0];
  return batch.map((image, r) => {
    if (!(image >= 0 && image < images)) throw call.fault(`image ${image} is none of ${images}`);
    const [x, y, right, bottom] = [0, 1, 2, 3].map((i) => f(f((rois.data[r * 4 + i] as number) * scale) - shift)) as [
      number,
      number,
      number,
      number,
    ];
    const [height, width] = [f(bottom - y), f(right - x)];
    if (![x, y, height, width].every((v) => Math.abs(v) < 2 ** 20)) throw call.unsupported("regions this far away");
    return {
      image,
      y,
      x,
      height: shift > 0 ? height : Math.max(1, height),
      width: shift > 0 ? width : Math.max(1, width),
    };
  });
}

/** Averages (or largest weighted corners) of bilinear samples on a grid in every bin of a region. */
function roiAlign(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const [n, c, height, width] = planes(call, x);
  const f = step(x.dtype);
  const boxes = boxesOf(call, n, f);
  const [rows, columns, ratio] = [
    call.int("output_height", 1),
    call.int("output_width", 1),
    call.int("sampling_ratio", 0),
  ];
  const mode = call.string("mode", "avg");
  if (mode !== "avg" && mode !== "max") throw call.unsupported(`mode "${mode}" is unknown`);
  if (rows < 1 || columns < 1 || ratio < 0 || ratio > 1024) throw call.fault("its output has no places");
  const values = new Float64Array(boxes.length * c * rows * columns);
  const points = (box: Box, row: number, column: number): (readonly [number, number])[][] => {
    const [high, wide] = [f(box.height / rows), f(box.width / columns)];
    const [down, across] = ratio > 0 ? [ratio, ratio] : [Math.ceil(high), Math.ceil(wide)];
    const list: (readonly [number, number])[][] = [];
    for (let i = 0; i < down; i++)
      for (let j = 0; j < across; j++) {
        const y = f(f(box.y + f(row * high)) + f(f((i + 0.5) * high) / down));
        const z = f(f(box.x + f(column * wide)) + f(f((j + 0.5) * wide) / across));
        const outside = y < -1 || y > height || z < -1 || z > width;
        const inside = (v: number, extent: number): number => Math.min(Math.max(v, 0), extent - 1);
        list.push(
          outside
            ? []
            : corners(inside(y, height), inside(z, width), [height, width], f).map(([p, v]) => [Math.max(p, 0), v]),
        );
      }
    return list;
  };
  boxes.forEach((box, r) => {
    for (let bin = 0; bin < rows * columns; bin++) {
      const list = points(box, Math.floor(bin / columns), bin % columns);
      for (let channel = 0; channel < c; channel++) {
        const from = (box.image * c + channel) * height * width;
        let sum = 0;
        let most = Number.NEGATIVE_INFINITY;
        for (const sample of list) {
          // A sample outside counts as 0.
          if (sample.length === 0) most = Math.max(most, 0);
          for (const [place, weight] of sample) {
            const value = f(weight * (x.data[from + place] as number));
            sum = f(sum + value);
            if (value > most) most = value;
          }
        }
        values[(r * c + channel) * rows * columns + bin] =
          mode === "avg" ? f(sum / Math.max(1, list.length)) : list.length > 0 ? most : 0;
      }
    }
  });
  return [stored(x.dtype, [boxes.length, c, rows, columns], values)];
}

/** The largest value of every bin of regions whose corners are rounded to whole places; an empty bin is 0. */
function maxRoiPool(call: Call): OnnxTensor[] {
  const [x, rois] = [call.tensor(0), call.tensor(1)];
  const [n, c, height, width] = planes(call, x);
  const pooled = call.ints("pooled_shape") ?? [];
  const [rows = 0, columns = 0] = pooled;
  if (rois.shape.length !== 2 || rois.shape[1] !== 5 || pooled.length !== 2 || rows < 1 || columns < 1)
    throw call.fault("regions must be [R, 5] and pooled_shape two extents");
  const [f, scale] = [step(x.dtype), call.float("spatial_scale", 1)];
  const count = rois.shape[0] as number;
  const values = new Float64Array(count * c * rows * columns);
  for (let r = 0; r < count; r++) {
    const [image, left, top, right, bottom] = Array.from({ length: 5 }, (_, i) => {
      const value = rois.data[r * 5 + i] as number;
      return i === 0 ? value : Math.floor(f(value * scale) + 0.5);
    }) as [number, number, number, number, number];
    if (!(image >= 0 && image < n) || ![left, top, right, bottom].every((v) => Math.abs(v) < 2 ** 24))
      throw call.fault(`region ${r} lies in no image`);
    const [high, wide] = [f(Math.max(1, bottom - top + 1) / rows), f(Math.max(1, right - left + 1) / columns)];
    const range = (k: number, size: number, start: number, extent: number): readonly [number, number] => [
      Math.min(Math.max(Math.floor(f(k * size)) + start, 0), extent),
      Math.min(Math.max(Math.ceil(f((k + 1) * size)) + start, 0), extent),
    ];
    for (let bin = 0; bin < rows * columns; bin++) {
      const [y0, y1] = range(Math.floor(bin / columns), high, top, height);
      const [x0, x1] = range(bin % columns, wide, left, width);
      for (let channel = 0; channel < c; channel++) {
        let most = y1 <= y0 || x1 <= x0 ? 0 : Number.NEGATIVE_INFINITY;
        for (let y = y0; y < y1; y++)
          for (let z = x0; z < x1; z++)
            most = Math.max(most, x.data[((image * c + channel) * height + y) * width + z] as number);
        values[(r * c + channel) * rows * columns + bin] = most;
      }
    }
  }
  return [stored(x.dtype, [count, c, rows, columns], values)];
}

/** Operators that look at regions of a plane or between its places. */
export const regionOps: readonly OnnxOp[] = [
  define("DeformConv", [19, 22], "dilations group kernel_shape offset_group pads strides", deformConv),
  define(
    "RoiAlign",
    [10, 16, 22],
    "coordinate_transformation_mode mode output_height output_width sampling_ratio spatial_scale",
    roiAlign,
  ),
  define("MaxRoiPool", [1, 22], "pooled_shape spatial_scale", maxRoiPool),
];
