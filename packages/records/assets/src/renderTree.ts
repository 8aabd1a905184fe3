import { key, type NodeRef } from "./lineage.ts";
import type { Lineage, LineageEdge } from "./trace.ts";

/**
 * A lineage as lines of text: the subject, below it what it stands on, and then what was made from it.
 * A node that comes again is named once more without its branch, so the picture stays as small as the graph.
 */
export function renderTree(lineage: Lineage): string {
  const name = names();
  const labels = new Map(lineage.nodes.map((node) => [key(node), node.label]));
  const title = (ref: NodeRef) => {
    const label = labels.get(name(ref)) ?? "";
    const short = ref.id.length > 20 ? `${ref.id.slice(0, 10)}…${ref.id.slice(-4)}` : ref.id;
    return label && label !== name(ref) ? `${ref.kind} ${short}  ${label}` : `${ref.kind} ${short}`;
  };
  const lines: string[] = [title(lineage.subject)];
  const branch = (
    edges: readonly LineageEdge[],
    next: ReadonlyMap<string, readonly LineageEdge[]>,
    way: "to" | "from",
    seen: Set<string>,
    indent: string,
  ) => {
    edges.forEach((edge, index) => {
      const child = name(edge[way]);
      const last = index === edges.length - 1;
      const again = seen.has(child);
      const below = next.get(child);
      lines.push(
        `${indent}${last ? "└─" : "├─"} ${edge.role}${edge.via ? ` (past ${edge.via.map(({ kind }) => kind).join(", ")})` : ""}: ${title(edge[way])}${again && below ? "  (see above)" : ""}`,
      );
      if (again) return;
      seen.add(child);
      if (below) branch(below, next, way, seen, `${indent}${last ? "   " : "│  "}`);
    });
  };
  const subject = key(lineage.subject);
  const sources = groupBy(lineage.edges, (edge) => name(edge.from));
  branch(sources.get(subject) ?? [], sources, "to", new Set([subject]), "");
  const uses = groupBy(lineage.edges, (edge) => name(edge.to));
  const above = uses.get(subject);
  if (above) {
    lines.push("used by");
    branch(above, uses, "from", new Set([subject]), "");
  }
  if (lineage.truncated)
    lines.push("… and more: ask with a larger --depth, or from a node nearer to what you look for");
  return lines.join("\n");
}

/** `key`, made once for each object: a lineage names one node in many edges by the same object. */
function names(): (ref: NodeRef) => string {
  const made = new Map<NodeRef, string>();
  return (ref) => {
    const known = made.get(ref);
    if (known !== undefined) return known;
    const name = key(ref);
    made.set(ref, name);
    return name;
  };
}

function groupBy(edges: readonly LineageEdge[], of: (edge: LineageEdge) => string): Map<string, LineageEdge[]> {
  const groups = new Map<string, LineageEdge[]>();
  for (const edge of edges) {
    const group = groups.get(of(edge));
    if (group) group.push(edge);
    else groups.set(of(edge), [edge]);
  }
  return groups;
}
