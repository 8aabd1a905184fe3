import { arity, type Reference } from "../op.ts";
import { eachTap, inputColumn, inputRow } from "../window.ts";
import { convolutionOf } from "./shape.ts";

const f = Math.fround;

/** Convolution, taps ascending from +0, multiply then add. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("conv2d", inputs, 2);
    const [x, w] = inputs as [readonly number[], readonly number[]];
    const { window, channels } = convolutionOf(x, w, attrs);
    return [window.n, channels, ...window.out];
  },
  compute([input, weights], attrs) {
    if (input === undefined || weights === undefined) return new Float32Array();
    const { window, channels, inputs, outputs } = convolutionOf(input.shape, weights.shape, attrs);
    const { n, c, h, w, kernel, out } = window;
    const taps = kernel[0] * kernel[1];
    const element = (image: number, o: number, y: number, x: number): number => {
      let sum = 0;
      for (let channel = 0; channel < inputs; channel++) {
        const plane = (image * c + Math.floor(o / outputs) * inputs + channel) * h * w;
        eachTap(window, (i, j, tap) => {
          const [row, column] = [inputRow(window, y, i), inputColumn(window, x, j)];
          const inside = row >= 0 && row < h && column >= 0 && column < w;
          const value = inside ? (input.values[plane + row * w + column] as number) : 0;
          sum = f(sum + f((weights.values[(o * inputs + channel) * taps + tap] as number) * value));
        });
      }
      return sum;
    };
    const [rows, columns] = out;
    return Float32Array.from({ length: n * channels * rows * columns }, (_, at) => {
      const line = Math.floor(at / columns);
      const plane = Math.floor(line / rows);
      return element(Math.floor(plane / channels), plane % channels, line % rows, at % columns);
    });
  },
};
