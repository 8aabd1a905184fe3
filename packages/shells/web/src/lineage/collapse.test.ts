import { describe, expect, it } from "vitest";
import type { Trace } from "../model.ts";
import { collapse } from "./collapse.ts";

const node = (id: string, kind: string) => ({ id, kind, label: id, finality: "final" as const });
const trace: Trace = {
  nodes: [node("a", "data"), node("b", "run"), node("c", "run"), node("d", "model"), node("e", "data")],
  edges: [
    { from: "a", to: "b", label: "read" },
    { from: "b", to: "c" },
    { from: "c", to: "d" },
    { from: "a", to: "d", label: "trained on" },
    { from: "e", to: "c" },
  ],
};

describe("collapse", () => {
  it("joins what hidden things joined, over any number of them", () => {
    const { nodes, edges } = collapse(trace, new Set(["run"]));
    expect(nodes.map((n) => n.id)).toEqual(["a", "d", "e"]);
    expect(edges.map((e) => `${e.from}${e.to}`).sort()).toEqual(["ad", "ed"]);
  });

  it("changes nothing when nothing is hidden, and survives a cycle", () => {
    expect(collapse(trace, new Set())).toBe(trace);
    const round = { nodes: trace.nodes.slice(0, 3), edges: [...trace.edges.slice(0, 2), { from: "c", to: "b" }] };
    expect(collapse(round, new Set(["run"])).edges).toEqual([]);
  });

  it("takes out what lacks one of the words, never the subject, and keeps joined what it joined", () => {
    const asked = { ...trace, root: "d", nodes: trace.nodes.map((n) => ({ ...n, label: `${n.kind} #${n.id}` })) };
    const { nodes, edges } = collapse(asked, new Set(), "DATA #a");
    expect(nodes.map((n) => n.id)).toEqual(["a", "d"]);
    expect(edges.map((e) => `${e.from}${e.to}`)).toEqual(["ad"]);
    expect(collapse(asked, new Set(["data"]), "data").nodes.map((n) => n.id)).toEqual(["d"]);
    expect(collapse(asked, new Set(), "  ")).toBe(asked);
  });
});
