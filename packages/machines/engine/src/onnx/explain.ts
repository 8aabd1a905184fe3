import { BaseError, InvalidInputError } from "@base/errors";
import type { Graph } from "../graph/ir.ts";
import { Program } from "../graph/program.ts";
import { closeGap, integrate } from "../model/answerer.ts";
import { EXPLAIN_STEPS, explainGraph } from "../model/explain.ts";
import type { Column, Table } from "../table/table.ts";
import { Call } from "./ops/op.ts";
import { forestOf, type TreeNode } from "./ops/ml.ts";
import { compileModel, isCompiled } from "./compile.ts";
import type { OnnxModel } from "./model.ts";
import type { NodeProto } from "./proto.ts";
import { answerOf, feedsOf, type Reading, runRows } from "./rows.ts";
import type { RunOptions } from "./run.ts";
import { countOf } from "./tensor.ts";
import { enumeratedShapley, forestShapley, MAX_ENUMERATED } from "./shapley.ts";

/** Why a model answered as it did: base + values = output within rounding. */
export interface OnnxExplanation {
  readonly method: "trees" | "gradients" | "enumeration";
  readonly output: number;
  /** The answer for the reference row. */
  readonly base: number;
  readonly values: readonly { readonly column: string; readonly value: number }[];
}

/** No exact method says why this model answers as it does. */
export class InexplicableError extends InvalidInputError {
  override name = "InexplicableError";
}

/** The row that stands for "nothing known": means of numbers, the most frequent of everything else. */
export function referenceRow(table: Table, columns: readonly string[]): Table {
  const chosen = columns.map((name) => {
    const column = table.columns.find((one) => one.name === name);
    if (column === undefined)
      throw new InvalidInputError(`The table has no column "${name}".`, { data: { column: name } });
    return { ...column, values: [typicalOf(column)] };
  });
  return { rows: 1, columns: chosen };
}

function typicalOf({ type, values }: Column): Column["values"][number] {
  const present = values.filter((value) => value !== null);
  if (type === "number") {
    let sum = 0;
    for (const value of present) sum += Number(value);
    return present.length === 0 ? null : Math.fround(sum / present.length);
  }
  const counts = new Map<Column["values"][number], number>();
  for (const value of present) counts.set(value, (counts.get(value) ?? 0) + 1);
  let [best, most]: [Column["values"][number], number] = [null, 0];
  for (const [value, count] of counts) if (count > most) [best, most] = [value, count];
  return best;
}

/** All columns of a reading, in the order of inputs. */
export const columnsOf = (reading: Reading): string[] => reading.inputs.flatMap(({ columns }) => [...columns]);

function oneRow(table: Table, row: number): Table {
  return { rows: 1, columns: table.columns.map((column) => ({ ...column, values: [column.values[row] ?? null] })) };
}

/** A forest of the main graph whose features are columns of the table, one by one. */
interface Forest {
  readonly nodes: readonly TreeNode[];
  readonly roots: readonly number[];
  readonly columns: readonly string[];
  readonly node: NodeProto;
}

const PASSES = new Set(["Cast", "Identity", "Scaler", "Imputer", "Reshape", "Flatten"]);
const AFTER = new Set(["Identity", "Cast", "ZipMap", "Sigmoid", "Softmax", "Reshape", "Squeeze", "Concat", "Sub"]);

/** The forest that gives the answer, when nothing but rescaling of single columns stands before it. */
function findForest(model: OnnxModel, reading: Reading): Forest | undefined {
  const { graph, opsets } = model.checked;
  const found = graph.node.filter(({ opType = "" }) => opType.startsWith("TreeEnsemble"));
  const [node] = found;
  if (node === undefined || found.length !== 1) return undefined;
  const before = new Map(graph.node.flatMap((one) => one.output.map((name) => [name, one] as const)));
  const trace = (name: string, depth: number): readonly string[] | undefined => {
    const own = reading.inputs.find(({ input }) => input === name);
    if (own !== undefined) return own.columns;
    const maker = before.get(name);
    if (maker === undefined || depth > 64) return undefined;
    if (PASSES.has(maker.opType ?? "")) return trace(maker.input[0] ?? "", depth + 1);
    if (maker.opType !== "Concat" && maker.opType !== "FeatureVectorizer") return undefined;
    const parts = maker.input.map((one) => trace(one, depth + 1));
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  };
  const columns = trace(node.input[0] ?? "", 0);
  const after = graph.node.slice(graph.node.indexOf(node) + 1);
  if (columns === undefined || after.some(({ opType = "" }) => !AFTER.has(opType))) return undefined;
  const call = new Call(node, [], opsets.get("ai.onnx.ml") ?? 1, () => []);
  const how =
    node.opType === "TreeEnsemble"
      ? ["AVERAGE", "SUM"][call.int("aggregate_function", 1)]
      : call.string("aggregate_function", "SUM");
  if (how !== "SUM" && how !== "AVERAGE") return undefined;
  return { ...forestOf(call), columns, node };
}

/** Values at the forest's input for tables of one row each. */
function forestInputs(
  model: OnnxModel,
  reading: Reading,
  forest: Forest,
  tables: readonly Table[],
  options: RunOptions,
): Float64Array[] {
  return tables.map((table) => {
    let seen: Float64Array | undefined;
    runRows(model, reading, table, 0, 1, {
      ...options,
      operands: (node, inputs) => {
        const value = inputs[0];
        if (node === forest.node && value !== undefined && value !== null && "dtype" in value)
          seen = Float64Array.from(value.data as Float32Array);
      },
    });
    if (seen === undefined) throw new InvalidInputError("The trees of the model did not run.");
    return seen;
  });
}

function weightFor(forest: Forest, index: number): (leaf: TreeNode) => number {
  const targets = new Set(forest.nodes.flatMap(({ weights }) => weights.map(([target]) => target)));
  const labels = forest.node.attribute.find(({ name }) => name?.startsWith("classlabels") === true);
  const classes = labels === undefined ? 0 : Math.max(labels.ints.length, labels.strings.length);
  // Two classes may share one score: that of the second one.
  if (classes === 2 && targets.size === 1) {
    const sign = index === 0 ? -1 : 1;
    return ({ weights }) => weights.reduce((sum, [, weight]) => sum + sign * weight, 0);
  }
  return ({ weights }) => weights.reduce((sum, [target, weight]) => sum + (target === index ? weight : 0), 0);
}

/** Explains one row against a reference row. Throws InexplicableError where no exact method fits the model. */
export function explainRow(
  model: OnnxModel,
  reading: Reading,
  table: Table,
  row: number,
  reference: Table,
  options: RunOptions = {},
): OnnxExplanation {
  const columns = columnsOf(reading);
  const answer = (one: Table): number => answerOf(reading, runRows(model, reading, one, 0, 1, options)[0] ?? {});
  const own = oneRow(table, row);
  const [output, base] = [answer(own), answer(reference)];
  const forest = findForest(model, reading);
  if (forest !== undefined) {
    const [x, r] = forestInputs(model, reading, forest, [own, reference], options) as [Float64Array, Float64Array];
    const raw = forestShapley(forest.nodes, forest.roots, weightFor(forest, reading.index), x, r);
    return { method: "trees", output, base, values: named(forest.columns, stretched(raw, output - base)) };
  }
  const slopes = networkReasons(model, reading, own, reference, output - base);
  if (slopes !== undefined) return { method: "gradients", output, base, values: named(columns, slopes) };
  if (columns.length > MAX_ENUMERATED)
    throw new InexplicableError(
      `The model is neither trees over columns nor a network of the engine's operators nor small: exact reasons take at most ${MAX_ENUMERATED} columns, not ${columns.length}.`,
    );
  const raw = enumeratedShapley(columns.length, (masks) => {
    const mixed = columns.map((name, j): Column => {
      const [mine, theirs] = [cellOf(own, name), cellOf(reference, name)];
      return { ...mine.column, values: masks.map((mask) => ((mask & (1 << j)) === 0 ? theirs.value : mine.value)) };
    });
    return runRows(model, reading, { rows: masks.length, columns: mixed }, 0, masks.length, options).map((one) =>
      answerOf(reading, one),
    );
  });
  return { method: "enumeration", output, base, values: named(columns, raw) };
}

/**
 * Integrated gradients from the reference row to the row, in 64 steps, where the model runs as one graph whose operators
 * have gradients; what the finite number of steps leaves over is spread in proportion.
 */
function networkReasons(
  model: OnnxModel,
  reading: Reading,
  own: Table,
  reference: Table,
  wanted: number,
): number[] | undefined {
  const [input] = reading.inputs;
  if (input === undefined || reading.inputs.length !== 1) return undefined;
  const [x, r] = [own, reference].map((table) => feedsOf(model, reading, table, 0, 1)[input.input]);
  if (x?.dtype !== "float32" || r === undefined) return undefined;
  const compiled = compileModel(model.checked, { [input.input]: x.shape });
  if (!isCompiled(compiled)) return undefined;
  const output = compiled.outputs.find(({ name }) => name === reading.output);
  if (output?.value === undefined || countOf(output.shape) !== (output.shape.at(-1) ?? 1)) return undefined;
  const rename = (name: string): string => (name === `x:${input.input}` ? "x" : name);
  const { graph } = compiled;
  const network: Graph = {
    ...graph,
    inputs: graph.inputs.map((one) => ({ ...one, name: rename(one.name) })),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })),
    outputs: graph.outputs
      .filter(({ name }) => name === output.value)
      .map((one) => ({ ...one, value: rename(one.value) })),
  };
  let program: Program;
  try {
    program = new Program(explainGraph(network, EXPLAIN_STEPS));
  } catch (error) {
    if (error instanceof BaseError) return undefined;
    throw error;
  }
  const used = new Set(program.graph.inputs.map(({ name }) => name));
  for (const [name, values] of compiled.weights) if (used.has(`p.${name}`)) program.write(`p.${name}`, values);
  program.write("mean", r.data as Float32Array);
  if (used.has("pick"))
    program.write(
      "pick",
      Float32Array.from({ length: countOf(output.shape) }, (_, i) => (i === reading.index ? 1 : 0)),
    );
  return closeGap(integrate(program, x.data as Float32Array, EXPLAIN_STEPS), wanted);
}

function cellOf(table: Table, name: string): { column: Column; value: Column["values"][number] } {
  const column = table.columns.find((one) => one.name === name) as Column;
  return { column, value: column.values[0] ?? null };
}

/** Scores brought to the scale of the answer by one factor: the slope of the line between base and answer. */
function stretched(raw: Float64Array, wanted: number): Float64Array {
  const sum = raw.reduce((total, value) => total + value, 0);
  return sum === 0 ? raw : raw.map((value) => (value / sum) * wanted);
}

function named(columns: readonly string[], values: ArrayLike<number>): { column: string; value: number }[] {
  return columns.map((column, j) => ({ column, value: values[j] as number }));
}
