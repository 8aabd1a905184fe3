import ELK from "elkjs/lib/elk-api.js";
import type { ElkNode, ELK as Engine } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { Trace } from "../reads.ts";

export const NODE_WIDTH = 196;
export const NODE_HEIGHT = 74;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where each thing stands and how each edge runs, in pixels from the top left. */
export interface Places {
  readonly nodes: ReadonlyMap<string, Point>;
  /** By `from to`: SVG path data. */
  readonly routes: ReadonlyMap<string, string>;
  readonly width: number;
  readonly height: number;
}

let engine: Engine | undefined;

/** Lays the lineage out in layers in a worker, so that a large graph never holds up the page. */
export async function layout(trace: Trace, direction: "RIGHT" | "DOWN"): Promise<Places> {
  engine ??= new (ELK as unknown as new (options: { workerUrl: string }) => Engine)({ workerUrl });
  const graph: ElkNode = {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": direction,
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.layered.spacing.nodeNodeBetweenLayers": direction === "RIGHT" ? "40" : "36",
      "elk.layered.spacing.edgeNodeBetweenLayers": "14",
      "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
      "elk.spacing.nodeNode": "24",
      "elk.spacing.edgeNode": "16",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.layered.considerModelOrder.strategy": "PREFER_NODES",
      "elk.padding": "[top=8,left=8,bottom=8,right=8]",
    },
    children: trace.nodes.map((n) => ({ id: n.id, width: NODE_WIDTH, height: NODE_HEIGHT })),
    edges: trace.edges.map((e) => ({ id: `${e.from} ${e.to}`, sources: [e.from], targets: [e.to] })),
  };
  const laid = await engine.layout(graph);
  const routes = (laid.edges ?? []).map((edge): [string, string] => {
    const section = edge.sections?.[0];
    return [edge.id, section ? rounded([section.startPoint, ...(section.bendPoints ?? []), section.endPoint]) : ""];
  });
  return {
    nodes: new Map((laid.children ?? []).map((child) => [child.id, { x: child.x ?? 0, y: child.y ?? 0 }])),
    routes: new Map(routes),
    width: laid.width ?? 0,
    height: laid.height ?? 0,
  };
}

/** A line through the points with its corners cut round. */
function rounded(points: readonly Point[], radius = 9): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = [`M${first.x} ${first.y}`];
  rest.forEach((point, n) => {
    const before = points[n] as Point;
    const after = rest[n + 1];
    if (!after) {
      parts.push(`L${point.x} ${point.y}`);
      return;
    }
    const towards = (to: Point) => {
      const length = Math.hypot(to.x - point.x, to.y - point.y) || 1;
      const part = Math.min(radius, length / 2) / length;
      return `${point.x + (to.x - point.x) * part} ${point.y + (to.y - point.y) * part}`;
    };
    parts.push(`L${towards(before)}`, `Q${point.x} ${point.y} ${towards(after)}`);
  });
  return parts.join("");
}
