import { key, type NodeRef } from "./lineage.ts";
import type { Lineage, LineageEdge } from "./trace.ts";

/**
 * A lineage as lines of text: the subject, below it what it stands on, and then what was made from it.
 * A node that comes again is named once more without its branch, so the picture stays as small as the graph.
 */
export function renderTree(lineage: Lineage): string {
  const labels = new Map(lineage.nodes.map((node) => [key(node), node.label]));
  const title = (ref: NodeRef) => {
    const label = labels.get(key(ref)) ?? "";
    const short = ref.id.length > 20 ? `${ref.id.slice(0, 10)}…${ref.id.slice(-4)}` : ref.id;
    return label && label !== key(ref) ? `${ref.kind} ${short}  ${label}` : `${ref.kind} ${short}`;
  };
  const lines: string[] = [title(lineage.subject)];
  const branch = (
    ref: NodeRef,
    next: ReadonlyMap<string, readonly LineageEdge[]>,
    way: "to" | "from",
    seen: Set<string>,
    indent: string,
  ) => {
    const edges = next.get(key(ref)) ?? [];
    edges.forEach((edge, index) => {
      const child = edge[way];
      const last = index === edges.length - 1;
      const again = seen.has(key(child));
      const more = again && (next.get(key(child))?.length ?? 0) > 0 ? "  (see above)" : "";
      lines.push(
        `${indent}${last ? "└─" : "├─"} ${edge.role}${edge.via ? ` (past ${edge.via.map(({ kind }) => kind).join(", ")})` : ""}: ${title(child)}${more}`,
      );
      if (again) return;
      seen.add(key(child));
      branch(child, next, way, seen, `${indent}${last ? "   " : "│  "}`);
    });
  };
  branch(
    lineage.subject,
    groupBy(lineage.edges, (edge) => key(edge.from)),
    "to",
    new Set([key(lineage.subject)]),
    "",
  );
  const uses = groupBy(lineage.edges, (edge) => key(edge.to));
  if (uses.has(key(lineage.subject))) {
    lines.push("used by");
    branch(lineage.subject, uses, "from", new Set([key(lineage.subject)]), "");
  }
  if (lineage.truncated)
    lines.push("… and more: ask with a larger --depth, or from a node nearer to what you look for");
  return lines.join("\n");
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
