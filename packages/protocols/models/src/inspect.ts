import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { loadModel } from "@machines/engine";
import { decodeIntegers } from "@machines/engine/i8s/program/program.ts";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import type { OnnxReport } from "@machines/engine/onnx/inspect.ts";
import { inSandbox } from "./sandbox.ts";
import { type ModelInput, type ModelSource, openSource } from "./source.ts";

export interface InspectInput extends ModelInput {
  /** Extents for dimensions that the file leaves open, by name. */
  readonly extents?: unknown;
  readonly seconds: number;
}

/** A report with flat rows, as tables show them. */
export interface ReportRows extends Omit<OnnxReport, "steps" | "operators"> {
  readonly operators: readonly { readonly operator: string; readonly count: number }[];
  /** Nodes in the order of the trial run; `gives` names each result with its type and extents. */
  readonly steps: readonly {
    readonly node: string;
    readonly operator: string;
    readonly gives: string;
    readonly multiplyAdds: number;
  }[];
}

export interface Inspection extends ReportRows {
  readonly model: string;
  readonly format: string;
  readonly size: number;
}

/** Flattens a report. */
export function reportRows({ operators, steps, ...rest }: OnnxReport): ReportRows {
  return {
    ...rest,
    operators: Object.entries(operators).map(([operator, count]) => ({ operator, count })),
    steps: steps.map(({ outputs, ...step }) => ({
      ...step,
      gives: outputs.map(({ name, type }) => `${name} ${type}`).join(", "),
    })),
  };
}

/**
 * Tells what a model is made of: inputs, outputs, operators, parameters, and from a trial run on zeros the shape and the
 * multiply-adds of every node; what is not supported is listed by operator and node. SPEC M5, M6.
 */
export async function inspect(
  context: Pick<Context, "store" | "chain" | "contracts" | "signal">,
  input: InspectInput,
): Promise<Inspection> {
  const source = await openSource(context, input);
  const { signal } = context;
  const known = { model: source.label, format: source.format, size: source.bytes.length };
  if (source.format === "bundle") return { ...known, ...reportRows(inspectBundle(source)) };
  if (source.format === "integers") return { ...known, ...reportRows(inspectIntegers(source.bytes)) };
  const report = await inSandbox(
    "inspect",
    { bytes: source.bytes, extents: extentsOf(input.extents) },
    { signal, seconds: input.seconds },
  );
  return { ...known, ...reportRows(report) };
}

function extentsOf(given: unknown): Record<string, number> {
  if (given === undefined) return {};
  const entries =
    typeof given === "object" && given !== null && !Array.isArray(given) ? Object.entries(given) : undefined;
  if (entries === undefined || entries.some(([, extent]) => !Number.isInteger(extent) || (extent as number) < 0))
    throw new InvalidInputError('extents: expected whole numbers by name, e.g. {"batch": 4}', {
      data: { field: "extents" },
    });
  return Object.fromEntries(entries) as Record<string, number>;
}

/** An integer program: its steps with exact multiply-adds of products. */
function inspectIntegers(bytes: Uint8Array): OnnxReport {
  const { program, tensors } = decodeIntegers(bytes);
  const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
  const operators: Record<string, number> = {};
  const steps = program.steps.map((step) => {
    operators[step.op] = (operators[step.op] ?? 0) + 1;
    const weights = step.op === "matmul" || step.op === "conv2d" ? (tensors.get(step.weights)?.shape ?? []) : [];
    const depth = step.op === "conv2d" ? size(weights.slice(1)) : (weights[0] ?? 0);
    return {
      node: step.output,
      operator: step.op,
      outputs: [{ name: step.output, type: `int8[${step.shape.join(", ")}]` }],
      multiplyAdds: size(step.shape) * depth,
    };
  });
  const slot = (name: string, shape: readonly number[]) => ({
    name,
    kind: "tensor" as const,
    dtype: "float32" as const,
    shape,
  });
  let parameters = 0;
  for (const { values } of tensors.values()) parameters += values.length;
  return {
    producer: "assay",
    opsets: {},
    nodes: steps.length,
    operators,
    parameters,
    inputs: [slot(program.input.name, program.input.shape)],
    outputs: [slot(program.output.value, program.output.shape)],
    refused: [],
    extents: {},
    problem: null,
    steps,
    multiplyAdds: steps.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0),
  };
}

/** A model trained here: its graph, or its trees as one operator. */
function inspectBundle({ bytes }: ModelSource): OnnxReport {
  const { features } = loadModel(bytes);
  const { trees, ...rest } = decodeBundle(bytes);
  const slot = (name: string, width: number) => ({
    name,
    kind: "tensor" as const,
    dtype: "float32" as const,
    shape: [1, width],
  });
  const common = {
    producer: "assay",
    opsets: {},
    inputs: [slot("x", features.length)],
    outputs: [slot("output", 1)],
    refused: [],
    extents: {},
    problem: null,
  };
  if (trees !== undefined) {
    const nodes = trees.trees.reduce((sum, tree) => sum + tree.feature.length, 0);
    const steps = [
      {
        node: "trees",
        operator: `${trees.trees.length} trees`,
        outputs: [{ name: "output", type: "float32[1, 1]" }],
        multiplyAdds: 0,
      },
    ];
    return { ...common, nodes, operators: { trees: trees.trees.length }, parameters: nodes, steps, multiplyAdds: 0 };
  }
  const { graph } = rest;
  const operators: Record<string, number> = {};
  for (const { op } of graph.nodes) operators[op] = (operators[op] ?? 0) + 1;
  const params = graph.inputs.filter(({ role }) => role === "param");
  const parameters = params.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const steps = graph.nodes.map(({ op, output }) => ({
    node: output,
    operator: op,
    outputs: [{ name: output, type: "float32" }],
    multiplyAdds: 0,
  }));
  return { ...common, nodes: graph.nodes.length, operators, parameters, steps, multiplyAdds: null };
}
