import { exp32 } from "../../ops/exp/reference.ts";
import { sigmoid32 } from "../../ops/sigmoid/reference.ts";
import { type Data, type Dtype, infoOf } from "../dtype.ts";
import { fromNumbers, numbersOf, type OnnxTensor, zeros } from "../tensor.ts";
import { matrix } from "./matmul.ts";
import { softmaxRows } from "./norm.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { stored } from "./shared.ts";

const ML = "ai.onnx.ml";

/** Rows of a matrix; a vector is one row. */
function rowsOfMatrix(call: Call, x: OnnxTensor): { rows: number; width: number; values: Float64Array } {
  if (x.shape.length === 0 || x.shape.length > 2) throw call.fault("it takes [N, C]");
  const width = x.shape.at(-1) as number;
  return { rows: x.shape.length === 1 ? 1 : (x.shape[0] as number), width, values: Float64Array.from(numbersOf(x)) };
}

/** SOFTMAX, LOGISTIC, SOFTMAX_ZERO or NONE over rows of scores. */
export function transform(call: Call, name: string, values: Float32Array, rows: number): Float32Array {
  if (name === "NONE") return values;
  if (name === "LOGISTIC") return values.map(sigmoid32);
  if (name === "SOFTMAX")
    return Float32Array.from(softmaxRows("float32", values, rows, values.length / Math.max(1, rows)));
  if (name === "SOFTMAX_ZERO") return softmaxZero(values, rows);
  throw call.unsupported(`post_transform "${name}"`);
}

/** Softmax in which a score of 0 stays 0 (below 1e-7 it is scaled instead of raised). */
function softmaxZero(values: Float32Array, rows: number): Float32Array {
  const width = values.length / Math.max(1, rows);
  const f = Math.fround;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    const most = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const scale = exp32(-most);
    const raised = own.map((v) => (Math.abs(v) > 1e-7 ? exp32(f(v - most)) : f(v * scale)));
    let sum = 0;
    for (const value of raised) sum = f(sum + value);
    result.set(
      raised.map((value) => (sum === 0 ? value : value / sum)),
      row * width,
    );
  }
  return result;
}

/** A node of a tree: an inner node tests one feature, a leaf adds weights to targets. */
export interface TreeNode {
  readonly leaf: boolean;
  readonly mode: string;
  readonly feature: number;
  readonly split: number;
  readonly members?: ReadonlySet<number>;
  readonly missingTrue: boolean;
  yes: number;
  no: number;
  readonly weights: (readonly [target: number, weight: number])[];
}

/** Whether a value takes the true branch of a node. */
export function follows(node: TreeNode, x: number): boolean {
  if (Number.isNaN(x)) return node.missingTrue;
  if (node.mode === "BRANCH_LEQ") return x <= node.split;
  if (node.mode === "BRANCH_LT") return x < node.split;
  if (node.mode === "BRANCH_GTE") return x >= node.split;
  if (node.mode === "BRANCH_GT") return x > node.split;
  if (node.mode === "BRANCH_EQ") return x === node.split;
  if (node.mode === "BRANCH_NEQ") return x !== node.split;
  return node.members?.has(x) ?? false;
}

/** For every row and target, the weights of the leaves reached, aggregated in the order of the trees. */
function runTrees(
  call: Call,
  nodes: readonly TreeNode[],
  roots: readonly number[],
  targets: number,
  x: OnnxTensor,
  how: string,
): Float64Array {
  const { rows, width, values } = rowsOfMatrix(call, x);
  const round = x.dtype === "float64" ? (v: number): number => v : Math.fround;
  const result = new Float64Array(rows * targets);
  const seen = new Uint8Array(rows * targets);
  for (let row = 0; row < rows; row++)
    for (const root of roots) {
      let at = root;
      for (let depth = 0; ; depth++) {
        const node = nodes[at];
        if (node === undefined || depth > nodes.length)
          throw call.fault("a tree refers to a node that is not there, or to itself");
        if (node.leaf) {
          for (const [target, weight] of node.weights) {
            if (!(target >= 0 && target < targets)) throw call.fault(`target ${target} is none of ${targets}`);
            const to = row * targets + target;
            const old = result[to] as number;
            if (how === "MIN") result[to] = seen[to] === 1 ? Math.min(old, weight) : weight;
            else if (how === "MAX") result[to] = seen[to] === 1 ? Math.max(old, weight) : weight;
            else result[to] = round(old + weight);
            seen[to] = 1;
          }
          break;
        }
        if (!(node.feature >= 0 && node.feature < width))
          throw call.fault(`feature ${node.feature} is none of ${width}`);
        at = follows(node, values[row * width + node.feature] as number) ? node.yes : node.no;
      }
    }
  return how === "AVERAGE" ? result.map((v) => round(v / roots.length)) : result;
}

/** Nodes and roots of any of the three tree operators; leaves carry (target, weight). */
export function forestOf(call: Call): { nodes: TreeNode[]; roots: number[] } {
  if (call.node.opType === "TreeEnsemble") return modernTrees(call);
  return legacyTrees(call, call.node.opType === "TreeEnsembleRegressor" ? "target" : "class");
}

/** Trees of TreeEnsembleRegressor and TreeEnsembleClassifier: nodes are named by (tree, node). */
function legacyTrees(call: Call, prefix: "target" | "class"): { nodes: TreeNode[]; roots: number[] } {
  const trees = call.ints("nodes_treeids") ?? [];
  const ids = call.ints("nodes_nodeids") ?? [];
  const modes = call.strings("nodes_modes") ?? [];
  const [features, values] = [call.ints("nodes_featureids") ?? [], treeValues(call, "nodes_values")];
  const [yes, no] = [call.ints("nodes_truenodeids") ?? [], call.ints("nodes_falsenodeids") ?? []];
  const missing = call.ints("nodes_missing_value_tracks_true") ?? [];
  const index = new Map(trees.map((tree, i) => [`${tree}:${ids[i]}`, i]));
  const nodes = trees.map(
    (tree, i): TreeNode => ({
      leaf: modes[i] === "LEAF",
      mode: modes[i] ?? "",
      feature: features[i] ?? -1,
      split: values[i] ?? 0,
      missingTrue: missing[i] === 1,
      yes: index.get(`${tree}:${yes[i]}`) ?? -1,
      no: index.get(`${tree}:${no[i]}`) ?? -1,
      weights: [],
    }),
  );
  const known = new Set(["LEAF", "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]);
  for (const mode of modes) if (!known.has(mode)) throw call.unsupported(`node mode "${mode}"`);
  const [leafTrees, leafNodes] = [call.ints(`${prefix}_treeids`) ?? [], call.ints(`${prefix}_nodeids`) ?? []];
  const [leafTargets, weights] = [call.ints(`${prefix}_ids`) ?? [], treeValues(call, `${prefix}_weights`)];
  leafTrees.forEach((tree, i) => {
    const node = nodes[index.get(`${tree}:${leafNodes[i]}`) ?? -1];
    if (node === undefined) throw call.fault("a weight refers to a node that is not there");
    node.weights.push([leafTargets[i] ?? -1, weights[i] ?? 0]);
  });
  const children = new Set(nodes.flatMap((node) => (node.leaf ? [] : [node.yes, node.no])));
  return { nodes, roots: nodes.flatMap((_, i) => (children.has(i) ? [] : [i])) };
}

function treeValues(call: Call, name: string): ArrayLike<number> {
  const wide = call.tensorAttribute(`${name}_as_tensor`);
  return wide === undefined ? (call.floats(name) ?? []) : numbersOf(wide);
}

function base(call: Call, scores: Float64Array, targets: number): Float32Array {
  const values = treeValues(call, "base_values");
  return Float32Array.from(scores, (v, i) =>
    values.length === 0 ? v : v + (values[values.length === 1 ? 0 : i % targets] as number),
  );
}

/** Scores of a regressor; runtimes disagree on whether one score alone is transformed. */
function regression(call: Call, scores: Float32Array, rows: number, targets: number): OnnxTensor {
  const post = call.string("post_transform", "NONE");
  if (targets === 1 && post !== "NONE") throw call.unsupported(`post_transform "${post}" of one target`);
  return fromNumbers("float32", [rows, targets], transform(call, post, scores, rows));
}

function treeRegressor(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const targets = call.int("n_targets", 1);
  const { nodes, roots } = legacyTrees(call, "target");
  const scores = base(
    call,
    runTrees(call, nodes, roots, targets, x, call.string("aggregate_function", "SUM")),
    targets,
  );
  return [regression(call, scores, scores.length / targets, targets)];
}

/** Labels and scores of a classifier; one score for two classes becomes two. */
function classified(call: Call, given: Float32Array, rows: number, binary: boolean): OnnxTensor[] {
  const strings = call.strings("classlabels_strings") ?? [];
  const numbers = call.longs("classlabels_int64s") ?? call.longs("classlabels_ints") ?? [];
  const labels: readonly (string | bigint)[] = strings.length > 0 ? strings : numbers;
  const post = call.string("post_transform", "NONE");
  const width = given.length / Math.max(1, rows);
  let scores = given;
  let count = width;
  if (binary && width === 1 && labels.length === 2) {
    if (post === "SOFTMAX") throw call.unsupported("SOFTMAX of one score");
    const one = transform(call, post, given, rows);
    scores = Float32Array.from({ length: rows * 2 }, (_, i) => {
      const score = one[i >> 1] as number;
      return i % 2 === 1 ? score : Math.fround(1 - score);
    });
    count = 2;
    const picks = Array.from({ length: rows }, (_, row) => ((one[row] as number) > 0.5 ? 1 : 0));
    return [labelTensor(labels, picks), fromNumbers("float32", [rows, count], scores)];
  }
  if (labels.length !== width) throw call.fault(`${labels.length} labels do not name ${width} scores`);
  const picks = Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let j = 1; j < width; j++)
      if ((given[row * width + j] as number) > (given[row * width + best] as number)) best = j;
    return best;
  });
  return [labelTensor(labels, picks), fromNumbers("float32", [rows, count], transform(call, post, scores, rows))];
}

/** Labels that were picked, as strings or int64. */
export function labelTensor(labels: readonly (string | bigint)[], picks: readonly number[]): OnnxTensor {
  const dtype: Dtype = typeof labels[0] === "string" ? "string" : "int64";
  const result = zeros(dtype, [picks.length]);
  picks.forEach((pick, i) => {
    result.data[i] = labels[pick] as string;
  });
  return result;
}

function treeClassifier(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const labels = (call.strings("classlabels_strings")?.length ?? 0) || (call.ints("classlabels_int64s")?.length ?? 0);
  const { nodes, roots } = legacyTrees(call, "class");
  const ids = new Set(call.ints("class_ids") ?? []);
  if (labels === 2 && ids.size === 1) {
    const single = nodes.map((node) => ({ ...node, weights: node.weights.map(([, w]) => [0, w] as const) }));
    const scores = base(call, runTrees(call, single, roots, 1, x, "SUM"), 1);
    const weights = treeValues(call, "class_weights");
    const positive = Array.from({ length: weights.length }, (_, i) => weights[i] as number).every((w) => w >= 0);
    const post = call.string("post_transform", "NONE");
    if (!(positive && post === "NONE") && !(!positive && post === "LOGISTIC"))
      throw call.unsupported(`${positive ? "unsigned" : "signed"} scores of one class with post_transform ${post}`);
    return classified(call, scores, scores.length, true);
  }
  const scores = base(call, runTrees(call, nodes, roots, labels, x, "SUM"), labels);
  const votes = nodes.map((node) => ({ ...node, weights: node.weights.map(([target]) => [target, 1] as const) }));
  requireVotes(call, scores, runTrees(call, votes, roots, labels, x, "SUM"), labels);
  return classified(call, scores, scores.length / labels, false);
}

/** Refuses rows whose best class got no weight from any leaf: runtimes disagree on whether its 0 counts. */
function requireVotes(call: Call, scores: Float32Array, votes: Float64Array, labels: number): void {
  for (let row = 0; row < scores.length; row += labels) {
    const own = scores.subarray(row, row + labels);
    const best = own.indexOf(own.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY));
    if (votes[row + best] === 0) throw call.unsupported("a row whose best class no leaf speaks for");
  }
}

const MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"];

function modernTrees(call: Call): { nodes: TreeNode[]; roots: number[] } {
  const numbers = (name: string): ArrayLike<number> => {
    const tensor = call.tensorAttribute(name);
    return tensor === undefined ? [] : numbersOf(tensor);
  };
  const [modes, splits, weights] = [numbers("nodes_modes"), numbers("nodes_splits"), numbers("leaf_weights")];
  const [features, targetIds] = [call.ints("nodes_featureids") ?? [], call.ints("leaf_targetids") ?? []];
  const [yes, no] = [call.ints("nodes_truenodeids") ?? [], call.ints("nodes_falsenodeids") ?? []];
  const [yesLeaf, noLeaf] = [call.ints("nodes_trueleafs") ?? [], call.ints("nodes_falseleafs") ?? []];
  const missing = call.ints("nodes_missing_value_tracks_true") ?? [];
  const count = features.length;
  const sets = memberSets(numbers("membership_values"));
  let nextSet = 0;
  const inner = features.map((feature, i): TreeNode => {
    const mode = MODES[modes[i] as number] ?? "";
    const members = mode === "BRANCH_MEMBER" ? (sets[nextSet++] ?? new Set<number>()) : undefined;
    const child = (to: number | undefined, leaf: number | undefined): number => (leaf === 1 ? count : 0) + (to ?? -1);
    return {
      leaf: false,
      mode,
      feature,
      split: splits[i] as number,
      ...(members === undefined ? {} : { members }),
      missingTrue: missing[i] === 1,
      yes: child(yes[i], yesLeaf[i]),
      no: child(no[i], noLeaf[i]),
      weights: [],
    };
  });
  if (inner.some(({ mode }) => mode === "")) throw call.fault("a node has an unknown mode");
  const leaves = targetIds.map(
    (target, i): TreeNode => ({
      leaf: true,
      mode: "LEAF",
      feature: -1,
      split: 0,
      missingTrue: false,
      yes: -1,
      no: -1,
      weights: [[target, weights[i] as number]],
    }),
  );
  return { nodes: [...inner, ...leaves], roots: call.ints("tree_roots") ?? [] };
}

function treeEnsemble(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const { nodes, roots } = modernTrees(call);
  const targets = call.int("n_targets", 1);
  const how = ["AVERAGE", "SUM", "MIN", "MAX"][call.int("aggregate_function", 1)];
  const post = ["NONE", "SOFTMAX", "LOGISTIC"][call.int("post_transform", 0)];
  if (how === undefined || post === undefined) throw call.unsupported("this aggregate_function or post_transform");
  const scores = runTrees(call, nodes, roots, targets, x, how);
  const shape = [scores.length / targets, targets];
  if (post === "NONE") return [stored(x.dtype, shape, scores)];
  return [stored(x.dtype, shape, transform(call, post, Float32Array.from(scores), shape[0] as number))];
}

/** Sets of values, each closed by NaN. */
function memberSets(values: ArrayLike<number>): Set<number>[] {
  const sets: Set<number>[] = [];
  let current = new Set<number>();
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) {
      sets.push(current);
      current = new Set();
    } else current.add(values[i] as number);
  }
  return sets;
}

function linear(call: Call, outputs: number): { scores: Float32Array; rows: number } {
  const { rows, width, values } = rowsOfMatrix(call, call.tensor(0));
  const weights = call.floats("coefficients") ?? [];
  if (weights.length !== outputs * width)
    throw call.fault(`${weights.length} coefficients do not map ${width} to ${outputs}`);
  const right = Float32Array.from(
    { length: width * outputs },
    (_, i) => weights[(i % outputs) * width + Math.floor(i / outputs)] as number,
  );
  const plain = matrix("float32", Float32Array.from(values), right, rows, width, outputs);
  const bias = call.floats("intercepts") ?? [];
  return {
    rows,
    scores: Float32Array.from(plain, (v, i) => (bias.length === 0 ? v : v + (bias[i % outputs] as number))),
  };
}

function linearRegressor(call: Call): OnnxTensor[] {
  const targets = call.int("targets", 1);
  const { scores, rows } = linear(call, targets);
  return [regression(call, scores, rows, targets)];
}

function linearClassifier(call: Call): OnnxTensor[] {
  const labels = (call.strings("classlabels_strings")?.length ?? 0) || (call.ints("classlabels_ints")?.length ?? 0);
  const width = call.tensor(0).shape.at(-1) ?? 1;
  const outputs = (call.floats("coefficients") ?? []).length / width;
  if (outputs !== labels) throw call.unsupported(`${outputs} scores for ${labels} labels`);
  const { scores, rows } = linear(call, outputs);
  return classified(call, scores, rows, false);
}

function scaler(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const [offset, scale] = [call.floats("offset") ?? [], call.floats("scale") ?? []];
  const width = x.shape.at(-1) ?? 1;
  const f = Math.fround;
  const pick = (list: readonly number[], i: number, none: number): number =>
    list.length === 0 ? none : (list[list.length === 1 ? 0 : i % width] as number);
  const values = Float64Array.from(numbersOf(x)).map((v, i) => f(f(v - pick(offset, i, 0)) * pick(scale, i, 1)));
  return [stored("float32", x.shape, values)];
}

function normalizer(call: Call): OnnxTensor[] {
  const { rows, width, values } = rowsOfMatrix(call, call.tensor(0));
  const norm = call.string("norm", "MAX");
  const f = Math.fround;
  const result = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    let size = 0;
    for (let j = 0; j < width; j++) {
      const v = Math.abs(values[row * width + j] as number);
      if (norm === "MAX") size = Math.max(size, v);
      else if (norm === "L1") size = f(size + v);
      else if (norm === "L2") size = f(size + f(v * v));
      else throw call.unsupported(`norm "${norm}"`);
    }
    if (norm === "L2") size = f(Math.sqrt(size));
    // Some divide by the largest value, some by the largest size.
    if (norm === "MAX" && !values.subarray(row * width, (row + 1) * width).includes(size))
      throw call.unsupported("MAX where the number farthest from 0 is negative");
    for (let j = 0; j < width; j++)
      result[row * width + j] =
        size === 0 ? (values[row * width + j] as number) : f((values[row * width + j] as number) / size);
  }
  return [stored("float32", call.tensor(0).shape, result)];
}

function imputer(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const float = infoOf(x.dtype).kind === "float";
  const fill = float ? (call.floats("imputed_value_floats") ?? []) : (call.ints("imputed_value_int64s") ?? []);
  const hole = float ? call.float("replaced_value_float", 0) : call.int("replaced_value_int64", 0);
  const width = x.shape.at(-1) ?? 1;
  if (fill.length !== 1 && fill.length !== width) throw call.fault("imputed values do not fit");
  const values = Float64Array.from(numbersOf(x)).map((v, i) =>
    v === hole || (Number.isNaN(v) && Number.isNaN(hole)) ? (fill[fill.length === 1 ? 0 : i % width] as number) : v,
  );
  return [stored(x.dtype, x.shape, values)];
}

function oneHotEncoder(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const categories: readonly (string | number)[] =
    (x.dtype === "string" ? call.strings("cats_strings") : call.ints("cats_int64s")) ?? [];
  if (categories.length === 0) throw call.fault(`there are no categories for ${x.dtype}`);
  const list = x.dtype === "string" ? (x.data as string[]) : Array.from(numbersOf(x), Math.trunc);
  const values = new Float32Array(list.length * categories.length);
  list.forEach((value, i) => {
    const at = categories.indexOf(value);
    if (at >= 0) values[i * categories.length + at] = 1;
    else if (call.int("zeros", 1) === 0) throw call.fault(`category "${value}" is unknown`);
  });
  return [fromNumbers("float32", [...x.shape, categories.length], values)];
}

/** Keys or values of a LabelEncoder: one of three lists, or a tensor. */
function labelList(call: Call, name: string): { dtype: Dtype; data: Data } | undefined {
  const tensor = call.tensorAttribute(`${name}_tensor`);
  if (tensor !== undefined) return tensor;
  const strings = call.strings(`${name}_strings`) ?? [];
  if (strings.length > 0) return { dtype: "string", data: strings };
  const longs = call.longs(`${name}_int64s`) ?? [];
  if (longs.length > 0) return { dtype: "int64", data: BigInt64Array.from(longs) };
  const floats = call.floats(`${name}_floats`) ?? [];
  return floats.length > 0 ? { dtype: "float32", data: Float32Array.from(floats) } : undefined;
}

/** Version 1: words to their places in a list, or places to words. */
function firstLabels(call: Call, x: OnnxTensor): OnnxTensor[] {
  const words = call.strings("classes_strings") ?? [];
  const result = zeros(x.dtype === "string" ? "int64" : "string", x.shape);
  if (x.dtype === "string") {
    const none = BigInt(call.int("default_int64", -1));
    const places = new Map(words.map((word, i) => [word, BigInt(i)]));
    (x.data as string[]).forEach((word, i) => {
      result.data[i] = places.get(word) ?? none;
    });
  } else if (x.dtype === "int64") {
    const none = call.string("default_string", "_Unused");
    Array.from(numbersOf(x)).forEach((place, i) => {
      result.data[i] = words[place] ?? none;
    });
  } else throw call.fault(`${x.dtype} is not taken here`);
  return [result];
}

function labelEncoder(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  if (call.opset < 2) return firstLabels(call, x);
  const [keys, values] = [labelList(call, "keys"), labelList(call, "values")];
  if (keys === undefined || values === undefined) throw call.unsupported("a form without keys and values");
  if (keys.data.length !== values.data.length || keys.dtype !== x.dtype)
    throw call.fault("keys, values and input do not fit");
  const map = new Map(Array.from(keys.data as string[], (key, i) => [key, values.data[i]]));
  const given = call.tensorAttribute("default_tensor")?.data[0];
  const fallbacks: Partial<Record<Dtype, unknown>> = {
    string: call.string("default_string", "_Unused"),
    int64: BigInt(call.int("default_int64", -1)),
    float32: call.has("default_float") ? call.float("default_float", 0) : -0,
  };
  const result = zeros(values.dtype, x.shape);
  for (let i = 0; i < result.data.length; i++)
    result.data[i] = (map.get(x.data[i] as string) ?? given ?? fallbacks[values.dtype]) as string;
  return [result];
}

const NODES =
  "nodes_falsenodeids nodes_featureids nodes_hitrates nodes_hitrates_as_tensor nodes_missing_value_tracks_true nodes_modes nodes_nodeids nodes_treeids nodes_truenodeids nodes_values nodes_values_as_tensor base_values base_values_as_tensor post_transform";

/** The operators of ai.onnx.ml. */
export const mlOps: readonly OnnxOp[] = [
  define(
    "TreeEnsembleRegressor",
    [1, 3],
    `${NODES} aggregate_function n_targets target_ids target_nodeids target_treeids target_weights target_weights_as_tensor`,
    treeRegressor,
    ML,
  ),
  define(
    "TreeEnsembleClassifier",
    [1, 3],
    `${NODES} class_ids class_nodeids class_treeids class_weights class_weights_as_tensor classlabels_int64s classlabels_strings`,
    treeClassifier,
    ML,
  ),
  define(
    "TreeEnsemble",
    [5],
    "aggregate_function leaf_targetids leaf_weights membership_values n_targets nodes_falseleafs nodes_falsenodeids nodes_featureids nodes_hitrates nodes_missing_value_tracks_true nodes_modes nodes_splits nodes_trueleafs nodes_truenodeids post_transform tree_roots",
    treeEnsemble,
    ML,
  ),
  define("LinearRegressor", [1], "coefficients intercepts post_transform targets", linearRegressor, ML),
  define(
    "LinearClassifier",
    [1],
    "classlabels_ints classlabels_strings coefficients intercepts multi_class post_transform",
    linearClassifier,
    ML,
  ),
  define("Scaler", [1], "offset scale", scaler, ML),
  define("Normalizer", [1], "norm", normalizer, ML),
  define(
    "Imputer",
    [1],
    "imputed_value_floats imputed_value_int64s replaced_value_float replaced_value_int64",
    imputer,
    ML,
  ),
  define("OneHotEncoder", [1], "cats_int64s cats_strings zeros", oneHotEncoder, ML),
  define(
    "Binarizer",
    [1],
    "threshold",
    (call) => {
      const [x, threshold] = [call.tensor(0), call.float("threshold", 0)];
      return [
        stored(
          x.dtype,
          x.shape,
          Float64Array.from(numbersOf(x)).map((v) => (v > threshold ? 1 : 0)),
        ),
      ];
    },
    ML,
  ),
  define(
    "LabelEncoder",
    [1, 2, 4],
    "classes_strings default_float default_int64 default_string default_tensor keys_floats keys_int64s keys_strings keys_tensor values_floats values_int64s values_strings values_tensor",
    labelEncoder,
    ML,
  ),
];
