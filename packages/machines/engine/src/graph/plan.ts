import type { Place } from "../ops/op.ts";
import { type Graph, type Shape, sizeOf } from "./ir.ts";
import { type Lowered, lower } from "./lower.ts";
import { graphShapes } from "./validate.ts";

/** What runs, and where every value lives. Values whose last reader has run give their place to later ones. */
export interface Plan extends Lowered {
  readonly places: ReadonlyMap<string, Place>;
  readonly scratch: number;
  readonly bytes: number;
}

/** Bytes a value occupies: its data, at least 16 spare bytes for vectors that run over, a multiple of 64. */
function footprint(elements: number): number {
  return Math.ceil((elements * 4 + 16) / 64) * 64;
}

/** A memory whose holes are used again, smallest fit first. */
class Arena {
  top = 64;
  #free: { at: number; bytes: number }[] = [];

  take(bytes: number): number {
    const fits = this.#free.filter((hole) => hole.bytes >= bytes).sort((a, b) => a.bytes - b.bytes || a.at - b.at)[0];
    if (fits === undefined) {
      this.top += bytes;
      return this.top - bytes;
    }
    this.#free = this.#free.filter((hole) => hole !== fits);
    if (fits.bytes > bytes) this.#free.push({ at: fits.at + bytes, bytes: fits.bytes - bytes });
    return fits.at;
  }

  give(at: number, bytes: number): void {
    this.#free.push({ at, bytes });
  }
}

/** Lays out inputs, constants and results (by liveness, best fit); `parts` tasks may want scratch at once. */
export function planMemory(graph: Graph, parts = 1): Plan {
  const shapes = graphShapes(graph);
  const lowered = lower(graph, shapes);
  const { steps, alias, packs } = lowered;
  const root = (name: string): string => {
    let at = name;
    for (let next = alias.get(at); next !== undefined; next = alias.get(at)) at = next;
    return at;
  };
  const shape = (name: string): Shape => shapes.get(name) ?? [];
  const lastUse = new Map<string, number>();
  steps.forEach(({ inputs, output }, index) => {
    for (const name of [output, ...inputs]) lastUse.set(root(name), index);
  });
  for (const { value } of [...graph.outputs, ...graph.updates]) lastUse.set(root(value), Number.POSITIVE_INFINITY);
  const places = new Map<string, Place>();
  const arena = new Arena();
  const fix = (name: string, extents: Shape): void => {
    places.set(name, { shape: extents, at: arena.take(footprint(sizeOf(extents))) });
  };
  for (const { name } of [...graph.inputs, ...graph.constants]) fix(name, shape(name));
  for (const { name, values } of lowered.constants) fix(name, [values.length]);
  for (const { name, elements } of packs) fix(name, [elements]);
  const temporary = new Set(graph.nodes.map((node) => node.output));
  steps.forEach(({ inputs, output }, index) => {
    const own = root(output);
    if (!places.has(own)) fix(own, shape(own));
    for (const name of new Set([...inputs, output].map(root))) {
      const place = places.get(name);
      if (place !== undefined && temporary.has(name) && lastUse.get(name) === index)
        arena.give(place.at, footprint(sizeOf(place.shape)));
    }
  });
  for (const name of alias.keys()) {
    const place = places.get(root(name));
    if (place !== undefined) places.set(name, { shape: shape(name), at: place.at });
  }
  const scratch = arena.top;
  let wanted = 0;
  for (const { kernel, inputs, attrs } of steps)
    wanted = Math.max(wanted, kernel.scratch?.(inputs.map(shape), attrs, parts) ?? 0);
  return { ...lowered, places, scratch, bytes: scratch + wanted + 64 };
}
