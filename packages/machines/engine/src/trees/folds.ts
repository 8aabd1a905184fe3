import { InvalidInputError } from "@base/errors";
import { permutation } from "../random/philox.ts";
import { boost } from "./boost.ts";
import { Predictor } from "./ensemble.ts";
import type { BoostSettings } from "./settings.ts";

const STREAM = 19; // of random words, as in draws.ts

/** Fold numbers 0 .. folds - 1 of rows, with every class spread evenly: a Philox permutation per class, dealt out in turn. */
export function stratifiedFolds(y: ArrayLike<number>, folds: number, seed: number): Uint8Array {
  if (!(Number.isSafeInteger(folds) && folds >= 2 && folds <= 255 && folds <= y.length))
    throw new InvalidInputError("Folds must be a whole number from 2 to 255, and at most the number of rows.");
  const fold = new Uint8Array(y.length);
  const classes = [...new Set(Array.from(y))].sort((a, b) => a - b);
  let dealt = 0;
  classes.forEach((value, index) => {
    const rows = Array.from(y, (_, row) => row).filter((row) => y[row] === value);
    for (const at of permutation(rows.length, seed, STREAM, index)) fold[rows[at] as number] = dealt++ % folds;
  });
  return fold;
}

/** Rows `chosen` of features [rows, width] and targets. */
export function takeRows(
  x: Float32Array,
  y: Float32Array,
  chosen: readonly number[],
): { readonly x: Float32Array; readonly y: Float32Array } {
  const width = x.length / y.length;
  const taken = new Float32Array(chosen.length * width);
  chosen.forEach((row, index) => {
    taken.set(x.subarray(row * width, (row + 1) * width), index * width);
  });
  return { x: taken, y: Float32Array.from(chosen, (row) => y[row] as number) };
}

/** The first answer (a number, or the probability of 1) for every row by a model that has not seen the row's fold. */
export function crossPredict(
  x: Float32Array,
  y: Float32Array,
  fold: Uint8Array,
  settingsFor: (train: { readonly x: Float32Array; readonly y: Float32Array }, fold: number) => BoostSettings,
): Float32Array {
  const width = x.length / y.length;
  const answers = new Float32Array(y.length);
  const rows = Array.from(y, (_, row) => row);
  for (let held = 0; held <= fold.reduce((most, value) => Math.max(most, value), 0); held++) {
    const train = takeRows(
      x,
      y,
      rows.filter((row) => fold[row] !== held),
    );
    const model = new Predictor(boost(train.x, train.y, settingsFor(train, held)));
    for (const row of rows)
      if (fold[row] === held) answers[row] = model.predict(x.subarray(row * width, (row + 1) * width))[0] as number;
  }
  return answers;
}
