import { arity, type Reference } from "../op.ts";
import { eachTap, inputColumn, inputRow, type Window, windowOf } from "../window.ts";

/** Visits the taps of one window that lie on the plane, in order, with their offset in the plane. */
export function tapsOnPlane(window: Window, y: number, x: number, visit: (offset: number) => void): void {
  eachTap(window, (i, j) => {
    const [row, column] = [inputRow(window, y, i), inputColumn(window, x, j)];
    if (row >= 0 && row < window.h && column >= 0 && column < window.w) visit(row * window.w + column);
  });
}

/** Largest value under each window. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("maxpool", inputs, 1);
    const { n, c, out } = windowOf("maxpool", inputs[0] as readonly number[], attrs);
    return [n, c, ...out];
  },
  compute([input], attrs) {
    if (input === undefined) return new Float32Array();
    const window = windowOf("maxpool", input.shape, attrs);
    const [rows, columns] = window.out;
    return Float32Array.from({ length: window.n * window.c * rows * columns }, (_, at) => {
      const plane = Math.floor(at / (rows * columns)) * window.h * window.w;
      let most = Number.NEGATIVE_INFINITY;
      tapsOnPlane(window, Math.floor(at / columns) % rows, at % columns, (offset) => {
        const value = input.values[plane + offset] as number;
        if (value > most || Number.isNaN(value)) most = value;
      });
      return most;
    });
  },
};
