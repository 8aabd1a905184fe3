import { InvalidInputError } from "@base/errors";
import { permutation, STREAM } from "../random/philox.ts";
import { columnOf, dayNumber, type Table } from "../table/table.ts";
import { dayNumbers, type Samples } from "./features.ts";
import { sampleRows } from "./reader.ts";
import type { Recipe } from "./recipe.ts";

/** Sample indices that train and that test, in the order in which they are used. */
export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** Samples that neither train nor test, but say when to stop; absent when the recipe asks for none. */
  readonly valid?: readonly number[];
}

/**
 * Splits samples. By time: trains on windows that end by `trainUntil`, tests on those that begin later, drops
 * the ones across. By ratio: the first share of the samples in table order when there is a window (windows
 * across the border are dropped), of a Philox permutation otherwise. Throws InvalidInputError when a side is empty.
 */
export function splitSamples(recipe: Recipe, table: Table, samples: Pick<Samples, "spans">): Split {
  if (recipe.version === 2) return splitThree(recipe, table, samples.spans);
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
  return checkSides({ train, test });
}

function checkSides(split: Split): Split {
  const { train, test, valid } = split;
  if (train.length === 0 || test.length === 0 || valid?.length === 0)
    throw new InvalidInputError(
      `The split leaves ${train.length} samples to train${valid === undefined ? "" : `, ${valid.length} to validate`} and ${test.length} to test; both sides need some.`,
      { data: { train: train.length, test: test.length } },
    );
  return split;
}

/** The split of version 2: validation samples lie between the other two; groups are drawn whole. */
function splitThree(recipe: Recipe, table: Table, spans: Samples["spans"]): Split {
  const { split } = recipe;
  const all = spans.map((_, index) => index);
  if (split.by === "time") {
    const days = dayNumbers(recipe, table);
    const [from, to] = [
      (index: number) => days[spans[index]?.[0] as number] as number,
      (index: number) => days[spans[index]?.[1] as number] as number,
    ];
    const first = dayNumber(split.trainUntil) as number;
    const second = split.validUntil === undefined ? first : (dayNumber(split.validUntil) as number);
    const valid = all.filter((index) => from(index) > first && to(index) <= second);
    return checkSides({
      train: all.filter((index) => to(index) <= first),
      test: all.filter((index) => from(index) > second),
      ...(split.validUntil === undefined ? {} : { valid }),
    });
  }
  const units = split.by === "group" ? groupsOf(table, split.column, spans) : all.map((index) => [index]);
  const ordered = split.by === "ratio" && sampleRows(recipe) > 1;
  const order = ordered ? units.map((_, index) => index) : permutation(units.length, recipe.seed, STREAM.split, 0);
  const [cut, end] = [split.train, split.train + (split.valid ?? 0)].map((share) =>
    Math.floor(units.length * share),
  ) as [number, number];
  const take = (from: number, to: number) => [...order.slice(from, to)].flatMap((unit) => units[unit] as number[]);
  const train = take(0, cut);
  const after = (side: number[], others: readonly number[]) => {
    if (!ordered) return side;
    const border = others.reduce((most, index) => Math.max(most, spans[index]?.[1] as number), -1);
    return side.filter((index) => (spans[index]?.[0] as number) > border);
  };
  const valid = after(take(cut, end), train);
  const test = after(take(end, units.length), [...train, ...valid]);
  return checkSides({ train, test, ...(split.valid === undefined ? {} : { valid }) });
}

/** Sample indices by the group of their last row, groups in the order of their names. */
function groupsOf(table: Table, name: string, spans: Samples["spans"]): number[][] {
  const { values } = columnOf(table, name);
  const groups = new Map<string, number[]>();
  spans.forEach(([, last], index) => {
    const key = JSON.stringify(values[last]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  });
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
