import { InvalidInputError } from "@base/errors";
import { Builder } from "@machines/engine/graph/build.ts";
import type { Graph, Shape } from "@machines/engine/graph/ir.ts";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { compileModel, isCompiled } from "@machines/engine/onnx/compile.ts";
import { importOnnx } from "@machines/engine/onnx/model.ts";
import type { Ensemble } from "@machines/engine/trees/ensemble.ts";
import type { AnyModelStatement } from "@records/assets/statements.ts";
import { LEAF_ELEMENTS } from "./openTensor.ts";
import type { FirstValue, Run } from "./replay.ts";
import { MAX_TERMS } from "./sums.ts";

/** Most multiply-adds of an answer that is claimed: everybody who checks it does them again, by the references. */
const MAX_WORK = 2 ** 33;

/** What one data input of a model is given; `shape` where the model leaves it open. */
export interface Given {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** The run of one answer of a model trained here: weights or trees are given, its result is the value of the output. */
export function answerOf(bundle: Uint8Array, x: Float32Array): Run {
  const decoded = decodeBundle(bundle);
  if (decoded.trees !== undefined) return treesAnswerOf(decoded.trees, x);
  const { graph, tensors } = decoded;
  const [output] = graph.outputs;
  if (output === undefined) throw new InvalidInputError("The model's graph has no output.");
  return onceOf(graph, [x], (name) => tensors.get(name)?.values, output.name);
}

/** Bytes of a tree and the rows beside it that are opened in one transaction, of the 128 KB that nodes let it carry. */
const OPENED = 80_000;

/**
 * The run of boosted trees' answers to some rows, row-major. Throws InvalidInputError where the numbers are no whole rows, and for trees
 * of which no element could be settled in one transaction. Rule D27.
 */
export function treesAnswerOf(trees: Ensemble, x: Float32Array): Run {
  const rows = x.length / trees.features;
  if (!Number.isInteger(rows) || rows < 1)
    throw new InvalidInputError(`The model takes rows of ${trees.features} numbers, not ${x.length} numbers.`);
  checkTreeSizes(trees);
  const b = new Builder();
  b.input("x", [rows, trees.features], "data");
  return { ...onceOf(b.finish(), [x], () => undefined, "answers"), trees };
}

/** What a dispute about trees has to open has to fit a transaction: throws InvalidInputError. */
export function checkTreeSizes({ trees, features, outputs }: Ensemble): void {
  const largest = trees.reduce((most, { feature }) => Math.max(most, 20 * feature.length), 0);
  if (largest + 4 * features > OPENED || trees.length > MAX_TERMS || outputs > LEAF_ELEMENTS)
    throw new InvalidInputError(
      `The trees are too large to be disputed: ${trees.length} trees of up to ${largest} bytes, ${features} inputs, ${outputs} outputs.`,
    );
}

/**
 * The run of one answer of an ONNX model, as the one program that the engine makes of it for inputs of these extents.
 * Throws InvalidInputError that names the node which stands in the way.
 */
export function onnxAnswerOf(bytes: Uint8Array, given: readonly Given[], wanted?: string): Run {
  const model = importOnnx(bytes);
  for (const { name, dtype } of model.inputs)
    if (dtype !== "float32" || !given.some((one) => one.name === name))
      throw new InvalidInputError(`Input "${name}" must be given, and be float32: it is ${dtype ?? "no tensor"}.`);
  const compiled = compileModel(model.checked, Object.fromEntries(given.map(({ name, shape }) => [name, shape])));
  if (!isCompiled(compiled)) {
    const { node, operator, why } = compiled;
    throw new InvalidInputError(`The model is no program that a dispute can go into: ${why}.`, {
      ...(operator === "" ? {} : { details: `${operator} ${node}`.trim() }),
      data: { node, operator },
    });
  }
  if (compiled.work > MAX_WORK) throw new InvalidInputError("The model takes more work than a watcher does again.");
  const output = wanted ?? compiled.outputs.at(-1)?.name ?? "";
  const found = compiled.outputs.find(({ name }) => name === output);
  if (found?.value === undefined) {
    const names = compiled.outputs.filter(({ value }) => value !== undefined).map(({ name }) => `"${name}"`);
    throw new InvalidInputError(`The model computes no output "${output}", but ${names.join(", ")}.`);
  }
  const { graph, weights } = compiled;
  const data = graph.inputs.flatMap(({ name, role, shape }) => {
    if (role !== "data") return [];
    const one = given.find((input) => `x:${input.name}` === name);
    if (one === undefined || one.shape.join() !== shape.join())
      throw new InvalidInputError(`Input ${name} takes [${shape}].`);
    return [one.values];
  });
  return onceOf(graph, data, (name) => weights.get(name), found.value);
}

/** The inputs of an answer's run, as they were given. */
export function givenOf({ graph, data }: Pick<Run, "graph" | "data">): Given[] {
  const inputs = graph.inputs.filter(({ role }) => role === "data");
  return inputs.map(({ name, shape }, slot) => ({
    name: name.replace(/^x:/, ""),
    shape,
    values: data[slot] as Float32Array,
  }));
}

/** The run of a model asset's answer, whatever the model is made of. Throws InvalidInputError for what is no network. */
export function modelAnswerOf(
  { bytes, statement }: { readonly bytes: Uint8Array; readonly statement: AnyModelStatement },
  given: readonly Given[],
  output?: string,
): Run {
  if (statement.type === "assay/model/1") {
    const [x] = given;
    if (x === undefined || given.length > 1) throw new InvalidInputError("A model trained here takes one input.");
    return answerOf(bytes, x.values);
  }
  if (statement.mediaType !== "application/onnx")
    throw new InvalidInputError(`Answers of a model of ${statement.mediaType} cannot be claimed yet.`);
  return onnxAnswerOf(bytes, given, output);
}

/** One step on data that is taken as it is; its result is an output. */
function onceOf(
  graph: Graph,
  data: readonly Float32Array[],
  weight: (name: string) => Float32Array | undefined,
  output: string,
): Run {
  const first = graph.inputs
    .filter(({ role }) => role !== "data")
    .map(({ name }): FirstValue => {
      const values = weight(name);
      if (values === undefined) throw new InvalidInputError(`The model has no tensor ${name}.`);
      return { kind: "given", values };
    });
  return { graph, data, rows: 1, batch: 1, steps: 1, stepsPerEpoch: 0, seed: 0, orderSeed: 0, first, output };
}
