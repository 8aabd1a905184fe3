import type { Recipe, Table } from "@machines/engine";
import { randomWord } from "@machines/engine/random/philox.ts";

/** 600 rows of 8 random numbers and a label that depends on products of them. */
export function slowTable(): Table {
  const rows = 600;
  const value = (row: number, column: number) => randomWord(6, 95, row, column, 0) / 2 ** 31 - 1;
  const list = Array.from({ length: rows }, (_, row) => row);
  const inputs = Array.from({ length: 8 }, (_, column) => ({
    name: `c${column}`,
    type: "number" as const,
    values: list.map((row) => value(row, column)),
  }));
  const label = list.map((row) => (value(row, 0) * value(row, 1) + value(row, 2) > 0 ? 1 : 0));
  return { rows, columns: [...inputs, { name: "label", type: "number", values: label }] };
}

/** Takes a second or two: long enough to be killed in the middle. */
export const SLOW_RECIPE: Recipe = {
  version: 2,
  task: "binary",
  inputs: Array.from({ length: 8 }, (_, column) => ({ column: `c${column}` })),
  target: "label",
  split: { by: "ratio", train: 0.7, valid: 0.15 },
  model: { kind: "mlp", hidden: [128, 128], dropout: 0.1 },
  optimizer: { kind: "adamw", learningRate: 0.002, schedule: { kind: "cosine", warmup: 20 } },
  stopping: { patience: 60 },
  epochs: 60,
  batch: 20,
  seed: 9,
  checkpointEvery: 40,
};
