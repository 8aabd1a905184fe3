import { numbersOf, type OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { laneSum, product, step, stored, transposed } from "./shared.ts";
import { rowsOf } from "./reduce.ts";
import { logSoftmaxRows } from "./norm.ts";

/** Weighted negative log likelihood over [N, C, ...], reduced as asked. */
function likelihood(call: Call, logs: OnnxTensor, target: OnnxTensor, weight: OnnxTensor | undefined): OnnxTensor {
  const [n = 1, c = 1] = logs.shape;
  const inner = product(logs.shape, 2);
  const f = step(logs.dtype);
  const labels = numbersOf(target);
  if (labels.length !== n * inner) throw call.fault(`[${target.shape}] does not label [${logs.shape}]`);
  const ignored = call.has("ignore_index") ? call.int("ignore_index", 0) : undefined;
  const losses = new Float64Array(labels.length);
  const weights = new Float64Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label === ignored) continue;
    if (!(label >= 0 && label < c)) throw call.fault(`label ${label} is none of ${c} classes`);
    weights[i] = weight === undefined ? 1 : (weight.data[label] as number);
    const value = logs.data[(Math.floor(i / inner) * c + label) * inner + (i % inner)] as number;
    losses[i] = f(-value * (weights[i] as number));
  }
  const reduction = call.string("reduction", "mean");
  if (reduction === "none") return stored(logs.dtype, target.shape, losses);
  const sum = laneSum(losses, 0, losses.length, 1, f);
  if (reduction === "sum") return stored(logs.dtype, [], [sum]);
  if (reduction !== "mean") throw call.unsupported(`reduction "${reduction}" is unknown`);
  const total =
    weight === undefined && ignored === undefined ? losses.length : laneSum(weights, 0, weights.length, 1, f);
  return stored(logs.dtype, [], [f(sum / total)]);
}

function crossEntropy(call: Call): OnnxTensor[] {
  const scores = call.tensor(0);
  call.expectKind(scores, "float");
  const { tensor, rows, count } = rowsOf(scores, [1], true);
  const values = logSoftmaxRows(tensor.data as Float32Array, rows, count);
  const order = scores.shape.map((_, i) => (i === 1 ? scores.shape.length - 1 : i < 1 ? i : i - 1));
  const logs = transposed(stored(scores.dtype, tensor.shape, values), order);
  return [likelihood(call, logs, call.tensor(1), call.optional(2)), logs];
}

/** Losses. */
export const lossOps: readonly OnnxOp[] = [
  define("NegativeLogLikelihoodLoss", [12, 13, 22], "ignore_index reduction", (call) => [
    likelihood(call, call.tensor(0), call.tensor(1), call.optional(2)),
  ]),
  define("SoftmaxCrossEntropyLoss", [12, 13], "ignore_index reduction", crossEntropy),
];
