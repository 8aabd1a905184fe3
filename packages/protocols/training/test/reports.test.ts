// What a model does to groups, and which rows an answer comes from: on record, and measured again.
import { verifySorted } from "@base/bytes/sortedTree.ts";
import { assets } from "@records/assets";
import type { PublishedTable } from "@records/assets/publishTable.ts";
import type { Receipt } from "@records/assets/receipt.ts";
import { row } from "@records/assets/row.ts";
import { signStatement, scopeOf } from "@records/assets/sign.ts";
import { rememberSignature } from "@records/assets/signatures.ts";
import type { Lineage } from "@records/assets/trace.ts";
import { verifyOffline } from "@records/assets/verifyOffline.ts";
import { verifyReceipt } from "@records/assets/verify.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FairnessReport } from "../src/fairness.ts";
import { training } from "../src/index.ts";
import type { InfluenceReport } from "../src/influence.ts";
import { recordReports } from "../src/recordReports.ts";
import { onPublished } from "../src/reportEvents.ts";
import { reports } from "../src/reports.ts";
import { nameReport } from "../src/signReport.ts";
import type { TrainedModel } from "../src/train.ts";
import { GROUP_HEADER, GROUP_RECIPE, GROUP_ROWS } from "./groups.ts";
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";

let node: TestNode;
let loans: PublishedTable;
let judge: TrainedModel;
let fair: FairnessReport;
let traced: InfluenceReport;
const call = async <T>(name: string, input: unknown): Promise<T> => (await node.runtime.call(name, input)) as T;
/** The last row is a copy of row 40 that says the opposite. */
const csv = [GROUP_HEADER, ...GROUP_ROWS, "b,0,40,1"].join("\n");
interface Verified {
  readonly verified: boolean;
  readonly checks: { name: string; ok: boolean; skipped?: boolean; detail: string }[];
}
interface Listed {
  readonly fairness: { statement: string; group: string }[];
  readonly influence: { statement: string; answer: string }[];
}

beforeAll(async () => {
  node = await startTestNode({ capabilities: [assets, row, training, reports], names: ["owner"] });
  loans = await call("assets.publish", { content: csv, name: "loans" });
  judge = await call("training.train", { data: [loans.id], recipe: GROUP_RECIPE });
  fair = await call("report.fairness", { model: judge.id, data: loans.id, group: "group" });
  traced = await call("report.influence", { model: judge.id, data: loans.id, row: 40, top: 5 });
});

afterAll(() => node.close());

describe("reports on a model (SPEC T13-T17)", () => {
  test("fairness has rates and calibration by group, signed and stored", async () => {
    expect(fair.groups.map(({ group, rows }) => [group, rows])).toEqual([
      ["a", 40],
      ["b", 81],
    ]);
    expect(fair.calibration.map(({ group, bins }) => [group, bins.reduce((sum, { rows }) => sum + rows, 0)])).toEqual([
      ["a", 40],
      ["b", 81],
    ]);
    const { groups, calibration, id } = fair;
    expect(await node.context.store.getJson(fair.statement)).toMatchObject({
      type: "assay/fairness/2",
      id,
      groups,
      calibration,
    });
  });

  test("rows that trained are counted, and the rows that the model has not seen can be measured alone", async () => {
    expect(fair).toMatchObject({ rows: 121, trained: 119 });
    expect(fair.text).toMatch(/119 of them trained the model/);
    const input = { model: judge.id, data: loans.id, group: "group" };
    const test = await call<FairnessReport>("report.fairness", { ...input, part: "test" });
    expect(test).toMatchObject({ rows: 2, trained: 0 });
    expect((await call<Verified>("report.verify", { report: test.statement })).verified).toBe(true);
    const copy = await call<PublishedTable>("assets.publish", { content: `${csv}\nb,1,1,0`, name: "other" });
    expect(await call("report.fairness", { ...input, data: copy.id })).toMatchObject({ rows: 122, trained: null });
    await expect(call("report.fairness", { ...input, data: copy.id, part: "test" })).rejects.toThrow(/no part test/);
  });

  test("a model that does not say yes or no has no groups to compare", async () => {
    const number = { ...GROUP_RECIPE, task: "regression", inputs: [{ column: "m" }], target: "n" };
    const other = await call<TrainedModel>("training.train", { data: [loans.id], recipe: number });
    await expect(call("report.fairness", { model: other.id, data: loans.id, group: "group" })).rejects.toThrow(
      /by yes and no/,
    );
    const found = await call<InfluenceReport>("report.influence", { model: other.id, data: loans.id, row: 4 });
    expect(found).toMatchObject({ unit: "target", answer: expect.stringMatching(/(above|below) the typical answer/) });
  });

  test("the wrongly labelled copy leads the rows against the answer, and each row is proved to have trained", async () => {
    expect(traced).toMatchObject({ answer: "no", method: "leaf-removal", unit: "log-odds" });
    expect(traced.against[0]).toMatchObject({
      row: GROUP_ROWS.length,
      asset: loans.id,
      at: GROUP_ROWS.length,
      cells: "group=b n=0 m=40 yes=1",
    });
    for (const { value, hash, proof } of [...traced.for, ...traced.against]) {
      expect(value).not.toBe(0);
      expect(verifySorted(traced.trained as never, hash as `0x${string}`, proof as never)).toMatchObject({
        ok: true,
        included: true,
      });
    }
    expect(traced.for.every(({ value }) => value < 0) && traced.against.every(({ value }) => value > 0)).toBe(true);
    const { answer } = await call<{ answer: Record<string, { included: boolean }> }>("row.prove", {
      of: judge.id,
      index: GROUP_ROWS.length,
    });
    expect(answer["train"]?.included).toBe(true);
    expect(traced.text).toMatch(/What this cannot say:/);
  });

  test("the record of a trace has no cell of any row", async () => {
    const stored = JSON.stringify(await node.context.store.getJson(traced.statement));
    expect(stored).not.toMatch(/"cells"|group=|"m"/);
  });

  test("both stand in the lineage of the model, and a receipt measures them again", async () => {
    const { nodes, edges } = await call<Lineage>("assets.trace", { id: `asset:${judge.id}`, direction: "uses" });
    expect(nodes.map(({ kind, label }) => `${kind} ${label}`)).toEqual(
      expect.arrayContaining(["fairness fairness by group", "influence influence: no"]),
    );
    expect(edges.map(({ role }) => role)).toEqual(expect.arrayContaining(["measures", "traces an answer of"]));
    for (const id of [`fairness:${fair.id}`, `influence:${traced.id}`]) {
      const receipt = await call<Receipt>("assets.receipt", { id });
      const report = await verifyReceipt(node.context, receipt, { ...training.verifiers, ...reports.verifiers });
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report.checks.find(({ name }) => name === "measured again")?.detail).toMatch(/the same bytes/);
    }
  });

  test("they come back with the event that published the model, and stand there once", async () => {
    const { db } = node.context;
    const count = async () =>
      (await db.kysely.selectFrom("ix_nodes").select("id").where("kind", "in", ["fairness", "influence"]).execute())
        .length;
    const before = await count();
    await db.kysely.deleteFrom("ix_nodes").where("kind", "in", ["fairness", "influence"]).execute();
    await db.kysely.deleteFrom("ix_edges").where("from_kind", "in", ["fairness", "influence"]).execute();
    const queued: unknown[] = [];
    const event = { contract: "Assets", name: "Published", args: { id: BigInt(judge.id) } };
    const writer = { insert: () => {}, onSettled: (...job: unknown[]) => void queued.push(job) };
    onPublished(event as never, writer, []);
    expect(queued).toEqual([["report.record", judge.id, { model: judge.id }]]);
    for (const model of [judge.id, judge.id, "999"]) await recordReports(node.context, { model });
    const all = await db.kysely.selectFrom("reports").select("model").execute();
    expect(await count()).toBe(all.filter(({ model }) => model === judge.id).length);
    expect(before).toBeGreaterThanOrEqual(await count());
    expect((await call<Verified>("report.verify", { report: fair.statement })).verified).toBe(true);
  });

  test("measured again they give the same bytes, under the hash or the name", async () => {
    for (const report of [fair.statement, `fairness:${fair.id}`, traced.statement, `influence:${traced.id}`]) {
      const { verified, checks } = await call<Verified>("report.verify", { report });
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(verified).toBe(true);
    }
    await expect(call("report.verify", { report: judge.run })).rejects.toThrow(/no report/);
    await expect(call("report.verify", { report: "sex" })).rejects.toThrow(/is no report/);
  });

  test("a report that was made up is found out, field by field", async () => {
    const { context } = node;
    const { id: _, ...content } = (await context.store.getJson(fair.statement)) as Record<string, unknown>;
    const forged = nameReport({ ...content, disparateImpact: 0.99 });
    const signed = await signStatement(context.identities.get("owner").account, scopeOf(context), forged);
    await context.store.putJson(forged);
    await rememberSignature(context, signed);
    await context.db.kysely.insertInto("reports").values({ report: signed.hash, model: judge.id }).execute();
    await recordReports(context, { model: judge.id });
    const { verified, checks } = await call<Verified>("report.verify", { report: signed.hash });
    expect(verified).toBe(false);
    expect(checks.find(({ ok }) => !ok)).toMatchObject({
      name: "measured again",
      detail: "measured again, other: disparateImpact",
    });
    const borrowed = { ...content, id: fair.id, threshold: 0.4 };
    const found: unknown[] = [];
    for await (const check of (await import("../src/verifyReport.ts")).checkReport(context, borrowed))
      found.push(check);
    expect(found[0]).toMatchObject({ name: "name", ok: false });
  });

  test("without a node the trace of a salted training is not measured again, and says why", async () => {
    const salted = await call<TrainedModel>("training.train", {
      data: [loans.id],
      recipe: { ...GROUP_RECIPE, seed: 4 },
      salted: true,
    });
    const { id } = await call<InfluenceReport>("report.influence", {
      model: salted.id,
      data: loans.id,
      row: 40,
      top: 5,
    });
    const receipt = await call<Receipt>("assets.receipt", { id: `influence:${id}`, bytes: true });
    const { checks, verified } = await verifyOffline(receipt, {
      anchors: [],
      abis: { Assets: node.context.contracts.get("Assets").abi },
      verifiers: { ...training.verifiers, ...reports.verifiers },
    });
    expect(verified).toBe(true);
    expect(checks.find(({ name }) => name === "measured again")).toMatchObject({
      skipped: true,
      detail: expect.stringMatching(/with a salt that this node does not have/),
    });
  });

  test("the list has the reports of this model alone, the newest first", async () => {
    const { fairness, influence } = await call<Listed>("report.list", { model: judge.id });
    expect(fairness.map(({ statement }) => statement)).toContain(fair.statement);
    expect(influence.map(({ answer }) => answer)).toEqual(["no"]);
    expect(await call<Listed>("report.list", { model: "999" })).toEqual({ fairness: [], influence: [] });
  });

  test("a row from a file is traced too, but only its hash is on record, and nobody can ask again", async () => {
    const found = await call<InfluenceReport>("report.influence", { model: judge.id, content: "n,m\n3,5\n" });
    const { verified, checks } = await call<Verified>("report.verify", { report: found.statement });
    expect(verified).toBe(false);
    expect(checks.find(({ skipped }) => skipped)?.detail).toMatch(/from a file/);
  });
});
