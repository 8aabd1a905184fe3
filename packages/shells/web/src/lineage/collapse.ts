import type { Trace } from "../model.ts";

/**
 * The lineage with some kinds taken out, and what lacks one of the words in its name, id or hash (its subject stays);
 * what they joined stays joined, so no path is lost.
 */
export function collapse(trace: Trace, hidden: ReadonlySet<string>, words = ""): Trace {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const says = (n: Trace["nodes"][number]) => {
    const text = `${n.label} ${n.id} ${n.hash ?? ""}`.toLowerCase();
    return n.id === trace.root || wanted.every((word) => text.includes(word));
  };
  const gone = new Set(trace.nodes.filter((n) => hidden.has(n.kind) || !says(n)).map((n) => n.id));
  if (gone.size === 0) return trace;
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
