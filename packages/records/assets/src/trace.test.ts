import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "@machines/store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addEdge, addNode, edgeRow, type NodeFacts, type NodeRef, nodeRow } from "./lineage.ts";
import { migrations } from "./tables.ts";
import { databases, openTestDatabase } from "../test/node.ts";
import { statementHash } from "./sign.ts";
import { MAX_NODES, lineageOf, resolveNode, trace } from "./trace.ts";

let dir: string;
let db: Database;
let drop: () => Promise<void>;

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

describe.each(databases)("trace on %s (SPEC S8, S9, S12)", (engine) => {
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "assay-trace-"));
    ({ db, drop } = await openTestDatabase(engine, dir, migrations));
  });

  afterEach(async () => {
    await db.close();
    await drop();
    await rm(dir, { recursive: true, force: true });
  });

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

  test("every edge names what proves it: event, statement of the newer end, signature", async () => {
    await loop();
    const statement = `0x${"02".repeat(32)}`;
    const facts = { type: "assay/decision/1", id: decision.id };
    const at = { block: 90, log_index: 3, tx: `0x${"90".repeat(32)}` };
    const insert = (table: string, row: Record<string, unknown>) => db.kysely.insertInto(table).values(row).execute();
    await insert("ix_nodes", { ...nodeRow(asset(2), { statement }), ...at });
    await insert("ix_nodes", { ...nodeRow(decision, { facts }), ...at });
    await insert("ix_edges", { ...edgeRow(asset(2), "made from", asset(1)), ...at });
    for (const signer of ["0xbb", "0xaa"]) await insert("signatures", { hash: statement, signer, signature: "0x99" });
    const { edges } = await lineageOf({ db }, { id: "payout:1" });
    const proofOf = (from: NodeRef) =>
      edges.find((edge) => edge.from.kind === from.kind && edge.from.id === from.id)?.proof;
    expect(proofOf(asset(2))).toEqual({
      block: "90",
      logIndex: 3,
      tx: at.tx,
      statement,
      signer: "0xaa",
      signature: "0x99",
    });
    expect(proofOf(decision)).toMatchObject({ statement: statementHash(facts), signer: null });
    expect(proofOf(payout)).toMatchObject({ statement: null, logIndex: 0, tx: expect.stringMatching(/^0x/) });
    expect(edges.filter(({ from }) => from.kind === "asset" && from.id === "2")).toHaveLength(1);
  });

  test("a signature beside its statement stands without a look for it, and only for that statement", async () => {
    await loop();
    const write = (facts: NodeFacts, block: number) =>
      db.kysely
        .insertInto("ix_nodes")
        .values({ ...nodeRow(asset(2), facts), block, log_index: 0, tx: `0x${"91".repeat(32)}` })
        .execute();
    const proof = async () =>
      (await lineageOf({ db }, { id: "asset:2", direction: "sources" })).edges.find(({ from }) => from.id === "2")
        ?.proof;
    const statement = `0x${"02".repeat(32)}`;
    const signed = { signer: "0xaa", signature: "0x99" };
    await write({ label: "two", statement, signed }, 91);
    expect(await proof()).toMatchObject({ statement, ...signed });
    await write({ label: "two again" }, 92);
    expect(await proof()).toMatchObject({ statement, ...signed });
    const newer = `0x${"03".repeat(32)}`;
    await write({ statement: newer }, 93);
    expect(await proof()).toMatchObject({ statement: newer, signer: null, signature: null });
  });

  test("filters take out kinds, owners and times, and what stood on each other stays joined", async () => {
    await loop();
    const only = async (filter: object) => {
      const { nodes, edges } = await trace({ db }, { id: "payout:1", ...filter });
      return { nodes: nodes.map(({ kind, id }) => `${kind}:${id.slice(0, 4)}`), edges };
    };
    const assets = await only({ kinds: ["asset"] });
    expect(assets.nodes).toEqual(["payout:1", "asset:3", "asset:2", "asset:1"]);
    expect(assets.edges.map(({ from, to, via }) => [from.id, to.id, via?.map(({ kind }) => kind)])).toEqual([
      ["1", "3", ["decision"]],
      ["3", "2", undefined],
      ["2", "1", undefined],
    ]);
    const at = { block: 99, log_index: 0, tx: "0x" };
    for (const [block, owner] of [
      [98, "0xaa"],
      [99, "0xbb"],
    ] as const)
      await db.kysely
        .insertInto("ix_asset_owners")
        .values({ id: "2", owner, ...at, block })
        .execute();
    expect((await only({ owner: "0xBB" })).nodes).toEqual(["payout:1", "asset:2"]);
    expect((await only({ owner: "0xaa" })).nodes).toEqual(["payout:1"]);
    expect((await only({ since: "3", until: "7" })).nodes).toEqual([
      "payout:1",
      "decision:0x0d",
      "policy:7",
      "asset:3",
      "run:0x0c",
    ]);
    await expect(only({ since: "yesterday" })).rejects.toThrow(/since is a block number or a moment/);
  });

  test("a moment is found among the blocks", async () => {
    await loop();
    const client = {
      getBlockNumber: async () => 100n,
      getBlock: async ({ blockNumber }: { blockNumber: bigint }) => ({
        timestamp: 1_767_225_600n + blockNumber * 86_400n,
      }),
    };
    const chain = { client } as never;
    const nodes = async (filter: object) => (await trace({ db, chain }, { id: "payout:1", ...filter })).nodes.length;
    expect(await nodes({ since: "2026-01-01" })).toBe(7);
    expect(await nodes({ since: "2026-01-04", until: "2026-01-08" })).toBe(5);
    expect(await nodes({ since: "2027-01-01" })).toBe(1);
  });

  test("what everybody uses is read up to the bound, and said to be cut", async () => {
    const rows = Array.from({ length: MAX_NODES * 2 }, (_, i) => ({
      ...edgeRow(asset(10 + i), "made from", asset(1)),
      block: i,
      log_index: 0,
      tx: "0x",
    }));
    for (let from = 0; from < rows.length; from += 500)
      await db.kysely
        .insertInto("ix_edges")
        .values(rows.slice(from, from + 500))
        .execute();
    await db.kysely
      .insertInto("ix_nodes")
      .values({ ...nodeRow(asset(1), {}), block: 1, log_index: 0, tx: "0x" })
      .execute();
    const { nodes, truncated } = await lineageOf({ db }, { id: "asset:1", direction: "uses" });
    expect(nodes).toHaveLength(MAX_NODES);
    expect(truncated).toBe(true);
  });
});

test("a database of before goes on: signatures beside the lineage are found, and later ones lie in it", async () => {
  const before = await mkdtemp(join(tmpdir(), "assay-trace-"));
  try {
    const at = { block: 1, log_index: 0, tx: "0x" };
    const signed = { signer: "0xaa", signature: "0x99" };
    const [first, second] = [`0x${"01".repeat(32)}`, `0x${"02".repeat(32)}`];
    const old = await openDatabase({ dir: before }, migrations.slice(0, 4));
    const insert = (into: Database, table: string, row: object) => into.kysely.insertInto(table).values(row).execute();
    await insert(old, "ix_nodes", { kind: "asset", id: "1", label: "one", statement: null, facts: null, ...at });
    await insert(old, "ix_nodes", { kind: "asset", id: "1", label: null, statement: first, facts: null, ...at });
    await insert(old, "ix_edges", { ...edgeRow(asset(1), "made from", asset(0)), ...at });
    await insert(old, "signatures", { hash: first, ...signed });
    await old.close();
    const now = await openDatabase({ dir: before }, migrations);
    await insert(now, "ix_nodes", { ...nodeRow(asset(2), { statement: second, signed }), ...at });
    await insert(now, "ix_edges", { ...edgeRow(asset(2), "made from", asset(1)), ...at });
    const { edges, nodes } = await lineageOf({ db: now }, { id: "asset:2" });
    expect(nodes.map(({ label }) => label)).toEqual(["asset:2", "one", "asset:0"]);
    expect(edges.map(({ proof }) => [proof.statement, proof.signer, proof.signature])).toEqual([
      [second, "0xaa", "0x99"],
      [first, "0xaa", "0x99"],
    ]);
    await now.close();
  } finally {
    await rm(before, { recursive: true, force: true });
  }
});
