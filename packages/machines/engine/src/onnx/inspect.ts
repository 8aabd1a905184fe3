import { BaseError } from "@base/errors";
import type { RefusedNode } from "./check.ts";
import type { Dtype } from "./dtype.ts";
import { importLeniently, type OnnxModel, type OnnxSlot, type OnnxSummary } from "./model.ts";
import { isMap, isTensor, type OnnxValue, zeros } from "./tensor.ts";

/** One node as it ran: what it gave, and what it cost. */
export interface OnnxStep {
  readonly node: string;
  readonly operator: string;
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
  /** Multiply-adds of products, convolutions, recurrences and attention; 0 for what only moves or maps elements. */
  readonly multiplyAdds: number;
}

/** All that can be told of a file. */
export interface OnnxReport extends OnnxSummary {
  /** Nodes that this engine does not compute; empty for a model that can be run. */
  readonly refused: readonly RefusedNode[];
  /** Nodes in the order of a trial run on zeros; empty when there was none. */
  readonly steps: readonly OnnxStep[];
  /** Multiply-adds of the trial run, or null. */
  readonly multiplyAdds: number | null;
  /** Extents that the trial run gave to dimensions that the file leaves open. */
  readonly extents: Readonly<Record<string, number>>;
  /** Why there was no trial run. */
  readonly problem: string | null;
}

/** Longest list of steps that a report holds. */
const MAX_STEPS = 20_000;

/** What a value is, for people: `float32[1, 64]`. */
export function describeValue(value: OnnxValue | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (isTensor(value)) return `${value.dtype}[${value.shape.join(", ")}]`;
  if (isMap(value)) return `map of ${value.keys.data.length} from ${value.keys.dtype} to ${value.values.dtype}`;
  return value.length === 0 ? "empty sequence" : `sequence of ${value.length} ${describeValue(value[0])}`;
}

/** Zeros for an input; `extents` holds what open dimensions become, 1 unless it is named there already. */
function trialInput(slot: OnnxSlot, extents: Record<string, number>): OnnxValue | undefined {
  if (slot.kind !== "tensor" || slot.shape === undefined) return undefined;
  const shape = slot.shape.map((extent, axis) => {
    if (typeof extent === "number") return extent;
    const key = extent === null || extent === "" ? `${slot.name}[${axis}]` : extent;
    extents[key] ??= 1;
    return extents[key] as number;
  });
  return zeros(slot.dtype as Dtype, shape);
}

/**
 * Runs a model once on zeros and tells each node's results and cost; `given` fixes open dimensions by name. Throws
 * OnnxError where the model cannot be run that way.
 */
export function trialRun(
  model: OnnxModel,
  given: Readonly<Record<string, number>> = {},
  budget?: number,
): { steps: OnnxStep[]; multiplyAdds: number; extents: Record<string, number> } {
  const extents: Record<string, number> = { ...given };
  const feeds: Record<string, OnnxValue> = {};
  for (const slot of model.inputs) {
    const value = trialInput(slot, extents);
    if (value !== undefined) feeds[slot.name] = value;
  }
  const steps: OnnxStep[] = [];
  let multiplyAdds = 0;
  model.run(feeds, {
    ...(budget === undefined ? {} : { budget }),
    watch: (node, results, own) => {
      multiplyAdds += own;
      if (steps.length >= MAX_STEPS) return;
      const outputs = node.output.flatMap((name, index) =>
        name === "" ? [] : [{ name, type: describeValue(results[index]) }],
      );
      steps.push({ node: node.name ?? "", operator: node.opType ?? "", outputs, multiplyAdds: own });
    },
  });
  return { steps, multiplyAdds, extents };
}

/**
 * Tells what a file holds, what of it is refused, and, from a trial run on zeros, shapes and cost of every node. Throws
 * OnnxFormatError, OnnxModelError or OnnxLimitError for files that are no sound model.
 */
export function inspectOnnx(
  bytes: Uint8Array,
  given: Readonly<Record<string, number>> = {},
  budget?: number,
): OnnxReport {
  const refused: RefusedNode[] = [];
  const model = importLeniently(bytes, refused);
  const none = { steps: [], multiplyAdds: null, extents: {} };
  const summary = model.inspect();
  if (refused.length > 0) return { ...summary, refused, ...none, problem: "it has operators that are not supported" };
  try {
    return { ...summary, refused, ...trialRun(model, given, budget), problem: null };
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    return { ...summary, refused, ...none, problem: error.shortMessage };
  }
}
