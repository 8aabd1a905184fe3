import type { DisputeProgram, ProgramValue } from "@machines/engine/commit/disputeProgram.ts";
import type { OpName } from "@machines/engine/commit/opcodes.ts";
import { ensembleRoot } from "@machines/engine/trees/encode.ts";
import { answersOf, type Ensemble } from "@machines/engine/trees/ensemble.ts";
import { expNegative } from "@machines/engine/trees/link.ts";
import type { Tree } from "@machines/engine/trees/grow.ts";
import { type Elements, TensorTree } from "./openTensor.ts";

const TASKS = { regression: 0, binary: 1, multiclass: 2 } as const;
const TABLE_STEPS = 65_536;
const TABLE_STEP = 256;

type Input = Pick<ProgramValue, "kind" | "name" | "shape" | "dtype" | "root" | "slot">;
const input = (value: Partial<Input> & Pick<Input, "kind" | "name" | "shape">): ProgramValue => ({
  slot: 0,
  inputs: [],
  attrs: [],
  attributes: {},
  ...value,
});

/** round(exp(-i / 4096) * 2^26), i = 0 .. 65536: spec 3 of the engine's trees. */
function exponentials(): Int32Array {
  return Int32Array.from({ length: TABLE_STEPS + 1 }, (_, i) => expNegative(i * TABLE_STEP));
}

/**
 * The dispute program of an ensemble's answers for `rows` rows: leaf values, scores, for classes exponentials, answers.
 * The ensemble is a constant under its own root, and so is the table of exponentials. Rule V14.
 */
export function treeProgram(ensemble: Ensemble, rows: number): DisputeProgram {
  const { task, features, outputs, shift, start, trees } = ensemble;
  const forest = ensembleRoot(ensemble);
  const values: ProgramValue[] = [
    input({ kind: "data", name: "x", shape: [rows, features] }),
    input({ kind: "constant", name: "trees", shape: [trees.length], dtype: "trees", root: forest }),
  ];
  const node = (op: OpName, name: string, inputs: number[], attrs: readonly number[], dtype: "i32" | "i64" | "f32") => {
    const shape = [rows, op === "treeLeaf" ? trees.length : outputs];
    return values.push({ kind: "node", name, shape, slot: 0, op, inputs, attrs, attributes: {}, dtype }) - 1;
  };
  const leaves = node("treeLeaf", "leaves", [0, 1], [], "i32");
  const scores = node("treeScore", "scores", [leaves], start, "i64");
  const operands = [scores];
  if (task !== "regression") {
    const { root } = new TensorTree(exponentials());
    values.push(input({ kind: "constant", name: "table", shape: [TABLE_STEPS + 1], dtype: "i32", root }));
    operands.push(node("treeExp", "exponentials", [scores, values.length - 1], [], "i32"));
  }
  const answers = node("treeAnswer", "answers", operands, [TASKS[task], shift], "f32");
  return { values, outputs: [{ name: "answers", value: answers }] };
}

/**
 * All values of a tree program on row-major features, in its order; the ensemble, which is no tensor, has no elements here.
 * Integers and bits are those of the engine's `Predictor`.
 */
export function treeValues(ensemble: Ensemble, x: Float32Array): readonly Elements[] {
  const { outputs, start, task, trees: forest } = ensemble;
  const rows = x.length / ensemble.features;
  const leaves = leafValuesOf(ensemble, x);
  const scores = new Float64Array(rows * outputs);
  for (let i = 0; i < scores.length; i++) {
    const [row, output] = [Math.floor(i / outputs), i % outputs];
    let sum = start[output] as number;
    for (let t = output; t < forest.length; t += outputs) sum += leaves[row * forest.length + t] as number;
    scores[i] = sum;
  }
  const perRow = (row: number) => scores.subarray(row * outputs, (row + 1) * outputs);
  const answers = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) answers.set(answersOf(ensemble, perRow(row)), row * outputs);
  const values = [x, new Float32Array(), leaves, BigInt64Array.from(scores, BigInt)];
  if (task === "regression") return [...values, answers];
  const e = Int32Array.from(scores, (score, i) =>
    expNegative(outputs === 1 ? Math.abs(score) : Math.max(...perRow(Math.floor(i / outputs))) - score),
  );
  return [...values, exponentials(), e, answers];
}

/** The value of the leaf that each row reaches in each tree, [rows, trees]. */
export function leafValuesOf({ trees, features }: Ensemble, x: Float32Array): Int32Array {
  const rows = x.length / features;
  return Int32Array.from({ length: rows * trees.length }, (_, i) => {
    const row = Math.floor(i / trees.length) * features;
    return leafValue(trees[i % trees.length] as Tree, (feature) => x[row + feature] as number);
  });
}

function leafValue(tree: Tree, at: (feature: number) => number): number {
  let node = 0;
  for (let feature = tree.feature[0] as number; feature >= 0; feature = tree.feature[node] as number) {
    const value = at(feature);
    const yes = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
    node = (tree.left[node] as number) + (yes ? 0 : 1);
  }
  return tree.value[node] as number;
}
