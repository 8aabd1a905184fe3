import ELK from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { Trace } from "../api.ts";

export const NODE_WIDTH = 216;
export const NODE_HEIGHT = 74;

/** Where each thing stands, in pixels from the top left. */
export type Places = ReadonlyMap<string, { readonly x: number; readonly y: number }>;

let engine: InstanceType<typeof ELK> | undefined;

/** Lays the lineage out in layers in a worker, so that a large graph never holds up the page. */
export async function layout(trace: Trace, direction: "RIGHT" | "DOWN"): Promise<Places> {
  engine ??= new ELK({ workerUrl });
  const laid = await engine.layout({
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": direction,
      "elk.layered.spacing.nodeNodeBetweenLayers": direction === "RIGHT" ? "64" : "44",
      "elk.spacing.nodeNode": "26",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    },
    children: trace.nodes.map((n) => ({ id: n.id, width: NODE_WIDTH, height: NODE_HEIGHT })),
    edges: trace.edges.map((e, i) => ({ id: `e${i}`, sources: [e.from], targets: [e.to] })),
  });
  return new Map((laid.children ?? []).map((child) => [child.id, { x: child.x ?? 0, y: child.y ?? 0 }]));
}

/** The lineage with some kinds taken out; what they joined stays joined, so no path is lost. */
export function collapse(trace: Trace, hidden: ReadonlySet<string>): Trace {
  if (hidden.size === 0) return trace;
  const gone = new Set(trace.nodes.filter((n) => hidden.has(n.kind)).map((n) => n.id));
  const next = new Map<string, string[]>();
  for (const e of trace.edges) next.set(e.from, [...(next.get(e.from) ?? []), e.to]);
  const edges = new Map<string, { from: string; to: string; label?: string }>();
  for (const node of trace.nodes) {
    if (gone.has(node.id)) continue;
    const queue = (next.get(node.id) ?? []).map((to) => ({ to, far: false }));
    const seen = new Set<string>();
    for (let step = queue.shift(); step; step = queue.shift()) {
      if (seen.has(step.to)) continue;
      seen.add(step.to);
      if (gone.has(step.to)) {
        queue.push(...(next.get(step.to) ?? []).map((to) => ({ to, far: true })));
        continue;
      }
      const own = trace.edges.find((e) => e.from === node.id && e.to === step.to);
      const key = `${node.id} ${step.to}`;
      edges.set(key, { from: node.id, to: step.to, ...(step.far || !own?.label ? {} : { label: own.label }) });
    }
  }
  return { ...trace, nodes: trace.nodes.filter((n) => !gone.has(n.id)), edges: [...edges.values()] };
}
