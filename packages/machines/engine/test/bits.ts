import { bitsOf } from "../src/bits.ts";
import type { Builder } from "../src/graph/build.ts";
import type { Attributes, Shape } from "../src/graph/ir.ts";
import { philox4x32 } from "../src/random/philox.ts";

const SPECIAL = [
  0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0x00000001, 0x80000001,
  0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x3f800000, 0xbf800000, 0x3f800001, 0x3f000000, 0x42b20000,
  0xc2d00000, 0x42b17218,
];

/** `count` bit patterns: a third any bits, a third ordinary numbers, the rest corner cases. */
export function randomBits(count: number, seed: number): Float32Array {
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const [a, b, c] = philox4x32([i, 0, 0, 99], [seed, 0]);
    const kind = a % 12;
    if (kind < 4) words[i] = b;
    else if (kind < 10) words[i] = bitsOf(Math.fround((b / 2 ** 31 - 1) * 2 ** ((c % 12) - 6)));
    else if (kind < 11) words[i] = b & 0x807fffff;
    else words[i] = SPECIAL[c % SPECIAL.length] as number;
  }
  return new Float32Array(words.buffer);
}

/** Ordinary numbers of mixed size and sign: long sums of {@link randomBits} soon are NaN and would hide their order. */
export function ordinaryBits(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const [a, b] = philox4x32([i, 1, 0, 99], [seed, 0]);
    return Math.fround((a / 2 ** 31 - 1) * 2 ** ((b % 8) - 4));
  });
}

/** One way to call an operator. */
export interface Form {
  readonly op: string;
  readonly shapes: readonly Shape[];
  readonly attrs?: Attributes;
}

const UNARY = ["sqrt", "exp", "log", "relu", "sigmoid", "tanh", "softplus"];
const BINARY = ["add", "sub", "mul", "div", "gate"];

const WINDOWS: readonly (readonly [Shape, Attributes])[] = [
  [[2, 2, 5, 6], { kernel: [3, 3], pads: [1, 1, 1, 1] }],
  [[1, 3, 7, 7], { kernel: [3, 2], strides: [2, 2], dilations: [2, 1] }],
  [[1, 1, 4, 4], { kernel: [2, 2], strides: [2, 2] }],
  [[2, 1, 3, 5], { kernel: [1, 4], pads: [0, 2, 0, 1], strides: [1, 3] }],
];

/** Shapes that reach every path of every kernel. */
export const FORMS: readonly Form[] = [
  ...UNARY.flatMap((op) => [1, 3, 4, 1000].map((n) => ({ op, shapes: [[n]] }))),
  ...BINARY.flatMap((op) =>
    [
      [[257], [257]],
      [[7, 5], [5]],
      [
        [7, 5],
        [7, 1],
      ],
      [[5], [7, 5]],
      [
        [7, 1],
        [7, 5],
      ],
      [[6, 9], []],
      [[], [6, 9]],
      [
        [2, 3, 4],
        [3, 1],
      ],
      [
        [2, 1, 4],
        [1, 3, 1],
      ],
      [[1], [1]],
    ].map((shapes) => ({ op, shapes })),
  ),
  ...[
    [1, 1, 1],
    [3, 2, 5],
    [7, 40, 7],
    [2, 3, 16],
    [3, 5, 17],
    [5, 300, 33],
    [4, 513, 4],
    [1, 7, 48],
    [9, 4, 31],
    [2, 0, 3],
  ].map(([m, k, n]) => ({
    op: "matmul",
    shapes: [
      [m as number, k as number],
      [k as number, n as number],
    ],
  })),
  ...[
    [1, 1],
    [3, 5],
    [16, 33],
    [7, 1],
  ].map((shape) => ({ op: "transpose", shapes: [shape] })),
  ...[[1], [3, 15], [3, 16], [2, 17], [2, 1000], [2, 3, 40], [2, 0]].map((shape) => ({
    op: "rowsum",
    shapes: [shape],
  })),
  ...[
    [1, 1],
    [5, 3],
    [100, 18],
    [0, 5],
  ].map((shape) => ({ op: "colsum", shapes: [shape] })),
  ...WINDOWS.flatMap(([shape, attrs]) =>
    ["unfold", "maxpool", "avgpool"].map((op) => ({ op, shapes: [shape], attrs })),
  ),
  {
    op: "maxpoolgrad",
    shapes: [
      [2, 2, 2, 3],
      [2, 2, 4, 7],
      [2, 2, 2, 3],
    ],
    attrs: { kernel: [2, 3], strides: [2, 2] },
  },
  {
    op: "maxpoolgrad",
    shapes: [
      [1, 2, 4, 5],
      [1, 2, 5, 5],
      [1, 2, 4, 5],
    ],
    attrs: { kernel: [2, 3], pads: [0, 1, 0, 1] },
  },
  { op: "fold", shapes: [[18, 24]], attrs: { kernel: [3, 3], size: [2, 2, 5, 6] } },
  { op: "fold", shapes: [[12, 6]], attrs: { kernel: [2, 3], strides: [2, 2], pads: [1, 1, 0, 0], size: [1, 2, 5, 5] } },
  ...[1, 5, 64].flatMap((n) => [
    { op: "clip", shapes: [[n]], attrs: { low: 0, high: 6 } },
    { op: "clip", shapes: [[n]], attrs: { low: -0.1 } },
  ]),
  {
    op: "conv2d",
    shapes: [
      [2, 3, 5, 6],
      [4, 3, 3, 3],
    ],
    attrs: { pads: [1, 1, 1, 1] },
  },
  {
    op: "conv2d",
    shapes: [
      [1, 4, 7, 7],
      [6, 2, 3, 2],
    ],
    attrs: { groups: 2, strides: [2, 1], dilations: [1, 2] },
  },
  {
    op: "conv2d",
    shapes: [
      [1, 3, 4, 4],
      [3, 1, 3, 3],
    ],
    attrs: { groups: 3, pads: [1, 1, 1, 1] },
  },
  {
    op: "conv2d",
    shapes: [
      [2, 5, 3, 3],
      [9, 5, 1, 1],
    ],
  },
  {
    op: "conv2d",
    shapes: [
      [2, 3, 7, 11],
      [3, 1, 3, 3],
    ],
    attrs: { groups: 3, strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  {
    op: "conv2d",
    shapes: [
      [1, 2, 9, 10],
      [2, 1, 3, 3],
    ],
    attrs: { groups: 2, strides: [2, 2], pads: [0, 0, 1, 1] },
  },
  {
    op: "conv2d",
    shapes: [
      [1, 2, 5, 9],
      [2, 1, 3, 3],
    ],
    attrs: { groups: 2 },
  },
  {
    op: "conv2d",
    shapes: [
      [2, 3, 19, 9],
      [5, 3, 3, 3],
    ],
    attrs: { strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  ...[
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [
      [3, 4],
      [1, 0],
    ],
    [
      [2, 1, 3, 2],
      [3, 2, 1, 0],
    ],
    [[5], [0]],
    [
      [2, 3, 2, 3],
      [1, 0, 2, 3],
    ],
  ].map(([shape, perm]) => ({ op: "permute", shapes: [shape as number[]], attrs: { perm: perm as number[] } })),
  ...["softmax", "logsumexp"].flatMap((op) =>
    [
      [1, 1],
      [5, 3],
      [3, 16],
      [2, 101],
      [2, 3, 10],
    ].map((shape) => ({ op, shapes: [shape] })),
  ),
  { op: "reshape", shapes: [[6, 5]], attrs: { shape: [3, 10] } },
  { op: "fill", shapes: [], attrs: { shape: [3, 7], value: 0.1 } },
];

/** Declares the operands of a form as inputs x0, x1, ... and returns the result's name. */
export function build(b: Builder, form: Form): string {
  const inputs = form.shapes.map((shape, index) => b.input(`x${index}`, shape, "data"));
  return b.op(form.op, inputs, form.attrs);
}
