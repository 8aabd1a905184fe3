import {
  Background,
  BaseEdge,
  Controls,
  type Edge,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useEffect, useMemo } from "react";
import type { Trace, TraceNode } from "../reads.ts";
import { short } from "../format.ts";
import { t } from "../strings.ts";
import { Mark } from "../ui/mark.tsx";
import { NODE_HEIGHT, NODE_WIDTH, type Places } from "./layout.ts";

type ThingNode = Node<{ thing: TraceNode; picked: boolean; dim: boolean; down: boolean }, "thing">;

function Thing({ data }: NodeProps<ThingNode>) {
  const { thing, picked, dim, down } = data;
  return (
    <div className={`thing kind-${thing.kind} ${picked ? "picked" : ""} ${dim ? "faded" : ""} thing-${thing.finality}`}>
      <Handle type="target" position={down ? Position.Top : Position.Left} isConnectable={false} />
      <span className="thing-head">
        <span className="thing-kind">{t.lineage.kinds[thing.kind] ?? thing.kind}</span>
        <Mark state={thing.finality} bare />
      </span>
      <span className="thing-label">{thing.label}</span>
      <span className="thing-id mono">{short(thing.hash ?? thing.ref ?? thing.id, 10, 6)}</span>
      <Handle type="source" position={down ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  );
}

const nodeTypes = { thing: Thing };
function Route({ id, data }: EdgeProps<Edge<{ path: string }>>) {
  return <BaseEdge id={id} path={data?.path ?? ""} />;
}

const edgeTypes = { route: Route };

/** Everything up- and downstream of one node, so that its path stands out. */
function pathOf(trace: Trace, id: string | undefined): ReadonlySet<string> {
  if (id === undefined) return new Set();
  const found = new Set([id]);
  for (const [a, b] of [
    ["from", "to"],
    ["to", "from"],
  ] as const) {
    const queue = [id];
    for (let here = queue.pop(); here !== undefined; here = queue.pop()) {
      for (const e of trace.edges) {
        if (e[a] !== here || found.has(e[b])) continue;
        found.add(e[b]);
        queue.push(e[b]);
      }
    }
  }
  return found;
}

/** On a phone the picture starts at its oldest thing, at a size that can be read; it can be moved from there. */
function topOf(trace: Trace, places: Places) {
  const zoom = 0.72;
  const first = [...trace.nodes].sort((a, b) => (places.nodes.get(a.id)?.y ?? 0) - (places.nodes.get(b.id)?.y ?? 0))[0];
  const x = first ? (places.nodes.get(first.id)?.x ?? 0) : 0;
  return { x: (Math.min(innerWidth, 700) - 32) / 2 - (x + NODE_WIDTH / 2) * zoom, y: 14, zoom };
}

interface GraphProps {
  readonly trace: Trace;
  readonly places: Places;
  readonly down: boolean;
  readonly picked: string | undefined;
  readonly onPick: (id: string | undefined) => void;
}

function Inner({ trace, places, down, picked, onPick }: GraphProps) {
  const path = useMemo(() => pathOf(trace, picked), [trace, picked]);
  const nodes = useMemo<ThingNode[]>(
    () =>
      trace.nodes.map((thing) => ({
        id: thing.id,
        type: "thing",
        position: places.nodes.get(thing.id) ?? { x: 0, y: 0 },
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        data: { thing, picked: thing.id === picked, dim: picked !== undefined && !path.has(thing.id), down },
        draggable: false,
        ariaLabel: `${t.lineage.kinds[thing.kind] ?? thing.kind}: ${thing.label}, ${t.finality[thing.finality]}`,
      })),
    [trace, places, picked, path, down],
  );
  const edges = useMemo<Edge[]>(
    () =>
      trace.edges.map((e) => {
        const lit = picked !== undefined && path.has(e.from) && path.has(e.to);
        return {
          id: `${e.from} ${e.to}`,
          source: e.from,
          target: e.to,
          className: lit ? "lit" : picked === undefined ? "" : "faded",
          type: "route",
          data: { path: places.routes.get(`${e.from} ${e.to}`) ?? "" },
          focusable: false,
        };
      }),
    [trace, places, picked, path],
  );
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onPick(undefined);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onPick]);
  const ratio = places.height / Math.max(places.width, 1);
  const open = (event: React.KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    const id = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    if (id) onPick(id);
  };
  return (
    <section
      className="graph"
      aria-label={t.lineage.graphLabel}
      onKeyDown={open}
      style={{ "--ratio": ratio } as React.CSSProperties}
    >
      <ReactFlow
        key={`${places.width}-${places.height}-${down}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodeClick={(_, node) => onPick(node.id)}
        onPaneClick={() => onPick(undefined)}
        nodesConnectable={false}
        nodesDraggable={false}
        elementsSelectable
        {...(down ? { defaultViewport: topOf(trace, places) } : { fitView: true })}
        fitViewOptions={{ padding: 0.04, maxZoom: 1.1, minZoom: 0.35 }}
        minZoom={0.15}
        maxZoom={2}
        onlyRenderVisibleElements={trace.nodes.length > 150}
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={22} size={1.2} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

/** The lineage as a picture that can be moved and zoomed; Tab and Enter reach every thing. */
export function Graph(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <Inner {...props} />
    </ReactFlowProvider>
  );
}
