import { jsonHash, tableRoot, tensorsRoot } from "../commit/roots.ts";
import type { Graph } from "../graph/ir.ts";
import { buildSamples, type Feature, listCategories, listFeatures, type Samples } from "../recipe/features.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { type Split, splitSamples } from "../recipe/split.ts";
import type { Table } from "../table/table.ts";
import { type Normalisation, normalise, type Parameter, parameters } from "./network.ts";
import type { RunCommitment } from "./run.ts";
import { stepGraph } from "./stepGraph.ts";

/** What a recipe makes of a table: samples to train and to test on. */
export interface Prepared {
  readonly recipe: Recipe;
  readonly features: readonly Feature[];
  readonly categories: Readonly<Record<string, readonly string[]>>;
  readonly samples: Samples;
  readonly split: Split;
  /** Training samples only, row-major. */
  readonly trainX: Float32Array;
  readonly trainY: Float32Array;
}

/** A run that is fully determined but not yet executed. */
export interface Job extends Prepared {
  readonly norm: Normalisation;
  readonly list: readonly Parameter[];
  readonly graph: Graph;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly commitment: Asked;
}

/** What a run is asked to do, before any result. */
export type Asked = Omit<RunCommitment, "initialRoot" | "checkpoints" | "finalRoot">;

/** Reads samples and splits them; throws TableError or InvalidInputError. */
export function prepareSamples(table: Table, recipe: Recipe): Prepared {
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
  return { recipe, features, categories, samples, split, trainX, trainY };
}

/** Commits to a run: `graph` is the hash of what one step does, `batch` the samples that it sees. */
export function askFor(
  table: Table,
  { recipe, trainX, trainY }: Prepared,
  graph: RunCommitment["graph"],
  batch: number,
  steps: number,
): Asked {
  const rows = trainY.length;
  const dataRoot = tensorsRoot("assay/samples/1", [
    { name: "x", shape: [rows, trainX.length / rows], values: trainX },
    { name: "t", shape: [rows, 1], values: trainY },
  ]);
  const asked = {
    version: 1 as const,
    table: tableRoot(table),
    recipe: jsonHash(recipe),
    graph,
    dataRoot,
    orderSeed: recipe.seed,
    seed: recipe.seed,
    batch,
    steps,
    optimizer: recipe.optimizer,
  };
  return { ...asked, job: jsonHash({ type: "assay/job/1", ...asked }) };
}

/** Reads samples, splits, normalises and writes the step graph; throws TableError, RecipeError or InvalidInputError. */
export function prepareJob(table: Table, recipe: Recipe): Job {
  const prepared = prepareSamples(table, recipe);
  const { trainX, trainY, features } = prepared;
  const norm = normalise(recipe, trainX, trainY, features.length);
  const list = parameters(recipe, features.length);
  const batch = Math.min(recipe.batch as number, trainY.length);
  const graph = stepGraph(recipe, list, norm, batch);
  const stepsPerEpoch = Math.floor(trainY.length / batch);
  const commitment = askFor(table, prepared, jsonHash(graph), batch, stepsPerEpoch * recipe.epochs);
  return { ...prepared, norm, list, graph, batch, stepsPerEpoch, commitment };
}
