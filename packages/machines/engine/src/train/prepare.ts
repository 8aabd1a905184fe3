import { jsonHash, tableRoot, tensorsRoot } from "../commit/roots.ts";
import type { Graph } from "../graph/ir.ts";
import { buildSamples, type Feature, listCategories, listFeatures, type Samples } from "../recipe/features.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { type Split, splitSamples } from "../recipe/split.ts";
import type { Table } from "../table/table.ts";
import { type Normalisation, normalise, type Parameter, parameters } from "./network.ts";
import type { RunCommitment } from "./run.ts";
import { stepGraph } from "./stepGraph.ts";

/** A run that is fully determined but not yet executed. */
export interface Job {
  readonly recipe: Recipe;
  readonly features: readonly Feature[];
  readonly categories: Readonly<Record<string, readonly string[]>>;
  readonly samples: Samples;
  readonly split: Split;
  readonly norm: Normalisation;
  readonly list: readonly Parameter[];
  readonly graph: Graph;
  /** Training samples only, row-major. */
  readonly trainX: Float32Array;
  readonly trainY: Float32Array;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly commitment: Omit<RunCommitment, "initialRoot" | "checkpoints" | "finalRoot">;
}

/** Reads samples, splits, normalises and writes the step graph; throws TableError, RecipeError or InvalidInputError. */
export function prepareJob(table: Table, recipe: Recipe): Job {
  const categories = listCategories(recipe, table);
  const features = listFeatures(recipe, categories);
  const samples = buildSamples(recipe, features, table);
  const split = splitSamples(recipe, table, samples);
  const width = features.length;
  const trainX = new Float32Array(split.train.length * width);
  split.train.forEach((sample, row) => {
    trainX.set(samples.x.subarray(sample * width, (sample + 1) * width), row * width);
  });
  const trainY = Float32Array.from(split.train, (sample) => samples.y[sample] as number);
  const norm = normalise(recipe, trainX, trainY, width);
  const list = parameters(recipe, width);
  const batch = Math.min(recipe.batch, split.train.length);
  const graph = stepGraph(recipe, list, norm, batch);
  const stepsPerEpoch = Math.floor(split.train.length / batch);
  const dataRoot = tensorsRoot("assay/samples/1", [
    { name: "x", shape: [split.train.length, width], values: trainX },
    { name: "t", shape: [split.train.length, 1], values: trainY },
  ]);
  const asked = {
    version: 1 as const,
    table: tableRoot(table),
    recipe: jsonHash(recipe),
    graph: jsonHash(graph),
    dataRoot,
    orderSeed: recipe.seed,
    seed: recipe.seed,
    batch,
    steps: stepsPerEpoch * recipe.epochs,
    optimizer: recipe.optimizer,
  };
  const commitment = { ...asked, job: jsonHash({ type: "assay/job/1", ...asked }) };
  return {
    recipe,
    features,
    categories,
    samples,
    split,
    norm,
    list,
    graph,
    trainX,
    trainY,
    batch,
    stepsPerEpoch,
    commitment,
  };
}
