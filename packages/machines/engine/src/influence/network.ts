import { InvalidInputError } from "@base/errors";
import { Program } from "../graph/program.ts";
import type { Graph } from "../graph/ir.ts";
import type { Bundle } from "../model/bundle.ts";
import type { Prepared } from "../train/prepare.ts";
import type { Shares } from "./shares.ts";
import { factor, solve } from "./cholesky.ts";

/** Widest last layer that is solved for: the work grows with its square for every row. */
export const MOST_WIDTH = 1_024;
/** Ridge, as a part of the mean of the curvature's diagonal: it keeps the solution finite where inputs repeat each other. */
const RIDGE = 1e-3;

/** What the last layer sees of one sample, with a 1 for the bias, and the answers. */
interface Seen {
  readonly inner: Float32Array;
  readonly output: Float32Array;
}

/**
 * What each training sample adds to the score of `x`, by the influence function of the last layer (Koh and Liang, ICML
 * 2017; the layers below stay as they are): a_x^T (sum of w a a^T + ridge)^-1 a_i r_i, where a is what the last layer
 * sees, r the residual and w its slope. For a linear or logistic model the last layer is the whole model.
 *
 * Activations come from the engine (F32S); sums are binary64 in the order of the samples, from +, -, *, / and square
 * roots alone, so the bits are the same everywhere. Throws InvalidInputError on a last layer wider than 1,024.
 */
export function networkShares(bundle: Bundle, prepared: Prepared, x: Float32Array, output: number): Shares {
  const see = openLastLayer(bundle);
  const { trainX, trainY, features, recipe } = prepared;
  const width = features.length;
  const asked = see(x);
  const size = asked.inner.length;
  const weights = classWeights(prepared);
  const inner: Float32Array[] = [];
  const residuals = new Float64Array(trainY.length);
  const curvature = new Float64Array(size * size);
  for (let row = 0; row < trainY.length; row++) {
    const seen = see(trainX.subarray(row * width, (row + 1) * width));
    const said = seen.output[output] as number;
    const target = trainY[row] as number;
    const weight = recipe.task === "regression" ? 1 : (weights[target] as number);
    const wanted = recipe.task === "multiclass" ? Number(target === output) : target;
    residuals[row] = weight * (wanted - said);
    addSquare(curvature, seen.inner, recipe.task === "regression" ? 1 : weight * said * (1 - said));
    inner.push(seen.inner);
  }
  let trace = 0;
  for (let k = 0; k < size; k++) trace += curvature[k * size + k] as number;
  const ridge = trace > 0 ? (RIDGE * trace) / size : 1;
  for (let k = 0; k < size; k++) curvature[k * size + k] = (curvature[k * size + k] as number) + ridge;
  const direction = solve(factor(curvature, size), Float64Array.from(asked.inner));
  const values = Float64Array.from(inner, (one, row) => dot(direction, one) * (residuals[row] as number));
  return { score: scoreOf(bundle, asked, output), values };
}

function dot(a: Float64Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

/** Adds w a a^T, the lower half. */
function addSquare(to: Float64Array, a: Float32Array, w: number): void {
  const size = a.length;
  for (let i = 0; i < size; i++) {
    const left = w * (a[i] as number);
    if (left !== 0)
      for (let j = 0; j <= i; j++) to[i * size + j] = (to[i * size + j] as number) + left * (a[j] as number);
  }
}

/** The weights of the classes in the loss. */
function classWeights({ recipe, fitted, trainY }: Prepared): readonly number[] {
  const classes = fitted?.classes?.length ?? 2;
  const given = recipe.classWeights ?? Array.from({ length: classes }, () => 1);
  if (given !== "balanced") return given;
  const counts = new Array<number>(classes).fill(0);
  for (const value of trainY) counts[value] = (counts[value] as number) + 1;
  return counts.map((count) => (count === 0 ? 1 : trainY.length / (classes * count)));
}

/** The answer before its link: last layer times weights, plus bias; the number itself for a regression. */
function scoreOf(bundle: Bundle, { inner, output: said }: Seen, output: number): number {
  if (bundle.recipe.task === "regression") return said[0] as number;
  const { weight, bias } = lastLayer(bundle.graph);
  const values = (name: string) => (bundle.tensors.get(name) as { values: Float32Array }).values;
  const [w, b] = [values(weight), values(bias)];
  const outputs = b.length;
  let sum = b[output] as number;
  for (let k = 0; k + 1 < inner.length; k++) sum += (inner[k] as number) * (w[k * outputs + output] as number);
  return sum;
}

/** The last product with a trained matrix, and the bias that follows it. */
function lastLayer({ nodes, inputs }: Graph): { input: string; weight: string; bias: string } {
  const trained = new Set(inputs.filter(({ role }) => role === "param").map(({ name }) => name));
  const product = nodes.findLast(({ op, inputs: [, right] }) => op === "matmul" && trained.has(right as string));
  const sum = nodes.find(({ op, inputs: [left] }) => op === "add" && left === product?.output);
  const [input, weight] = product?.inputs ?? [];
  const bias = sum?.inputs[1];
  if (input === undefined || weight === undefined || bias === undefined || !trained.has(bias))
    throw new InvalidInputError("The network does not end in a dense layer.");
  return { input, weight, bias };
}

function openLastLayer({ graph, tensors }: Bundle): (x: Float32Array) => Seen {
  const { input } = lastLayer(graph);
  // Without hidden layers the product may take the inputs themselves: an output must be a value of the graph.
  const program = new Program({ ...graph, outputs: [...graph.outputs, { name: "inner", value: input }] });
  for (const { name } of graph.inputs)
    if (name !== "x") program.write(name, (tensors.get(name) as { values: Float32Array }).values);
  return (x) => {
    program.write("x", x);
    program.run();
    const seen = program.read("inner");
    if (seen.length >= MOST_WIDTH)
      throw new InvalidInputError(
        `The last layer sees ${seen.length} numbers; influence is told up to ${MOST_WIDTH - 1}.`,
      );
    const inner = new Float32Array(seen.length + 1).fill(1);
    inner.set(seen);
    return { inner, output: program.read("output").slice() };
  };
}
