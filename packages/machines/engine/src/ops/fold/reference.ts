import { InvalidInputError } from "@base/errors";
import { sameShape, sizeOf } from "../../graph/ir.ts";
import { arity, type Reference } from "../op.ts";
import { eachTap, inputColumn, inputRow, windowOf } from "../window.ts";

/** Sums of overlapping windows. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("fold", inputs, 1);
    const size = attrs.size as readonly number[] | undefined;
    if (!Array.isArray(size) || !size.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
      throw new InvalidInputError("fold needs attrs.size, the shape [N, C, H, W].");
    const { n, c, kernel, out } = windowOf("fold", size, attrs);
    const expected = [c * kernel[0] * kernel[1], n * out[0] * out[1]];
    if (!sameShape(inputs[0] as readonly number[], expected))
      throw new InvalidInputError(`fold to [${size}] takes [${expected}], not [${inputs[0]}].`);
    return size;
  },
  compute([input], attrs) {
    if (input === undefined) return new Float32Array();
    const size = attrs.size as readonly number[];
    const window = windowOf("fold", size, attrs);
    const { n, c, h, w, kernel, out } = window;
    const taps = kernel[0] * kernel[1];
    const columns = n * out[0] * out[1];
    const result = new Float32Array(sizeOf(size));
    for (let image = 0; image < n; image++)
      for (let channel = 0; channel < c; channel++)
        eachTap(window, (i, j, tap) => {
          for (let y = 0; y < out[0]; y++)
            for (let x = 0; x < out[1]; x++) {
              const [row, column] = [inputRow(window, y, i), inputColumn(window, x, j)];
              if (row < 0 || row >= h || column < 0 || column >= w) continue;
              const to = ((image * c + channel) * h + row) * w + column;
              const from = (channel * taps + tap) * columns + (image * out[0] + y) * out[1] + x;
              result[to] = Math.fround((result[to] as number) + (input.values[from] as number));
            }
        });
    return result;
  },
};
