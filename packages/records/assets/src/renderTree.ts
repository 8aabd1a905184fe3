import { key, type NodeRef } from "./lineage.ts";
import type { Lineage, LineageEdge, LineageNode } from "./trace.ts";

/** An edge from where it is drawn, and the number of the node at its other end. */
interface Branch {
  readonly edge: LineageEdge;
  readonly end: number;
}

/**
 * A lineage as lines of text: the subject, below it what it stands on, and then what was made from it.
 * A node that comes again is named once more without its branch, so the picture stays as small as the graph.
 */
export function renderTree(lineage: Lineage): string {
  const number = numbering();
  const titles: string[] = [];
  for (const node of lineage.nodes) titles[number(node)] = title(node);
  const sources: Branch[][] = [];
  const uses: Branch[][] = [];
  for (const edge of lineage.edges) {
    const [from, to] = [number(edge.from), number(edge.to)];
    titles[from] ??= title(edge.from);
    titles[to] ??= title(edge.to);
    sources[from] ??= [];
    sources[from].push({ edge, end: to });
    uses[to] ??= [];
    uses[to].push({ edge, end: from });
  }
  const subject = number(lineage.subject);
  const lines: string[] = [titles[subject] ?? title(lineage.subject)];
  const draw = (branches: readonly Branch[], next: readonly Branch[][], seen: boolean[], indent: string) => {
    for (let i = 0; i < branches.length; i++) {
      const { edge, end } = branches[i] as Branch;
      const last = i === branches.length - 1;
      const below = next[end];
      const again = seen[end];
      const past = edge.via ? ` (past ${edge.via.map(({ kind }) => kind).join(", ")})` : "";
      const above = again && below ? "  (see above)" : "";
      lines.push(`${indent}${last ? "└─" : "├─"} ${edge.role}${past}: ${titles[end]}${above}`);
      if (again) continue;
      seen[end] = true;
      if (below) draw(below, next, seen, `${indent}${last ? "   " : "│  "}`);
    }
  };
  const start = () => {
    const seen: boolean[] = [];
    seen[subject] = true;
    return seen;
  };
  draw(sources[subject] ?? [], sources, start(), "");
  if (uses[subject]) {
    lines.push("used by");
    draw(uses[subject], uses, start(), "");
  }
  if (lineage.truncated)
    lines.push("… and more: ask with a larger --depth, or from a node nearer to what you look for");
  return lines.join("\n");
}

function title(node: NodeRef & Partial<Pick<LineageNode, "label">>): string {
  const short = node.id.length > 20 ? `${node.id.slice(0, 10)}…${node.id.slice(-4)}` : node.id;
  const named = node.label && node.label !== key(node);
  return named ? `${node.kind} ${short}  ${node.label}` : `${node.kind} ${short}`;
}

/** Numbers of nodes. By kind and id apart: their names would have to be built and hashed at each mention. */
function numbering(): (ref: NodeRef) => number {
  const kinds = new Map<string, Map<string, number>>();
  let count = 0;
  return ({ kind, id }) => {
    const ids = kinds.get(kind) ?? new Map<string, number>();
    const known = ids.get(id);
    if (known !== undefined) return known;
    kinds.set(kind, ids);
    ids.set(id, count);
    return count++;
  };
}
