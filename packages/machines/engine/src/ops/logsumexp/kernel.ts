import { type Shape, sizeOf } from "../../graph/ir.ts";
import type { Kernel } from "../op.ts";
import { expRows, expRowsScratch } from "../softmax/kernel.ts";

/** The first half of softmax, then log and one addition per row. */
export const kernel: Kernel = {
  scratch: ([x]) => expRowsScratch(x as Shape),
  emit() {
    // Uses the functions of softmax, exp, rowsum, log and add.
  },
  bind(exports, [x], output, _attrs, scratch) {
    const count = sizeOf(output.shape);
    if (x === undefined || count === 0) return () => {};
    const rows = expRows(exports, x, scratch);
    const [log, add] = [exports.log, exports.add] as [(...args: number[]) => void, (...args: number[]) => void];
    return () => {
      rows.run();
      log(rows.sum, rows.spare, count);
      add(rows.most, rows.spare, output.at, 1, count, 0, 0, 16, 16);
    };
  },
};
