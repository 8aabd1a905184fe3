import { Builder } from "../graph/build.ts";
import type { Graph, Shape } from "../graph/ir.ts";
import { STREAM, uniform } from "../random/philox.ts";
import type { Recipe } from "../recipe/recipe.ts";

/** Means and inverse standard deviations of the training samples, binary32. */
export interface Normalisation {
  readonly mean: Float32Array;
  readonly inverse: Float32Array;
  /** Of the target; 0 and 1 for a binary task. */
  readonly targetMean: number;
  readonly targetScale: number;
}

/** Name, extents and first values of a trained tensor. */
export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Float32Array;
}

/** Means and deviations in binary64 (rows ascending), rounded once; a constant feature gets the scale 1. */
export function normalise(recipe: Recipe, x: Float32Array, y: Float32Array, features: number): Normalisation {
  const rows = y.length;
  const mean = new Float32Array(features);
  const inverse = new Float32Array(features);
  for (let feature = 0; feature < features; feature++) {
    const [average, deviation] = moments(rows, (row) => x[row * features + feature] as number);
    mean[feature] = average;
    inverse[feature] = deviation > 0 ? 1 / deviation : 1;
  }
  if (recipe.task === "binary") return { mean, inverse, targetMean: 0, targetScale: 1 };
  const [average, deviation] = moments(rows, (row) => y[row] as number);
  return { mean, inverse, targetMean: Math.fround(average), targetScale: deviation > 0 ? Math.fround(deviation) : 1 };
}

/** Mean and deviation of `rows` values in binary64, rows ascending. */
export function moments(rows: number, value: (row: number) => number): [mean: number, deviation: number] {
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += value(row);
  const mean = sum / rows;
  let squares = 0;
  for (let row = 0; row < rows; row++) squares += (value(row) - mean) * (value(row) - mean);
  return [mean, Math.sqrt(squares / rows)];
}

/** Weights uniform within sqrt(6 / fan-in) before relu and sqrt(3 / fan-in) at the end, biases +0. */
export function parameters(recipe: Recipe, features: number): Parameter[] {
  const widths = [features, ...(recipe.model.kind === "mlp" ? recipe.model.hidden : []), 1];
  const list: Parameter[] = [];
  for (let layer = 0; layer + 1 < widths.length; layer++) {
    const [from, to] = [widths[layer] as number, widths[layer + 1] as number];
    const limit = Math.sqrt((layer + 2 === widths.length ? 3 : 6) / from);
    list.push({
      name: `w${layer}`,
      shape: [from, to],
      initial: uniform(from * to, limit, recipe.seed, STREAM.init, layer),
    });
    list.push({ name: `b${layer}`, shape: [1, to], initial: new Float32Array(to) });
  }
  return list;
}

/** Adds the network on raw features `x` [rows, features]; the answer is the normalised prediction or the logit [rows, 1]. */
export function forward(b: Builder, x: string, list: readonly Parameter[], norm: Normalisation): string {
  const features = norm.mean.length;
  const centred = b.op("sub", [x, b.constant(norm.mean, [1, features])]);
  let value = b.op("mul", [centred, b.constant(norm.inverse, [1, features])]);
  for (let layer = 0; layer * 2 < list.length; layer++) {
    const [w, bias] = [list[layer * 2] as Parameter, list[layer * 2 + 1] as Parameter];
    value = b.op("add", [b.op("matmul", [value, w.name]), bias.name]);
    if (layer * 2 + 2 < list.length) value = b.op("relu", [value]);
  }
  return value;
}

/** From normalised prediction or logit to the answer in the target's unit. */
export function finishOutput(b: Builder, recipe: Recipe, value: string, norm: Normalisation): string {
  if (recipe.task === "binary") return b.op("sigmoid", [value]);
  return b.op("add", [b.op("mul", [value, b.scalar(norm.targetScale)]), b.scalar(norm.targetMean)]);
}

/** The graph that answers for `rows` samples: `x` [rows, features] to `output` [rows, 1]; parameters stay inputs. */
export function inferenceGraph(recipe: Recipe, list: readonly Parameter[], norm: Normalisation, rows = 1): Graph {
  const b = new Builder();
  const x = b.input("x", [rows, norm.mean.length], "data");
  for (const { name, shape } of list) b.input(name, shape, "param");
  b.output("output", finishOutput(b, recipe, forward(b, x, list, norm), norm));
  return b.finish();
}
