import type { Place } from "../ops/op.ts";
import { findOp } from "../ops/registry.ts";
import { type Graph, sizeOf } from "./ir.ts";
import { graphShapes } from "./validate.ts";

/** Where every value lives. Values whose last reader has run give their place to later ones. */
export interface Plan {
  readonly places: ReadonlyMap<string, Place>;
  readonly scratch: number;
  readonly bytes: number;
}

/** Bytes a value occupies: its data, at least 16 spare bytes for vectors that run over, a multiple of 64. */
function footprint(elements: number): number {
  return Math.ceil((elements * 4 + 16) / 64) * 64;
}

/** Lays out inputs, constants and results (by liveness, best fit); `parts` tasks may want scratch at once. */
export function planMemory(graph: Graph, parts = 1): Plan {
  const shapes = graphShapes(graph);
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    lastUse.set(node.output, index);
    for (const input of node.inputs) lastUse.set(input, index);
  });
  for (const { value } of [...graph.outputs, ...graph.updates]) lastUse.set(value, Number.POSITIVE_INFINITY);
  const places = new Map<string, Place>();
  let top = 64;
  const fixed = [...graph.inputs, ...graph.constants];
  for (const { name, shape } of fixed) {
    places.set(name, { shape, at: top });
    top += footprint(sizeOf(shape));
  }
  const temporary = new Set(graph.nodes.map((node) => node.output));
  let free: { at: number; bytes: number }[] = [];
  const take = (bytes: number): number => {
    const fits = free.filter((hole) => hole.bytes >= bytes).sort((a, b) => a.bytes - b.bytes || a.at - b.at)[0];
    if (fits === undefined) {
      top += bytes;
      return top - bytes;
    }
    free = free.filter((hole) => hole !== fits);
    if (fits.bytes > bytes) free.push({ at: fits.at + bytes, bytes: fits.bytes - bytes });
    return fits.at;
  };
  graph.nodes.forEach((node, index) => {
    const shape = shapes.get(node.output) ?? [];
    places.set(node.output, { shape, at: take(footprint(sizeOf(shape))) });
    for (const name of new Set([...node.inputs, node.output])) {
      const place = places.get(name);
      if (place !== undefined && temporary.has(name) && lastUse.get(name) === index)
        free.push({ at: place.at, bytes: footprint(sizeOf(place.shape)) });
    }
  });
  const scratch = top;
  let wanted = 0;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => shapes.get(input) ?? []);
    wanted = Math.max(wanted, findOp(node.op).kernel.scratch?.(inputs, node.attrs ?? {}, parts) ?? 0);
  }
  return { places, scratch, bytes: scratch + wanted + 64 };
}
