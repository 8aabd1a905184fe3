import { gradients } from "../graph/autodiff.ts";
import { Builder } from "../graph/build.ts";
import type { Graph } from "../graph/ir.ts";
import { fromHexBits } from "../bits.ts";
import { sizeOf } from "../graph/ir.ts";

/** Points on the way from the mean input to the sample, at (i + 1/2) / 64. */
export const EXPLAIN_STEPS = 64;

/**
 * One step of integrated gradients (Sundararajan, Taly and Yan, 2017) as a graph: at the point
 * mean + alpha (x - mean), adds gradient * (x - mean) / `steps` to the state `sum`. Where the model has several outputs, `pick`
 * (1 for one of them, else 0) says whose gradient it is.
 */
export function explainGraph(model: Graph, steps: number): Graph {
  const b = new Builder();
  const input = model.inputs.find((entry) => entry.name === "x") as (typeof model.inputs)[0];
  const sample = b.input("sample", input.shape, "data");
  const mean = b.input("mean", input.shape, "data");
  const alpha = b.input("alpha", [], "data");
  const sum = b.input("sum", input.shape, "state");
  const names = new Map<string, string>();
  for (const { name, shape, role } of model.inputs)
    if (name !== "x") names.set(name, b.input(`p.${name}`, shape, role));
  const way = b.op("sub", [sample, mean]);
  const point = b.op("add", [mean, b.op("mul", [alpha, way])]);
  names.set("x", point);
  for (const { name, shape, bits } of model.constants) names.set(name, b.constant(fromHexBits(bits), shape));
  for (const node of model.nodes) {
    const inputs = node.inputs.map((name) => names.get(name) as string);
    names.set(node.output, b.op(node.op, inputs, node.attrs));
  }
  const output = names.get((model.outputs[0] as { value: string }).value) as string;
  const single =
    sizeOf(b.shape(output)) === 1
      ? output
      : b.op("rowsum", [b.op("mul", [output, b.input("pick", b.shape(output), "data")])]);
  const [slope] = gradients(b, single, [point]) as [string];
  const part = b.op("mul", [b.op("mul", [slope, way]), b.scalar(1 / steps)]);
  b.update(sum, b.op("add", [sum, part]));
  return b.finish();
}
