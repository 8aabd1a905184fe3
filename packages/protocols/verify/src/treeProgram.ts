import type { DisputeProgram, ProgramValue } from "@machines/engine/commit/disputeProgram.ts";
import type { OpName } from "@machines/engine/commit/opcodes.ts";
import { answersOf, type Ensemble } from "@machines/engine/trees/ensemble.ts";
import { expNegative } from "@machines/engine/trees/link.ts";
import type { Tree } from "@machines/engine/trees/grow.ts";
import { type Openable, TensorTree } from "./openTensor.ts";
import { EnsembleTree } from "./openTrees.ts";

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
 * The ensemble is a constant under its own root, and so is the table of exponentials.
 */
export function treeProgram(ensemble: Ensemble, rows: number): DisputeProgram {
  return programWith(ensemble, rows, new EnsembleTree(ensemble).root, new TensorTree(exponentials()).root);
}

function programWith(
  { task, features, outputs, shift, start, trees }: Ensemble,
  rows: number,
  forest: EnsembleTree["root"],
  table: EnsembleTree["root"],
): DisputeProgram {
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
    values.push(input({ kind: "constant", name: "table", shape: [TABLE_STEPS + 1], dtype: "i32", root: table }));
    operands.push(node("treeExp", "exponentials", [scores, values.length - 1], [], "i32"));
  }
  const answers = node("treeAnswer", "answers", operands, [TASKS[task], shift], "f32");
  return { values, outputs: [{ name: "answers", value: answers }] };
}

/** Values and trees of one run of a tree program. */
export interface TreeTrace {
  readonly program: DisputeProgram;
  /** What each of the program's values opens, in order. */
  readonly trees: readonly Openable[];
  readonly values: {
    readonly leaves: Int32Array;
    readonly scores: BigInt64Array;
    readonly table: Int32Array;
    readonly exponentials: Int32Array;
    readonly answers: Float32Array;
  };
}

/** Runs a tree program on row-major features. */
export function treeTrace(ensemble: Ensemble, x: Float32Array): TreeTrace {
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
  const e = Int32Array.from(scores, (score, i) =>
    expNegative(outputs === 1 ? Math.abs(score) : Math.max(...perRow(Math.floor(i / outputs))) - score),
  );
  const answers = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) answers.set(answersOf(ensemble, perRow(row)), row * outputs);
  const values = {
    leaves,
    scores: BigInt64Array.from(scores, BigInt),
    table: exponentials(),
    exponentials: e,
    answers,
  };
  const parts = [new TensorTree(x), new EnsembleTree(ensemble), new TensorTree(leaves), new TensorTree(values.scores)];
  const table = new TensorTree(values.table);
  const classes = task === "regression" ? [] : [table, new TensorTree(e)];
  const program = programWith(ensemble, rows, (parts[1] as EnsembleTree).root, table.root);
  return { program, trees: [...parts, ...classes, new TensorTree(answers)], values };
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
