import type { Gradient } from "../op.ts";
import { windowOf } from "../window.ts";

/** Every tap gets an equal share; shares are folded back. */
export const gradient: Gradient = (b, node, upstream) => {
  const shape = b.shape(node.inputs[0] as string);
  const { n, c, kernel, out } = windowOf("avgpool", shape, node.attrs ?? {});
  const taps = kernel[0] * kernel[1];
  const columns = n * out[0] * out[1];
  const share = b.op("div", [b.op("permute", [upstream], { perm: [1, 0, 2, 3] }), b.scalar(taps)]);
  const spread = b.op("add", [b.zeros([c, taps, columns]), b.op("reshape", [share], { shape: [c, 1, columns] })]);
  return [b.op("fold", [b.op("reshape", [spread], { shape: [c * taps, columns] })], { ...node.attrs, size: shape })];
};
