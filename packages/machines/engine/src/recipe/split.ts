import { InvalidInputError } from "@base/errors";
import { permutation, STREAM } from "../random/philox.ts";
import { dayNumber, type Table } from "../table/table.ts";
import { dayNumbers, type Samples } from "./features.ts";
import type { Recipe } from "./recipe.ts";

/** Sample indices that train and that test, in the order in which they are used. */
export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Splits samples. By time: trains on windows that end by `trainUntil`, tests on those that begin later, drops
 * the ones across. By ratio: the first share of the samples in table order when there is a window (windows
 * across the border are dropped), of a Philox permutation otherwise. Throws InvalidInputError when a side is empty.
 */
export function splitSamples(recipe: Recipe, table: Table, samples: Samples): Split {
  const count = samples.spans.length;
  let train: number[] = [];
  let test: number[] = [];
  const all = Array.from({ length: count }, (_, index) => index);
  if (recipe.split.by === "time") {
    const days = dayNumbers(recipe, table);
    const border = dayNumber(recipe.split.trainUntil) as number;
    train = all.filter((index) => (days[samples.spans[index]?.[1] as number] as number) <= border);
    test = all.filter((index) => (days[samples.spans[index]?.[0] as number] as number) > border);
  } else {
    const cut = Math.floor(count * recipe.split.train);
    if (recipe.window === undefined) {
      const order = [...permutation(count, recipe.seed, STREAM.split, 0)];
      [train, test] = [order.slice(0, cut), order.slice(cut)];
    } else {
      train = all.slice(0, cut);
      const border = samples.spans[cut - 1]?.[1] ?? -1;
      test = all.slice(cut).filter((index) => (samples.spans[index]?.[0] as number) > border);
    }
  }
  if (train.length === 0 || test.length === 0)
    throw new InvalidInputError(
      `The split leaves ${train.length} samples to train and ${test.length} to test; both sides need some.`,
      {
        data: { samples: count, train: train.length, test: test.length },
      },
    );
  return { train, test };
}
