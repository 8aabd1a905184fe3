import { exp32 } from "../../ops/exp/reference.ts";
import { tanh32 } from "../../ops/tanh/reference.ts";
import { fromNumbers, numbersOf, type OnnxTensor } from "../tensor.ts";
import { labelTensor, transform } from "./ml.ts";
import { type Call, define, type OnnxOp } from "./op.ts";

const f = Math.fround;

/** A kernel between row `at` of one list of vectors and row `to` of another; sums ascend. */
type Kernel = (a: ArrayLike<number>, at: number, b: ArrayLike<number>, to: number, width: number) => number;

function power(x: number, n: number): number {
  let result = 1;
  for (let i = 0; i < n; i++) result = f(result * x);
  return result;
}

function kernelOf(call: Call): Kernel {
  const type = call.string("kernel_type", "LINEAR");
  const given = call.floats("kernel_params") ?? [];
  if (given.length !== 0 && given.length !== 3) throw call.fault("kernel_params must be gamma, coef0 and degree");
  const [gamma = 0, coef0 = 0, degree = 0] = given;
  const dot: Kernel = (a, at, b, to, width) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum = f(sum + f((a[at * width + i] as number) * (b[to * width + i] as number)));
    return sum;
  };
  if (type === "LINEAR") return dot;
  if (type === "SIGMOID") return (...all) => tanh32(f(f(gamma * dot(...all)) + coef0));
  if (type === "POLY") {
    if (!Number.isInteger(degree) || degree < 0 || degree > 64) throw call.unsupported(`degree ${degree}`);
    return (...all) => power(f(f(gamma * dot(...all)) + coef0), degree);
  }
  if (type !== "RBF") throw call.unsupported(`kernel_type "${type}"`);
  return (a, at, b, to, width) => {
    let sum = 0;
    for (let i = 0; i < width; i++) {
      const d = f((a[at * width + i] as number) - (b[to * width + i] as number));
      sum = f(sum + f(d * d));
    }
    return exp32(f(-gamma * sum));
  };
}

function rowsOf(call: Call): { rows: number; width: number; values: Float32Array } {
  const x = call.tensor(0);
  call.expectKind(x, "float", "int", "uint");
  if (x.shape.length === 0 || x.shape.length > 2) throw call.fault("it takes [N, C]");
  const width = x.shape.at(-1) as number;
  return { rows: x.shape.length === 1 ? 1 : (x.shape[0] as number), width, values: Float32Array.from(numbersOf(x)) };
}

function regressor(call: Call): OnnxTensor[] {
  const { rows, width, values } = rowsOf(call);
  const [kernel, weights] = [kernelOf(call), call.floats("coefficients") ?? []];
  const [vectors, rho] = [call.floats("support_vectors") ?? [], call.floats("rho") ?? []];
  const count = call.int("n_supports", 0);
  if (call.string("post_transform", "NONE") !== "NONE") throw call.unsupported("a post_transform");
  if (count === 0 && call.string("kernel_type", "LINEAR") !== "LINEAR")
    throw call.unsupported("a kernel without support vectors");
  if (rho.length !== 1) throw call.fault("rho must hold one number");
  if (count > 0 ? vectors.length !== count * width || weights.length !== count : weights.length !== width)
    throw call.fault("support vectors or coefficients do not fit");
  const scores = Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    if (count === 0) sum = kernel(values, row, weights, 0, width);
    else
      for (let i = 0; i < count; i++) sum = f(sum + f(kernel(values, row, vectors, i, width) * (weights[i] as number)));
    const score = f(sum + (rho[0] as number));
    if (call.int("one_class", 0) === 0) return score;
    return score > 0 ? 1 : -1;
  });
  return [fromNumbers("float32", [rows, 1], scores)];
}

/** Probabilities of classes from those of pairs: Wu, Lin and Weng (2004), second method, as libsvm iterates it. */
function coupled(pairs: readonly (readonly number[])[]): number[] {
  const k = pairs.length;
  const r = (i: number, j: number): number => (pairs[i] as readonly number[])[j] as number;
  const q = Array.from({ length: k }, (_, t) =>
    Array.from({ length: k }, (_, j) => {
      if (j !== t) return -r(j, t) * r(t, j);
      let sum = 0;
      for (let i = 0; i < k; i++) if (i !== t) sum += r(i, t) * r(i, t);
      return sum;
    }),
  );
  const at = (t: number, j: number): number => (q[t] as number[])[j] as number;
  const p = new Array<number>(k).fill(1 / k);
  for (let round = 0; round < Math.max(100, k); round++) {
    const qp = p.map((_, t) => p.reduce((sum, value, j) => sum + at(t, j) * value, 0));
    let total = p.reduce((sum, value, t) => sum + value * (qp[t] as number), 0);
    if (Math.max(...qp.map((value) => Math.abs(value - total))) < 0.005 / k) break;
    for (let t = 0; t < k; t++) {
      const move = (total - (qp[t] as number)) / at(t, t);
      p[t] = (p[t] as number) + move;
      total = (total + move * (move * at(t, t) + 2 * (qp[t] as number))) / (1 + move) / (1 + move);
      for (let j = 0; j < k; j++) {
        qp[j] = ((qp[j] as number) + move * at(t, j)) / (1 + move);
        p[j] = (p[j] as number) / (1 + move);
      }
    }
  }
  return p;
}

interface Machine {
  readonly classes: number;
  readonly width: number;
  readonly rows: number;
  readonly values: Float32Array;
}

/** One against one: a score for every pair of classes, first class of the pair where it is above 0. */
function pairScores(
  call: Call,
  { classes, width, values }: Machine,
): (row: number) => { scores: number[]; votes: number[] } {
  const per = call.ints("vectors_per_class") ?? [];
  const [vectors, weights, rho] = [
    call.floats("support_vectors") ?? [],
    call.floats("coefficients") ?? [],
    call.floats("rho") ?? [],
  ];
  const total = per.reduce((sum, n) => sum + n, 0);
  if (per.length !== classes || per.some((n) => n < 0) || vectors.length !== total * width)
    throw call.fault("support vectors do not fit the classes");
  if (weights.length !== total * (classes - 1) || rho.length !== (classes * (classes - 1)) / 2)
    throw call.fault("coefficients or rho do not fit the classes");
  const kernel = kernelOf(call);
  const starts = per.map((_, i) => per.slice(0, i).reduce((sum, n) => sum + n, 0));
  return (row) => {
    const kernels = Float32Array.from({ length: total }, (_, i) => kernel(values, row, vectors, i, width));
    const [scores, votes] = [[] as number[], new Array<number>(classes).fill(0)];
    for (let i = 0; i < classes; i++)
      for (let j = i + 1; j < classes; j++) {
        let sum = 0;
        for (const [own, other] of [
          [i, j - 1],
          [j, i],
        ] as const)
          for (let k = 0; k < (per[own] as number); k++) {
            const at = (starts[own] as number) + k;
            sum = f(sum + f((weights[other * total + at] as number) * (kernels[at] as number)));
          }
        const score = f(sum + (rho[scores.length] as number));
        scores.push(score);
        const winner = score > 0 ? i : j;
        votes[winner] = (votes[winner] as number) + 1;
      }
    return { scores, votes };
  };
}

/** Pair scores as probabilities of pairs, p(i against j) = 1 / (1 + exp(A s + B)), then of classes. */
function probabilities(call: Call, classes: number, scores: readonly number[]): number[] {
  const [a, b] = [call.floats("prob_a") ?? [], call.floats("prob_b") ?? []];
  if (a.length !== scores.length || b.length !== scores.length) throw call.fault("prob_a and prob_b do not fit");
  const pairs = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let at = 0;
  for (let i = 0; i < classes; i++)
    for (let j = i + 1; j < classes; j++) {
      const raw = 1 / (1 + exp32(f(f((scores[at] as number) * (a[at] as number)) + (b[at] as number))));
      const one = Math.min(Math.max(raw, 1e-7), 1 - 1e-7);
      (pairs[i] as number[])[j] = one;
      (pairs[j] as number[])[i] = 1 - one;
      at++;
    }
  return coupled(pairs);
}

const most = (list: readonly number[]): number => list.indexOf(Math.max(...list));

function classifier(call: Call): OnnxTensor[] {
  const strings = call.strings("classlabels_strings") ?? [];
  const labels: readonly (string | bigint)[] = strings.length > 0 ? strings : (call.longs("classlabels_ints") ?? []);
  const machine: Machine = { classes: labels.length, ...rowsOf(call) };
  const { rows, classes } = machine;
  if (classes < 2) throw call.unsupported("fewer than two classes");
  if ((call.ints("vectors_per_class") ?? []).length === 0)
    throw call.unsupported("linear form, whose labels runtimes do not agree on");
  const each = pairScores(call, machine);
  const wanted = (call.floats("prob_a") ?? []).length > 0;
  const post = call.string("post_transform", "NONE");
  if (post !== "NONE") throw call.unsupported(`post_transform "${post}"`);
  const picks: number[] = [];
  const out: number[] = [];
  for (let row = 0; row < rows; row++) {
    const { scores, votes } = each(row);
    const shares = wanted ? probabilities(call, classes, scores) : undefined;
    picks.push(most(votes));
    if (shares !== undefined) out.push(...shares);
    else if (classes === 2) out.push(-(scores[0] as number), scores[0] as number);
    else out.push(...scores);
  }
  return [
    labelTensor(labels, picks),
    fromNumbers("float32", [rows, out.length / Math.max(1, rows)], transform(call, post, Float32Array.from(out), rows)),
  ];
}

const KERNEL = "coefficients kernel_params kernel_type post_transform rho support_vectors";

/** Support vector machines; kernels and sums are binary32 in ascending order. */
export const svmOps: readonly OnnxOp[] = [
  define("SVMRegressor", [1], `${KERNEL} n_supports one_class`, regressor, "ai.onnx.ml"),
  define(
    "SVMClassifier",
    [1],
    `${KERNEL} classlabels_ints classlabels_strings prob_a prob_b vectors_per_class`,
    classifier,
    "ai.onnx.ml",
  ),
];
