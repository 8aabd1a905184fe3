import { gradients } from "../graph/autodiff.ts";
import { Builder } from "../graph/build.ts";
import { type Graph, sizeOf } from "../graph/ir.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { meanBinaryCrossEntropy, meanSquaredError } from "./losses.ts";
import { forward, type Normalisation, type Parameter } from "./network.ts";
import { dropoutState } from "./net.ts";
import { adam, sgd } from "./optimizers.ts";

/**
 * One training step as one graph: forward pass, loss, reverse pass, optimiser. Inputs `x` [batch, features] and
 * `t` [batch, 1]; parameters and optimiser state are updated in place; output `loss` [1].
 */
export function stepGraph(recipe: Recipe, list: readonly Parameter[], norm: Normalisation, batch: number): Graph {
  const b = new Builder();
  const x = b.input("x", [batch, norm.mean.length], "data");
  const t = b.input("t", [batch, 1], "data");
  for (const { name, shape } of list) b.input(name, shape, "param");
  const value = forward(b, x, list, norm);
  let loss: string;
  if (recipe.task === "binary") loss = meanBinaryCrossEntropy(b, value, t);
  else {
    const centred = b.op("sub", [t, b.scalar(norm.targetMean)]);
    loss = meanSquaredError(b, value, b.op("div", [centred, b.scalar(norm.targetScale)]));
  }
  b.output("loss", loss);
  const names = list.map(({ name }) => name);
  const slopes = gradients(b, loss, names);
  const optimiser = recipe.optimizer.kind === "adam" ? adam : sgd;
  optimiser(b, names, slopes, recipe.optimizer.learningRate);
  return b.finish();
}

/** State inputs of a step graph with their first values: 1 for running powers, drawn for dropout, else +0. */
export function initialState(graph: Graph, seed = 0): { name: string; values: Float32Array }[] {
  return graph.inputs
    .filter((input) => input.role === "state")
    .map(({ name, shape }) => {
      if (name.startsWith("drop")) return { name, values: dropoutState(name, sizeOf(shape), seed) };
      const first = name.startsWith("power") || name === "decay" ? 1 : 0;
      return { name, values: new Float32Array(sizeOf(shape)).fill(first) };
    });
}
