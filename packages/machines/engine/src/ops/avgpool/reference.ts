import type { Shape } from "../../graph/ir.ts";
import { tapsOnPlane } from "../maxpool/reference.ts";
import { arity, type Reference } from "../op.ts";
import { windowOf } from "../window.ts";

const f = Math.fround;

/** Mean under each window; what lies on the padding counts as +0. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("avgpool", inputs, 1);
    const { n, c, out } = windowOf("avgpool", inputs[0] as Shape, attrs);
    return [n, c, ...out];
  },
  compute([input], attrs) {
    if (input === undefined) return new Float32Array();
    const window = windowOf("avgpool", input.shape, attrs);
    const [rows, columns] = window.out;
    return Float32Array.from({ length: window.n * window.c * rows * columns }, (_, at) => {
      const plane = Math.floor(at / (rows * columns)) * window.h * window.w;
      let sum = 0;
      tapsOnPlane(window, Math.floor(at / columns) % rows, at % columns, (offset) => {
        sum = f(sum + (input.values[plane + offset] as number));
      });
      return f(sum / (window.kernel[0] * window.kernel[1]));
    });
  },
};
