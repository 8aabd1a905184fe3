import { InvalidInputError } from "@base/errors";
import { decodeIntegers, encodeIntegers, type IntegerProgram, type IntegerTensor } from "../i8s/program/program.ts";
import { type FloatNetwork, quantiseNetwork } from "../i8s/program/quantise.ts";
import { IntegerRunner } from "../i8s/program/run.ts";
import { Program } from "../graph/program.ts";
import { likeliest } from "../metrics/classes.ts";
import { compileModel, isCompiled } from "../onnx/compile.ts";
import { UnsupportedOperatorError } from "../onnx/errors.ts";
import { InexplicableError, type OnnxExplanation } from "../onnx/explain.ts";
import { importOnnx } from "../onnx/model.ts";
import { feedsOf, type Reading } from "../onnx/rows.ts";
import { enumeratedShapley, MAX_ENUMERATED } from "../onnx/shapley.ts";
import { type Feature, openSamples } from "../recipe/features.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { validateRecipe } from "../recipe/validate.ts";
import type { Column, Table } from "../table/table.ts";
import { decodeBundle } from "./bundle.ts";
import { clampWhen } from "./evaluate.ts";

/** How a row becomes the numbers that a network takes: a recipe's features, or columns in order. */
type Prepare =
  | {
      readonly kind: "recipe";
      readonly recipe: Recipe;
      readonly features: readonly Feature[];
      readonly categories: Readonly<Record<string, readonly string[]>>;
      readonly fills: readonly number[] | null;
      readonly classes: readonly string[] | null;
    }
  | { readonly kind: "columns"; readonly columns: readonly string[]; readonly index: number };

/** A float network that may become integers, and how rows are fed to it. */
interface Source {
  readonly network: FloatNetwork;
  readonly prepare: Prepare;
  /** Column that the model was trained to tell, where it is known. */
  readonly target: string | undefined;
}

/** Float against integers on rows that the ranges were not taken from. */
export interface QuantiseReport {
  readonly samples: number;
  /** Root of the mean squared and largest difference between the two, over all outputs. */
  readonly rmsDifference: number;
  readonly worstDifference: number;
  /** Share of samples on which both say the same: the likeliest class, or the same side of one half for one output in [0, 1]. */
  readonly agreement: number | null;
  /** Against the target column, where it is known: root mean squared error and share of right answers. */
  readonly rmseBefore: number | null;
  readonly rmseAfter: number | null;
  readonly accuracyBefore: number | null;
  readonly accuracyAfter: number | null;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

function bundleSource(bytes: Uint8Array): Source {
  const bundle = decodeBundle(bytes);
  if (bundle.trees !== undefined)
    throw new InvalidInputError("Trees are integers already: there is nothing to quantise.");
  const { graph, tensors, recipe, features, categories, classes } = bundle;
  const weights = new Map<string, Float32Array>();
  for (const { name } of graph.inputs) {
    const tensor = tensors.get(name);
    if (name !== "x" && tensor !== undefined) weights.set(name, tensor.values);
  }
  const fills = tensors.get("fills")?.values;
  return {
    network: { graph, weights, input: "x", output: "output" },
    target: recipe.target,
    prepare: {
      kind: "recipe",
      recipe,
      features,
      categories,
      fills: fills === undefined ? null : Array.from(fills),
      classes: classes ?? null,
    },
  };
}

function onnxSource(bytes: Uint8Array, reading: Reading, table: Table): Source {
  const model = importOnnx(bytes);
  const [input] = reading.inputs;
  if (input === undefined || reading.inputs.length !== 1 || model.inputs[0]?.dtype !== "float32")
    throw new InvalidInputError("Only a network with one float32 input can be quantised.");
  const feeds = feedsOf(model, reading, table, 0, 1);
  const shape = (feeds[input.input] as { shape: readonly number[] }).shape;
  const compiled = compileModel(model.checked, { [input.input]: shape });
  if (!isCompiled(compiled))
    throw new UnsupportedOperatorError(`${compiled.operator} (node "${compiled.node}") in integers`, compiled.why, {
      data: { operator: compiled.operator, node: compiled.node },
    });
  return {
    network: {
      graph: compiled.graph,
      weights: compiled.weights,
      input: `x:${input.input}`,
      output: `y:${reading.output}`,
    },
    target: undefined,
    prepare: { kind: "columns", columns: [...input.columns], index: reading.index },
  };
}

/** Reads the numbers for a row; the answer's `first` is the first row that has a whole sample before it. */
function readerOf(prepare: Prepare, table: Table): { first: number; read: (row: number) => Float32Array } {
  if (prepare.kind === "recipe") {
    const { recipe, features, categories, fills } = prepare;
    const fitted = { categories, ...(fills === null ? {} : { fills: Float32Array.from(fills) }) };
    return { first: (recipe.window?.days ?? 1) - 1, read: openSamples(recipe, features, fitted, table) };
  }
  const columns = prepare.columns.map((name) => {
    const column = table.columns.find((one) => one.name === name);
    if (column === undefined)
      throw new InvalidInputError(`The table has no column "${name}".`, { data: { column: name } });
    return column;
  });
  return {
    first: 0,
    read: (row) =>
      Float32Array.from(columns, ({ name, values }) => {
        const value = values[row] ?? null;
        if (typeof value === "string")
          throw new InvalidInputError(`Row ${row}, column "${name}": ${JSON.stringify(value)} is no number.`, {
            data: { row, column: name },
          });
        return value === null ? Number.NaN : Number(value);
      }),
  };
}

/** The number of a target cell: itself, or the place of its class. */
function wantedOf(prepare: Prepare, cell: number | string | boolean | null | undefined): number | undefined {
  if (typeof cell === "number" || typeof cell === "boolean") return Number(cell);
  const classes = prepare.kind === "recipe" ? (prepare.classes ?? []) : [];
  const place = typeof cell === "string" ? classes.indexOf(cell) : -1;
  return place < 0 ? undefined : place;
}

/** Which rows: [first, first + count). */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/**
 * Turns a trained or imported network into an integer program: value ranges come from the rows of `calibration`, the
 * report compares both on the rows of `evaluation`. The same model and rows give the same bytes. Throws InvalidInputError,
 * or UnsupportedOperatorError that names operator and node.
 */
export function quantiseModel(given: {
  readonly format: "bundle" | "onnx";
  readonly bytes: Uint8Array;
  readonly reading?: Reading | undefined;
  readonly table: Table;
  readonly calibration: Rows;
  readonly evaluation: Rows;
  readonly target?: string | undefined;
}): { readonly bytes: Uint8Array; readonly report: QuantiseReport } {
  const { bytes, table, calibration, evaluation, reading } = given;
  if (given.format === "onnx" && reading === undefined)
    throw new InvalidInputError(
      "The model does not say how a row of a table becomes an answer: import it with --columns.",
    );
  const source = given.format === "bundle" ? bundleSource(bytes) : onnxSource(bytes, reading as Reading, table);
  const { network, prepare } = source;
  const { first, read } = readerOf(prepare, table);
  const rowsOf = ({ first: from, count }: Rows): number[] =>
    Array.from({ length: count }, (_, i) => from + i).filter((row) => row >= first && row < table.rows);
  const { program, tensors } = quantiseNetwork(network, rowsOf(calibration).map(read), { prepare });
  const encoded = encodeIntegers(program, tensors);
  const integers = new IntegerRunner(program, new Map(tensors.map((tensor) => [tensor.name, tensor])));
  const float = new Program(network.graph);
  for (const [name, values] of network.weights) float.write(name, values);
  const target = table.columns.find(({ name }) => name === (given.target ?? source.target));
  const tally = new Tally(prepare);
  for (const row of rowsOf(evaluation)) {
    const x = read(row);
    float.write(network.input, x);
    float.run();
    tally.add(float.read(network.output), integers.run(x), wantedOf(prepare, target?.values[row]));
  }
  return { bytes: encoded, report: tally.report(bytes.length, encoded.length) };
}

/** Sums of a comparison. */
class Tally {
  readonly #index: number;
  #samples = 0;
  #outputs = 0;
  #squares = 0;
  #worst = 0;
  #same = 0;
  #sided = true;
  #wanted = 0;
  readonly #errors: [number, number] = [0, 0];
  readonly #right: [number, number] = [0, 0];
  #classes = true;

  constructor(prepare: Prepare) {
    this.#index = prepare.kind === "columns" ? prepare.index : 0;
  }

  add(before: Float32Array, after: Float32Array, wanted: number | undefined): void {
    this.#samples++;
    this.#outputs += before.length;
    before.forEach((value, i) => {
      const difference = Math.abs(value - (after[i] as number));
      this.#squares += difference * difference;
      this.#worst = Math.max(this.#worst, difference);
    });
    const several = before.length > 1;
    const single = [before, after].map((answers) => answers[several ? this.#index : 0] as number) as [number, number];
    const said = [before, after].map((answers, i) =>
      several ? likeliest(answers) : (single[i] as number) > 0.5 ? 1 : 0,
    ) as [number, number];
    if (!several && single.some((value) => value < 0 || value > 1)) this.#sided = false;
    if (said[0] === said[1]) this.#same++;
    if (wanted === undefined) return;
    this.#wanted++;
    if (!several && wanted !== 0 && wanted !== 1) this.#classes = false;
    for (const side of [0, 1] as const) {
      this.#errors[side] += ((several ? said[side] : single[side]) - wanted) ** 2;
      if (said[side] === wanted) this.#right[side]++;
    }
  }

  report(bytesBefore: number, bytesAfter: number): QuantiseReport {
    const part = (sum: number, count: number): number | null => (count === 0 ? null : sum / count);
    const root = (sum: number): number | null => (this.#wanted === 0 ? null : Math.sqrt(sum / this.#wanted));
    const classes = this.#classes && this.#sided;
    return {
      samples: this.#samples,
      rmsDifference: this.#outputs === 0 ? 0 : Math.sqrt(this.#squares / this.#outputs),
      worstDifference: this.#worst,
      agreement: this.#sided ? part(this.#same, this.#samples) : null,
      rmseBefore: root(this.#errors[0]),
      rmseAfter: root(this.#errors[1]),
      accuracyBefore: classes ? part(this.#right[0], this.#wanted) : null,
      accuracyAfter: classes ? part(this.#right[1], this.#wanted) : null,
      bytesBefore,
      bytesAfter,
    };
  }
}

/** An integer program ready to answer for rows. */
export interface IntegerModel {
  /** Rows before this one have no whole sample. */
  first(table: Table): number;
  /** All outputs for the sample that ends at a row. */
  run(table: Table, row: number): Float32Array;
  /** The answer among the outputs: the only one, the one that the reading picks, or the number of the likeliest class. */
  answer(outputs: Float32Array): number;
  /** Names of the classes, where the model has several. */
  readonly classes: readonly string[] | null;
  /** Columns that a row is read from; null where a sample is more than one row. */
  readonly columns: readonly string[] | null;
  /** Multiply-adds and written numbers of one run, known before it. */
  readonly work: number;
}

/** Multiply-adds and written numbers of one run of a program. */
function workOf({ steps }: IntegerProgram, tensors: ReadonlyMap<string, IntegerTensor>): number {
  const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
  return steps.reduce((sum, step) => {
    const weights = step.op === "matmul" || step.op === "conv2d" ? (tensors.get(step.weights)?.shape ?? []) : [];
    const depth = step.op === "conv2d" ? size(weights.slice(1)) : (weights[0] ?? 0);
    const windows = "window" in step && step.window !== null ? size(step.window.kernel) : 1;
    return sum + size(step.shape) * (windows + depth);
  }, 0);
}

/**
 * Why an integer program answers as it does for a table of one row: exact Shapley values over its columns, an unknown
 * one taking the reference row's value. Throws InexplicableError when a sample is several rows or has more than
 * {@link MAX_ENUMERATED} columns.
 */
export function explainIntegers(model: IntegerModel, table: Table, row: number, reference: Table): OnnxExplanation {
  const { columns } = model;
  if (columns === null || columns.length > MAX_ENUMERATED)
    throw new InexplicableError(
      `Exact reasons of an integer program take one row of at most ${MAX_ENUMERATED} columns.`,
    );
  const cells = (from: Table, at: number): Column["values"][number][] =>
    columns.map((name) => from.columns.find((one) => one.name === name)?.values[at] ?? null);
  const [own, typical] = [cells(table, row), cells(reference, 0)];
  const masks = Array.from({ length: 2 ** columns.length }, (_, mask) => mask);
  const mixed: Table = {
    rows: masks.length,
    columns: columns.map((name, j) => ({
      ...(table.columns.find((one) => one.name === name) as Column),
      values: masks.map((mask) => ((mask & (1 << j)) === 0 ? typical[j] : own[j]) ?? null),
    })),
  };
  // Of several classes the reasons speak for the one that is named.
  const outputs = masks.map((_, at) => model.run(mixed, at));
  const named = outputs[masks.length - 1] as Float32Array;
  const answers = outputs.map((all) =>
    model.classes === null ? model.answer(all) : (all[likeliest(named)] as number),
  );
  const values = enumeratedShapley(columns.length, (wanted) => wanted.map((mask) => answers[mask] as number));
  return {
    method: "enumeration",
    output: model.answer(named),
    base: answers[0] as number,
    values: columns.map((column, j) => ({ column, value: Math.fround(values[j] as number) })),
  };
}

function columnsOf(prepare: Prepare): readonly string[] | null {
  if (prepare.kind === "columns") return prepare.columns;
  const { recipe, features } = prepare;
  const whole = (recipe.window?.days ?? 1) > 1 || recipe.layout !== undefined;
  return whole ? null : [...new Set(features.map(({ column }) => column))];
}

/** Opens an integer program; throws IntegerProgramError or RecipeError. */
export function openIntegers(bytes: Uint8Array): IntegerModel {
  const { program, tensors } = decodeIntegers(bytes);
  const prepare = program.prepare as Prepare | null;
  if (prepare?.kind !== "recipe" && prepare?.kind !== "columns")
    throw new InvalidInputError("The integer program does not say how a row becomes its input.");
  if (prepare.kind === "recipe") validateRecipe(prepare.recipe);
  const runner = new IntegerRunner(program, tensors);
  const classes = prepare.kind === "recipe" ? prepare.classes : null;
  return {
    classes,
    columns: columnsOf(prepare),
    work: workOf(program, tensors),
    first: (table) => readerOf(prepare, table).first,
    run: (table, row) => runner.run(readerOf(prepare, table).read(row)),
    answer: (outputs) => {
      if (classes !== null) return likeliest(outputs);
      if (prepare.kind === "columns") return outputs[prepare.index] as number;
      return clampWhen(prepare.recipe.clamp, outputs[0] as number);
    },
  };
}
