import { BugError } from "@base/errors";
import type { Gradient } from "../op.ts";
import { convolutionOf } from "./shape.ts";

/** As unfold and matmul: dW = dY unfold(X)^T, dX = fold(W^T dY). One group only so far. */
export const gradient: Gradient = (b, node, upstream) => {
  const [x, w] = node.inputs as [string, string];
  const { groups, channels, window, unfold } = convolutionOf(b.shape(x), b.shape(w), node.attrs ?? {});
  if (groups !== 1) throw new BugError("The gradient of a convolution in groups is not written yet.");
  const columns = window.n * window.out[0] * window.out[1];
  const depth = window.c * window.kernel[0] * window.kernel[1];
  const slope = b.op("reshape", [b.op("permute", [upstream], { perm: [1, 0, 2, 3] })], { shape: [channels, columns] });
  const matrix = b.op("reshape", [w], { shape: [channels, depth] });
  const toW = b.op("matmul", [slope, b.op("transpose", [b.op("unfold", [x], unfold)])]);
  const toX = b.op("matmul", [b.op("transpose", [matrix]), slope]);
  return [b.op("fold", [toX], { ...unfold, size: b.shape(x) }), b.op("reshape", [toW], { shape: b.shape(w) })];
};
