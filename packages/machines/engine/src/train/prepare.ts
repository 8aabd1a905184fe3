import { jsonHash, tableRoot, tensorsRoot } from "../commit/roots.ts";
import type { Graph } from "../graph/ir.ts";
import {
  buildSamples,
  type Feature,
  type Fitted,
  listCategories,
  listFeatures,
  type Samples,
} from "../recipe/features.ts";
import { fitSamples } from "../recipe/fit.ts";
import { RecipeError } from "../recipe/error.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { type Split, splitSamples } from "../recipe/split.ts";
import type { Table } from "../table/table.ts";
import { answerGraph, type Blueprint, initialParameters, standardise, trainingGraph } from "./graphs.ts";
import { inferenceGraph, type Normalisation, normalise, type Parameter, parameters } from "./network.ts";
import type { RunCommitment } from "./run.ts";
import { stepGraph } from "./stepGraph.ts";

/** What a recipe makes of a table: samples to train and to test on. */
export interface Prepared {
  readonly recipe: Recipe;
  readonly features: readonly Feature[];
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** Version 2: what else reading a table takes. */
  readonly fitted?: Fitted;
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
  /** The graph that answers for `rows` samples at once; an answer's bits do not depend on its neighbours. */
  readonly answers: (rows: number) => Graph;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly commitment: Asked;
}

/** What a run is asked to do, before any result. */
export type Asked = Omit<RunCommitment, "initialRoot" | "checkpoints" | "finalRoot">;

/** Reads samples and splits them; throws TableError or InvalidInputError. */
export function prepareSamples(table: Table, recipe: Recipe): Prepared {
  if (recipe.version === 2) {
    const { samples, split, fitted } = fitSamples(recipe, table);
    const { features } = samples;
    return {
      recipe,
      features,
      categories: fitted.categories,
      fitted,
      samples,
      split,
      ...takeSamples(samples, split.train),
    };
  }
  const categories = listCategories(recipe, table);
  const features = listFeatures(recipe, categories);
  const samples = buildSamples(recipe, features, table);
  const split = splitSamples(recipe, table, samples);
  return { recipe, features, categories, samples, split, ...takeSamples(samples, split.train) };
}

/** Some samples' inputs and targets, side by side. */
function takeSamples({ features, x, y }: Samples, chosen: readonly number[]): Pick<Prepared, "trainX" | "trainY"> {
  const width = features.length;
  const trainX = new Float32Array(chosen.length * width);
  chosen.forEach((sample, row) => {
    trainX.set(x.subarray(sample * width, (sample + 1) * width), row * width);
  });
  return { trainX, trainY: Float32Array.from(chosen, (sample) => y[sample] as number) };
}

/** The same samples split otherwise: for a fold of a cross-validation. */
export function resplit(prepared: Prepared, split: Split): Prepared {
  return { ...prepared, split, ...takeSamples(prepared.samples, split.train) };
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
  return seal(asked);
}

/** Adds the hash over all fields, in place of the one that is there. */
export function seal({ job: _, ...asked }: Omit<Asked, "job"> & { readonly job?: unknown }): Asked {
  return { ...asked, job: jsonHash({ type: "assay/job/1", ...asked }) };
}

/** Means of the training samples where they have a value, in binary64, rows ascending; 0 where none has (and for texts). */
export function meansOf({ recipe, trainX, trainY, features }: Prepared): Float32Array {
  if (recipe.layout?.kind === "text") return new Float32Array(features.length);
  return Float32Array.from(features, (_, feature) => {
    let [sum, count] = [0, 0];
    for (let row = 0; row < trainY.length; row++) {
      const value = trainX[row * features.length + feature] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count === 0 ? 0 : sum / count;
  });
}

/** The job that trains a network on prepared samples; throws RecipeError. */
export function jobOf(table: Table, prepared: Prepared): Job {
  const { recipe, trainX, trainY, features } = prepared;
  const batch = Math.min(recipe.batch as number, trainY.length);
  const stepsPerEpoch = Math.floor(trainY.length / batch);
  const steps = stepsPerEpoch * recipe.epochs;
  if (recipe.version === 1) {
    const norm = normalise(recipe, trainX, trainY, features.length);
    const list = parameters(recipe, features.length);
    const graph = stepGraph(recipe, list, norm, batch);
    const commitment = askFor(table, prepared, jsonHash(graph), batch, steps);
    const answers = (rows: number) => inferenceGraph(recipe, list, norm, rows);
    return { ...prepared, norm, list, graph, answers, batch, stepsPerEpoch, commitment };
  }
  const blueprint = blueprintOf(prepared);
  const list = initialParameters(blueprint);
  const graph = trainingGraph(blueprint, list, batch, { steps, stepsPerEpoch });
  const commitment = askFor(table, prepared, jsonHash(graph), batch, steps);
  const answers = (rows: number) => answerGraph(blueprint, rows);
  return { ...prepared, norm: blueprint.norm, list, graph, answers, batch, stepsPerEpoch, commitment };
}

function blueprintOf({ recipe, features, fitted, trainX, trainY }: Prepared): Blueprint {
  const classes = fitted?.classes?.length ?? 2;
  const text = recipe.layout?.kind === "text" ? fitted?.categories[recipe.inputs[0]?.column ?? ""] : undefined;
  const weights = weightsOf(recipe, classes, trainY);
  return {
    recipe,
    outputs: recipe.task === "multiclass" ? classes : 1,
    vocabulary: text?.length ?? 0,
    norm: standardise(recipe, features, trainX, trainY),
    ...(weights === undefined ? {} : { weights }),
  };
}

/** Weight of each class; balanced ones are rows / (classes * rows of the class) in the training samples, 1 for an absent class. */
function weightsOf({ classWeights }: Recipe, classes: number, y: Float32Array): readonly number[] | undefined {
  if (classWeights === undefined) return undefined;
  if (classWeights !== "balanced") {
    if (classWeights.length !== classes)
      throw new RecipeError("classWeights", `has ${classWeights.length} weights, and the target ${classes} classes.`);
    return classWeights;
  }
  const counts = new Array<number>(classes).fill(0);
  for (const value of y) counts[value] = (counts[value] as number) + 1;
  return counts.map((count) => (count === 0 ? 1 : y.length / (classes * count)));
}
