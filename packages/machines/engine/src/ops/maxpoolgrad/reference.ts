import { InvalidInputError } from "@base/errors";
import { sameShape } from "../../graph/ir.ts";
import { arity, type Reference } from "../op.ts";
import { eachTap, inputColumn, inputRow, windowOf } from "../window.ts";

/** Gradient of maxpool by taps. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("maxpoolgrad", inputs, 3);
    const [dy, x, y] = inputs as [readonly number[], readonly number[], readonly number[]];
    const { n, c, out } = windowOf("maxpoolgrad", x, attrs);
    if (!sameShape(y, [n, c, ...out]) || !sameShape(dy, y))
      throw new InvalidInputError(`maxpoolgrad cannot bring [${dy}] and [${y}] back to [${x}].`);
    return x;
  },
  compute([dy, input, most], attrs) {
    if (dy === undefined || input === undefined || most === undefined) return new Float32Array();
    const window = windowOf("maxpoolgrad", input.shape, attrs);
    const { n, c, h, w, out } = window;
    const result = new Float32Array(input.values.length);
    const given = new Set<number>();
    for (let plane = 0; plane < n * c; plane++)
      eachTap(window, (i, j) => {
        for (let y = 0; y < out[0]; y++)
          for (let x = 0; x < out[1]; x++) {
            const [row, column] = [inputRow(window, y, i), inputColumn(window, x, j)];
            const at = (plane * out[0] + y) * out[1] + x;
            if (row < 0 || row >= h || column < 0 || column >= w || given.has(at)) continue;
            const to = (plane * h + row) * w + column;
            const [value, top] = [input.values[to] as number, most.values[at] as number];
            if (value !== top && !(Number.isNaN(value) && Number.isNaN(top))) continue;
            given.add(at);
            result[to] = Math.fround((result[to] as number) + (dy.values[at] as number));
          }
      });
    return result;
  },
};
