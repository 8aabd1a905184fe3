import { InvalidInputError } from "@base/errors";
import { tableRoot } from "../commit/roots.ts";
import { likeliest } from "../metrics/classes.ts";
import { decodeBundle } from "../model/bundle.ts";
import { loadModel } from "../model/model.ts";
import { openSamples } from "../recipe/features.ts";
import { sampleRows } from "../recipe/reader.ts";
import type { Table } from "../table/table.ts";
import { prepareSamples } from "../train/prepare.ts";
import { networkShares } from "./network.ts";
import { treeShares } from "./trees.ts";

/** How influence was found. */
export type InfluenceMethod = "leaf-removal" | "last-layer-influence-function";

/** What one training sample added to an answer. */
export interface SampleInfluence {
  /** Rows of the training table that the sample spans, 0-based, inclusive. */
  readonly rows: readonly [first: number, last: number];
  /** In units of the score; above 0 raised it. */
  readonly value: number;
}

/** An answer and what every training sample added to it. */
export interface Influence {
  readonly method: InfluenceMethod;
  /** The answer: a number, the probability of 1, or that of the likeliest class. */
  readonly output: number;
  /** Name of the likeliest class, where there are several. */
  readonly label?: string;
  /** What the values count: the answer before its link. */
  readonly score: number;
  readonly unit: "log-odds" | "score of the class" | "target";
  /** The answer for the typical training sample, as reasons start from it. */
  readonly base: number;
  /** Per training sample, in the order of the split. */
  readonly samples: readonly SampleInfluence[];
}

/**
 * Traces one answer of a model to the rows that trained it. `data` is the whole table that the model was trained on,
 * `question` the rows of the one sample that is asked about.
 *
 * Trees: what each row adds to the leaves that the question reaches. Networks: the influence function of the last layer.
 * Both are estimates of what training without the row would change; neither trains again. Throws InvalidInputError when
 * `data` is not the table that the model commits to, BundleError and TableError.
 */
export function influenceOf(bytes: Uint8Array, data: Table, question: Table): Influence {
  const bundle = decodeBundle(bytes);
  const { recipe, features, run, classes } = bundle;
  if (tableRoot(data) !== run.table)
    throw new InvalidInputError("This is not the table that the model was trained on: its root differs.", {
      data: { expected: run.table },
    });
  if (question.rows !== sampleRows(recipe))
    throw new InvalidInputError(`The question is ${sampleRows(recipe)} rows, not ${question.rows}.`);
  const fills = bundle.tensors.get("fills")?.values;
  const fitted = { categories: bundle.categories, ...(fills === undefined ? {} : { fills }) };
  const x = openSamples(recipe, features, fitted, question)(question.rows - 1);
  const decision = loadModel(bytes).run(question);
  const said = decision.probabilities?.map(({ probability }) => probability) ?? [decision.output];
  const output = likeliest(Float32Array.from(said));
  const prepared = prepareSamples(data, recipe);
  const { score, values } =
    bundle.trees === undefined
      ? networkShares(bundle, prepared, x, output)
      : treeShares(bundle.trees, prepared, x, output);
  const { split, samples } = prepared;
  return {
    method: bundle.trees === undefined ? "last-layer-influence-function" : "leaf-removal",
    output: said[output] as number,
    ...(classes === undefined ? {} : { label: classes[output] as string }),
    score,
    unit: recipe.task === "regression" ? "target" : recipe.task === "binary" ? "log-odds" : "score of the class",
    base: decision.base,
    samples: split.train.map((sample, index) => ({
      rows: samples.spans[sample] as readonly [number, number],
      value: values[index] as number,
    })),
  };
}
