import { BugError } from "@base/errors";
import { canonicalise, fromHexBits } from "../bits.ts";
import type { Tensor } from "../ops/op.ts";
import { findOp } from "../ops/registry.ts";
import type { Graph } from "./ir.ts";
import { graphShapes } from "./validate.ts";

/**
 * Runs a graph on the references alone: the slow, obvious truth. `values` holds every graph input by name;
 * the answer has every value of the graph by name.
 */
export function interpret(graph: Graph, values: Readonly<Record<string, Float32Array>>): Map<string, Tensor> {
  graphShapes(graph);
  const known = new Map<string, Tensor>();
  for (const { name, shape } of graph.inputs) {
    const given = values[name];
    if (given === undefined) throw new BugError(`No value was given for ${name}.`);
    known.set(name, { shape, values: canonicalise(given.slice()) });
  }
  for (const { name, shape, bits } of graph.constants) known.set(name, { shape, values: fromHexBits(bits) });
  for (const node of graph.nodes) {
    const { reference } = findOp(node.op);
    const inputs = node.inputs.map((input) => known.get(input) as Tensor);
    const attrs = node.attrs ?? {};
    const shape = reference.shape(
      inputs.map((input) => input.shape),
      attrs,
    );
    known.set(node.output, { shape, values: canonicalise(reference.compute(inputs, attrs)) });
  }
  return known;
}
