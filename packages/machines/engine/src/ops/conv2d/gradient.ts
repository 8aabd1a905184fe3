import { batchMatmul } from "../../graph/batchMatmul.ts";
import type { Builder } from "../../graph/build.ts";
import type { Gradient } from "../op.ts";
import { type Convolution, convolutionOf } from "./shape.ts";

/** As unfold and matmul, group by group: dW = dY unfold(X)^T, dX = fold(W^T dY). */
export const gradient: Gradient = (b, node, upstream) => {
  const [x, w] = node.inputs as [string, string];
  const convolution = convolutionOf(b.shape(x), b.shape(w), node.attrs ?? {});
  const { groups, channels, inputs, outputs, window, unfold } = convolution;
  const columns = window.n * window.out[0] * window.out[1];
  const depth = inputs * window.kernel[0] * window.kernel[1];
  const slope = b.op("reshape", [b.op("permute", [upstream], { perm: [1, 0, 2, 3] })], { shape: [channels, columns] });
  const plain = isPlain(convolution);
  const windows = plain
    ? b.op("reshape", [x], { shape: [groups * depth, columns] })
    : b.op("unfold", [x], unfold as NonNullable<typeof node.attrs>);
  let [toW, toX]: [string, string] = ["", ""];
  if (groups === 1) {
    const matrix = b.op("reshape", [w], { shape: [channels, depth] });
    toW = b.op("matmul", [slope, b.op("transpose", [windows])]);
    toX = b.op("matmul", [b.op("transpose", [matrix]), slope]);
  } else {
    const slopes = b.op("reshape", [slope], { shape: [groups, outputs, columns] });
    const pieces = b.op("reshape", [windows], { shape: [groups, depth, columns] });
    const matrices = b.op("reshape", [w], { shape: [groups, outputs, depth] });
    toW = batchMatmul(b, slopes, swapped(b, pieces));
    toX = b.op("reshape", [batchMatmul(b, swapped(b, matrices), slopes)], { shape: [groups * depth, columns] });
  }
  const back = plain
    ? b.op("reshape", [toX], { shape: b.shape(x) })
    : b.op("fold", [toX], { ...unfold, size: b.shape(x) });
  return [back, b.op("reshape", [toW], { shape: b.shape(w) })];
};

const swapped = (b: Builder, value: string) => b.op("permute", [value], { perm: [0, 2, 1] });

/** Whether unfolding would give the operand itself: one image, a window of one place that visits each place once. */
function isPlain({ window }: Convolution): boolean {
  const { n, h, w, kernel, out } = window;
  return n === 1 && kernel[0] === 1 && kernel[1] === 1 && out[0] === h && out[1] === w;
}
