import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "@machines/store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addEdge, addNode, type NodeFacts, type NodeRef } from "./lineage.ts";
import { migrations } from "./tables.ts";
import { lineageOf, resolveNode, trace } from "./trace.ts";

let dir: string;
let db: Database;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-trace-"));
  db = await openDatabase({ dir }, migrations);
});

afterEach(async () => {
  await db.close();
  await rm(dir, { recursive: true, force: true });
});

/** Writes what handlers insert, as the indexer would: one event a block. */
class Book {
  #block = 0;
  readonly rows: { table: string; row: Record<string, unknown> }[] = [];
  event(
    write: (writer: {
      insert(table: string, row: Record<string, string | number | bigint | null>): void;
      onSettled(): void;
    }) => void,
  ) {
    const at = { block: ++this.#block, log_index: 0, tx: `0x${this.#block.toString(16).padStart(64, "0")}` };
    write({ insert: (table, row) => this.rows.push({ table, row: { ...row, ...at } }), onSettled: () => {} });
  }
  node(ref: NodeRef, facts?: NodeFacts) {
    this.event((writer) => addNode(writer, ref, facts));
  }
  edge(from: NodeRef, role: string, to: NodeRef) {
    this.event((writer) => addEdge(writer, from, role, to));
  }
  async save() {
    for (const { table, row } of this.rows) await db.kysely.insertInto(table).values(row).execute();
  }
}

const asset = (id: number): NodeRef => ({ kind: "asset", id: String(id) });
const run = { kind: "run", id: `0x${"0c".repeat(32)}` };
const decision = { kind: "decision", id: `0x${"0d".repeat(32)}` };
const payout = { kind: "payout", id: "1" };
const policy = { kind: "policy", id: "7" };

/** payout -> decision -> model -> run -> derived -> weather, and a second model that nobody asked. */
async function loop() {
  const book = new Book();
  book.node(asset(1), { label: "data: weather", statement: `0x${"01".repeat(32)}` });
  book.node(asset(2), { label: "derived: drought" });
  book.node(asset(3), { label: "model: score" });
  book.node(asset(4), { label: "model: other" });
  book.node(run, { label: "training run" });
  book.node(policy, { label: "season A" });
  book.node(decision, { label: "decision" });
  book.node(payout, { label: "payout" });
  book.edge(asset(2), "made from", asset(1));
  book.edge(asset(3), "learnt from", asset(2));
  book.edge(asset(3), "came from", run);
  book.edge(run, "trained on", asset(2));
  book.edge(asset(4), "learnt from", asset(2));
  book.edge(decision, "model", asset(3));
  book.edge(payout, "decided by", decision);
  book.edge(payout, "of", policy);
  await book.save();
}

describe("trace (SPEC S8, S9)", () => {
  test("goes from a payout down to the data, and nowhere else", async () => {
    await loop();
    const { nodes, edges, tree } = await trace({ db }, { id: "payout:1" });
    expect(nodes.map(({ kind }) => kind).sort()).toEqual([
      "asset",
      "asset",
      "asset",
      "decision",
      "payout",
      "policy",
      "run",
    ]);
    expect(nodes.some(({ id, kind }) => kind === "asset" && id === "4")).toBe(false);
    expect(edges).toHaveLength(7);
    expect(nodes[0]).toMatchObject({ ...payout, label: "payout" });
    expect(tree).toBe(
      [
        "payout 1  payout",
        "├─ decided by: decision 0x0d0d0d0d…0d0d  decision",
        "│  └─ model: asset 3  model: score",
        "│     ├─ learnt from: asset 2  derived: drought",
        "│     │  └─ made from: asset 1  data: weather",
        "│     └─ came from: run 0x0c0c0c0c…0c0c  training run",
        "│        └─ trained on: asset 2  derived: drought  (see above)",
        "└─ of: policy 7  season A",
      ].join("\n"),
    );
  });

  test("goes up from the data to everything that was made from it", async () => {
    await loop();
    const { nodes, tree } = await trace({ db }, { id: "asset:1" });
    expect(nodes.map(({ kind, id }) => `${kind}:${id}`)).toEqual(
      expect.arrayContaining(["asset:2", "asset:3", "asset:4", "payout:1"]),
    );
    expect(nodes.some(({ kind }) => kind === "policy")).toBe(false);
    expect(tree).toContain("used by\n└─ made from: asset 2");
    const down = await lineageOf({ db }, { id: "asset:1", direction: "sources" });
    expect(down.nodes).toHaveLength(1);
  });

  test("stops at the depth asked for and says so", async () => {
    await loop();
    const near = await lineageOf({ db }, { id: "payout:1", depth: 1 });
    expect(near.nodes).toHaveLength(3);
    expect(near.truncated).toBe(true);
    expect((await lineageOf({ db }, { id: "payout:1", depth: 5 })).truncated).toBe(false);
    await expect(lineageOf({ db }, { id: "payout:1", depth: 65 })).rejects.toThrow(/from 1 to 64/);
  });

  test("a bare id is enough while one kind has it, in any case of hex", async () => {
    await loop();
    expect(await resolveNode({ db }, "7")).toEqual(policy);
    expect(await resolveNode({ db }, run.id.toUpperCase().replace("0X", "0x"))).toEqual(run);
    await expect(resolveNode({ db }, "1")).rejects.toThrow("1 could be asset:1 or payout:1: say which");
    await expect(resolveNode({ db }, "99")).rejects.toThrow(/nothing in the lineage is called 99/);
    await expect(resolveNode({ db }, "asset:7")).rejects.toThrow(/nothing in the lineage/);
  });

  test("the newest word on each field of a node stands", async () => {
    const book = new Book();
    book.node(decision, { label: "asked" });
    book.node(decision, { statement: `0x${"0e".repeat(32)}` });
    book.node(decision, { label: "final", facts: { type: "assay/decision/1", output: "5" } });
    await book.save();
    const { nodes } = await lineageOf({ db }, { id: decision.id });
    expect(nodes[0]).toMatchObject({
      label: "final",
      statement: `0x${"0e".repeat(32)}`,
      facts: { output: "5" },
      block: "3",
    });
  });

  test("a ladder of diamonds does not explode, and rings end", async () => {
    const book = new Book();
    for (let step = 1; step <= 40; step++) {
      for (const side of [1000, 2000]) {
        book.node(asset(side + step));
        for (const below of [1000, 2000])
          if (step > 1) book.edge(asset(side + step), "made from", asset(below + step - 1));
      }
    }
    book.edge(asset(1001), "made from", asset(1040));
    await book.save();
    const started = performance.now();
    const { nodes, tree } = await trace({ db }, { id: "1040", depth: 64 });
    expect(nodes).toHaveLength(80);
    expect(tree.split("\n").length).toBeLessThan(400);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
