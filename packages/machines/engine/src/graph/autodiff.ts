import { BugError } from "@base/errors";
import { findOp } from "../ops/registry.ts";
import type { Builder } from "./build.ts";
import { sizeOf } from "./ir.ts";

/**
 * Appends reverse-mode differentiation of the one-element value `loss` to the graph and returns, for each
 * name in `wrt`, the value that holds its gradient. Contributions to one value are added in the order in
 * which the reversed graph meets them, so the result is one fixed program.
 */
export function gradients(b: Builder, loss: string, wrt: readonly string[]): string[] {
  if (sizeOf(b.shape(loss)) !== 1)
    throw new BugError(`Only a single number has a gradient, not shape [${b.shape(loss)}].`);
  const forward = [...b.nodes];
  const needed = reach(forward, wrt);
  const adjoint = new Map<string, string>();
  adjoint.set(loss, b.constant(Float32Array.of(1), b.shape(loss)));
  for (const node of forward.reverse()) {
    const upstream = adjoint.get(node.output);
    if (upstream === undefined || !needed.has(node.output)) continue;
    const parts = findOp(node.op).gradient(b, node, upstream);
    node.inputs.forEach((input, index) => {
      const part = parts[index];
      if (part === null || part === undefined || !needed.has(input)) return;
      const sum = adjoint.get(input);
      adjoint.set(input, sum === undefined ? part : b.op("add", [sum, part]));
    });
  }
  return wrt.map((name) => adjoint.get(name) ?? b.zeros(b.shape(name)));
}

/** Values that depend on one of `roots`, the roots included. */
function reach(nodes: readonly { inputs: readonly string[]; output: string }[], roots: readonly string[]): Set<string> {
  const reached = new Set(roots);
  for (const node of nodes) if (node.inputs.some((input) => reached.has(input))) reached.add(node.output);
  return reached;
}
