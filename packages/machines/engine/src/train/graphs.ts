import { gradients } from "../graph/autodiff.ts";
import { Builder } from "../graph/build.ts";
import type { Graph } from "../graph/ir.ts";
import type { Feature } from "../recipe/features.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { Optimizer } from "../recipe/schema.ts";
import { type Task, writeNetwork } from "./architectures.ts";
import { mean, meanSquaredError } from "./losses.ts";
import { Net, oneHot } from "./net.ts";
import { moments, type Normalisation, type Parameter } from "./network.ts";
import { type Length, optimise } from "./optimise.ts";

/** Everything that a version 2 network's graphs follow from. */
export interface Blueprint extends Task {
  readonly norm: Normalisation;
  /** Weight of each class in the loss; absent when all weigh the same. */
  readonly weights?: readonly number[];
}

/**
 * Means and deviations of the training samples for columns that are standardised, 0 and 1 elsewhere (categories,
 * indicators, tokens, pixels, whatever the recipe leaves as it is). All rows of a sequence share those of their column.
 */
export function standardise(
  recipe: Recipe,
  features: readonly Feature[],
  x: Float32Array,
  y: Float32Array,
): Normalisation {
  const [rows, width] = [y.length, features.length];
  const mean = new Float32Array(width);
  const inverse = new Float32Array(width).fill(1);
  const { layout } = recipe;
  if (layout?.kind === "image") inverse.fill(1 / (layout.scale ?? 255));
  const plain = new Set(recipe.inputs.filter((input) => input.standardise === false).map(({ column }) => column));
  const steps = layout?.kind === "sequence" ? layout.rows : 1;
  const period = width / steps;
  for (let feature = 0; feature < period && layout?.kind !== "image" && layout?.kind !== "text"; feature++) {
    const { column, category, empty } = features[feature] as Feature;
    if (category !== undefined || empty === true || plain.has(column)) continue;
    const value = (at: number) => x[Math.floor(at / steps) * width + (at % steps) * period + feature] as number;
    const [average, deviation] = moments(rows * steps, value);
    for (let at = feature; at < width; at += period) {
      mean[at] = average;
      inverse[at] = deviation > 0 ? 1 / deviation : 1;
    }
  }
  if (recipe.task !== "regression") return { mean, inverse, targetMean: 0, targetScale: 1 };
  const [average, deviation] = moments(rows, (row) => y[row] as number);
  return { mean, inverse, targetMean: Math.fround(average), targetScale: deviation > 0 ? Math.fround(deviation) : 1 };
}

function writeInput(net: Net, { norm }: Blueprint, x: string): string {
  const width = norm.mean.length;
  const { b } = net;
  let value = x;
  if (norm.mean.some((entry) => entry !== 0)) value = b.op("sub", [value, b.constant(norm.mean, [1, width])]);
  if (norm.inverse.every((entry) => entry === 1)) return value;
  const same = norm.inverse.every((entry) => entry === norm.inverse[0]);
  const factor = same ? b.scalar(norm.inverse[0] as number) : b.constant(norm.inverse, [1, width]);
  return b.op("mul", [value, factor]);
}

/** The network's parameters with their first values. */
export function initialParameters(blueprint: Blueprint): Parameter[] {
  const net = new Net(new Builder(), false);
  const x = net.b.input("x", [1, blueprint.norm.mean.length], "data");
  writeNetwork(net, blueprint, writeInput(net, blueprint, x));
  return net.initialise(blueprint.recipe.seed);
}

/** The graph that answers for `rows` samples: `x` [rows, features] to `output` [rows, outputs] in the target's unit or as probabilities. */
export function answerGraph(blueprint: Blueprint, rows: number): Graph {
  const net = new Net(new Builder(), false);
  const { b } = net;
  const { recipe, norm } = blueprint;
  const x = b.input("x", [rows, norm.mean.length], "data");
  const value = writeNetwork(net, blueprint, writeInput(net, blueprint, x));
  b.output("output", writeLink(b, recipe, norm, value));
  return b.finish();
}

function writeLink(b: Builder, { task }: Recipe, norm: Normalisation, value: string): string {
  if (task === "binary") return b.op("sigmoid", [value]);
  if (task === "multiclass") return b.op("softmax", [value]);
  return b.op("add", [b.op("mul", [value, b.scalar(norm.targetScale)]), b.scalar(norm.targetMean)]);
}

/**
 * One training step as one graph, see `stepGraph`: `x` [batch, features] and `t` [batch, 1], which holds the number, 0 or
 * 1, or the number of the class.
 */
export function trainingGraph(blueprint: Blueprint, list: readonly Parameter[], batch: number, length: Length): Graph {
  const net = new Net(new Builder(), true);
  const { b } = net;
  const { recipe, norm } = blueprint;
  const x = b.input("x", [batch, norm.mean.length], "data");
  const t = b.input("t", [batch, 1], "data");
  const value = writeNetwork(net, blueprint, writeInput(net, blueprint, x));
  const loss = writeLoss(b, blueprint, value, t);
  b.output("loss", loss);
  const names = list.map(({ name }) => name);
  const slopes = gradients(b, loss, names);
  optimise(b, recipe.optimizer as Exclude<Optimizer, { kind: "boost" }>, names, slopes, length);
  return b.finish();
}

function writeLoss(b: Builder, { recipe, norm, outputs, weights }: Blueprint, value: string, t: string): string {
  if (recipe.task === "regression") {
    const centred = b.op("sub", [t, b.scalar(norm.targetMean)]);
    return meanSquaredError(b, value, b.op("div", [centred, b.scalar(norm.targetScale)]));
  }
  if (recipe.task === "binary") {
    const losses = b.op("sub", [b.op("softplus", [value]), b.op("mul", [value, t])]);
    if (weights === undefined) return mean(b, losses);
    const [zero, one] = weights.map((weight) => Math.fround(weight)) as [number, number];
    const weight = b.op("add", [b.scalar(zero), b.op("mul", [t, b.scalar(one - zero)])]);
    return mean(b, b.op("mul", [weight, losses]));
  }
  const chosen = oneHot(b, t, outputs);
  const losses = b.op("sub", [b.op("logsumexp", [value]), b.op("rowsum", [b.op("mul", [value, chosen])])]);
  if (weights === undefined) return mean(b, losses);
  const weight = b.op("rowsum", [b.op("mul", [chosen, b.constant(Float32Array.from(weights), [1, outputs])])]);
  return mean(b, b.op("mul", [weight, losses]));
}
