import { InvalidInputError } from "@base/errors";
import type { Attributes, Shape } from "../../graph/ir.ts";
import { tapsOnPlane } from "../maxpool/reference.ts";
import { arity, type Reference } from "../op.ts";
import { type Window, windowOf } from "../window.ts";

const f = Math.fround;

/** The window, refused when it has padding. */
export function averageWindow(shape: Shape, attrs: Attributes): Window {
  const pads = attrs.pads;
  if (Array.isArray(pads) && pads.some((pad) => pad !== 0))
    throw new InvalidInputError("avgpool does not take padding yet.");
  return windowOf("avgpool", shape, attrs);
}

/** Mean under each window. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("avgpool", inputs, 1);
    const { n, c, out } = averageWindow(inputs[0] as Shape, attrs);
    return [n, c, ...out];
  },
  compute([input], attrs) {
    if (input === undefined) return new Float32Array();
    const window = averageWindow(input.shape, attrs);
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
