import { arity, type Reference } from "../op.ts";
import { eachTap, inputColumn, inputRow, windowOf } from "../window.ts";

/** Windows as columns of a matrix. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("unfold", inputs, 1);
    const { n, c, kernel, out } = windowOf("unfold", inputs[0] as readonly number[], attrs);
    return [c * kernel[0] * kernel[1], n * out[0] * out[1]];
  },
  compute([input], attrs) {
    if (input === undefined) return new Float32Array();
    const window = windowOf("unfold", input.shape, attrs);
    const { n, c, h, w, kernel, out } = window;
    const taps = kernel[0] * kernel[1];
    const columns = n * out[0] * out[1];
    const result = new Float32Array(c * taps * columns);
    for (let image = 0; image < n; image++)
      for (let channel = 0; channel < c; channel++)
        eachTap(window, (i, j, tap) => {
          for (let y = 0; y < out[0]; y++)
            for (let x = 0; x < out[1]; x++) {
              const [row, column] = [inputRow(window, y, i), inputColumn(window, x, j)];
              if (row < 0 || row >= h || column < 0 || column >= w) continue;
              const to = (channel * taps + tap) * columns + (image * out[0] + y) * out[1] + x;
              result[to] = input.values[((image * c + channel) * h + row) * w + column] as number;
            }
        });
    return result;
  },
};
