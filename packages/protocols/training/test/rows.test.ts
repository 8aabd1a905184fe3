import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assets } from "@records/assets";
import type { PublishedTable } from "@records/assets/publishTable.ts";
import type { Receipt } from "@records/assets/receipt.ts";
import { row } from "@records/assets/row.ts";
import { checkRowProof, parseRowProof, type RowAnswer, type RowProof } from "@records/assets/rowProof.ts";
import { signStatement } from "@records/assets/sign.ts";
import { verifyReceipt } from "@records/assets/verify.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { training } from "../src/index.ts";
import type { TrainedModel } from "../src/train.ts";
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";

let node: TestNode;
let table: PublishedTable;
let model: TrainedModel;

const call = async <T>(name: string, input: unknown): Promise<T> => (await node.runtime.call(name, input)) as T;
const lines = Array.from({ length: 40 }, (_, i) => `${i},${i % 2 === 0 ? "even" : "odd"},${3 * i + (i % 5)}`);
const csv = ["n,kind,y", ...lines, lines[0], lines[0]].join("\n");
const recipe = {
  version: 1,
  task: "regression",
  inputs: [{ column: "n" }],
  target: "y",
  split: { by: "ratio", train: 0.75 },
  model: { kind: "linear" },
  optimizer: { kind: "sgd", learningRate: 0.01 },
  epochs: 2,
  batch: 8,
  seed: 7,
  checkpointEvery: 2,
};
interface Proved {
  readonly answer: RowAnswer;
  readonly text: string;
  readonly proof: RowProof;
}
const prove = (input: object) => call<Proved>("row.prove", input);

beforeAll(async () => {
  node = await startTestNode({ capabilities: [assets, row, training], names: ["owner", "modeller"] });
  table = await call("assets.publish", { content: csv, name: "numbers" });
  model = await call("training.train", { data: [table.id], recipe, as: "modeller", name: "line" });
});

afterAll(() => node.close());

describe("rows of a table and of a training (assets R1, R2; T12)", () => {
  test("every row trained or tested, the same each time, and others did neither", async () => {
    const sides = { train: 0, test: 0 };
    for (let index = 1; index < 20; index++) {
      const { answer } = await prove({ of: model.id, index });
      const part = answer["train"]?.included ? "train" : "test";
      expect(answer[part]).toEqual({ included: true, count: 1 });
      expect(Object.values(answer).filter(({ included }) => included)).toHaveLength(1);
      sides[part]++;
    }
    expect(sides.train).toBeGreaterThan(sides.test);
    const stranger = await prove({ of: model.id, row: "99,even,1" });
    expect(stranger.answer).toEqual({ train: { included: false, count: 0 }, test: { included: false, count: 0 } });
    expect(stranger.text).toBe(
      `No: this row is not one that trained asset ${model.id}.\nNo: this row is not one that tested asset ${model.id}.`,
    );
  });

  test("a row that is there three times counts three times", async () => {
    const { answer, text } = await prove({ of: table.id, row: '{"n": 0, "kind": "even", "y": 0}' });
    expect(answer).toEqual({ all: { included: true, count: 3 } });
    expect(text).toBe(`Yes: this row is in the table of asset ${table.id} (3 of 42 rows).`);
    const both = (await prove({ of: model.id, index: 0 })).answer;
    expect((both["train"]?.count ?? 0) + (both["test"]?.count ?? 0)).toBe(3);
  });

  test("a proof is a file that checks by itself, and against the chain", async () => {
    const out = join(node.dir, "row.json");
    await prove({ of: table.id, index: 5, column: "y", out });
    const report = await call<{ verified: boolean; text: string }>("row.verify", { file: out });
    expect(report).toMatchObject({ verified: true, text: `Yes: this row is in the table of asset ${table.id}.` });
    const { proof } = await prove({ of: table.id, index: 5 });
    const other = { ...proof, asset: model.id };
    expect(await call("row.verify", { proof: other })).toMatchObject({ verified: false, answer: {} });
    await writeFile(out, "{}");
    await expect(call("row.verify", { file: out })).rejects.toThrow(/this is no row proof: type/);
  });

  test("rows that do not fit are refused by name, not proved absent", async () => {
    await expect(prove({ of: table.id, row: '{"n": 0, "kind": "even"}' })).rejects.toThrow("the row says nothing of y");
    await expect(prove({ of: table.id, row: '{"n": 0, "kind": "even", "z": 0, "y": 1}' })).rejects.toThrow(
      /no column z/,
    );
    await expect(prove({ of: table.id, row: '{"n": "0", "kind": "even", "y": 0}' })).rejects.toThrow(/n is no number/);
    await expect(prove({ of: table.id, row: "x,even,0" })).rejects.toThrow(/Row 1, column "n"/);
    await expect(prove({ of: table.id, index: 42 })).rejects.toThrow(/rows 0 to 41/);
    await expect(prove({ of: table.id })).rejects.toThrow(/either a row or its index/);
  });

  test("each forgery is found and named", async () => {
    const { proof: yes } = await prove({ of: model.id, index: 1 });
    const { proof: no } = await prove({ of: model.id, row: "99,even,1" });
    const { proof: cell } = await prove({ of: table.id, index: 5, column: "y" });
    const broken = async (proof: RowProof) => {
      const { checks, answer } = await checkRowProof(parseRowProof(JSON.parse(JSON.stringify(proof))));
      expect(answer).toEqual({});
      return checks
        .filter(({ ok }) => !ok)
        .map(({ name, detail }) => `${name}: ${detail}`)
        .join("; ");
    };
    const change = <T>(proof: T, edit: (copy: T) => unknown): T => {
      const copy = structuredClone(proof);
      edit(copy);
      return copy;
    };
    const owner = node.context.identities.get("owner").account;
    const run = change(no.statements[1]?.statement as Record<string, never>, (copy) => {
      (copy as unknown as { samples: Record<string, unknown> })["samples"]["train"] = {
        root: `0x${"00".repeat(32)}`,
        size: 0,
        rows: 0,
        salted: false,
      };
    });
    const scope = { chainId: no.chainId, assets: no.contracts["Assets"] as `0x${string}` };
    const resigned = await signStatement(owner, scope, run);
    const cases: [string, RowProof, RegExp][] = [
      ["another row", change(yes, (p) => (p.row.values[0] = 2)), /row in (train|test): /],
      ["yes for no", { ...no, parts: yes.parts }, /leaf of another hash|neighbour/],
      ["no for yes", { ...yes, parts: no.parts }, /row in /],
      ["a part left out", change(yes, (p) => delete p.parts["train"]), /train: the proof leaves this part out/],
      ["a type of its own", change(no, (p) => (p.row.values[0] = "99")), /n is no number/],
      ["a column of its own", change(no, (p) => (p.row.columns[0] = "m")), /the row has m, kind, y/],
      ["a salt of its own", { ...no, salt: `0x${"11".repeat(32)}` }, /the rows are not salted/],
      [
        "another root in the statement",
        change(no, (p) => Object.assign(p.statements[1] ?? {}, { statement: run })),
        /signature of assay\/run\/1/,
      ],
      [
        "a run signed by somebody else",
        change(no, (p) => Object.assign(p.statements[1] ?? {}, resigned)),
        /not the one that the model names|by 0x/,
      ],
      ["the data left out", change(no, (p) => p.statements.pop()), /the data is not that of the run/],
      ["another chain", { ...yes, chainId: 5 }, /signature of assay\/model\/1/],
      ["another contract", { ...yes, contracts: { Assets: `0x${"22".repeat(20)}` } }, /signature of/],
      ["a cell of another place", change(cell, (p) => Object.assign(p.cell ?? {}, { row: 6 })), /cell 6 of y/],
    ];
    for (const [name, forged, reason] of cases) expect(await broken(forged), name).toMatch(reason);
  });

  test("salted rows need the salt, which another node does not have", async () => {
    const hidden = await call<PublishedTable>("assets.publish", {
      content: csv.replace("n,kind", "m,kind"),
      salted: true,
    });
    const { answer, proof } = await prove({ of: hidden.id, index: 3 });
    expect(answer["all"]?.included).toBe(true);
    expect(proof.salt).toMatch(/^0x[0-9a-f]{64}$/);
    const guess = { ...proof, salt: null };
    expect((await checkRowProof(guess)).answer).toEqual({});
    await node.context.db.kysely.deleteFrom("row_salts").execute();
    await expect(prove({ of: hidden.id, index: 3 })).rejects.toThrow(/does not have the salt/);
  });

  test("who trains again finds the same rows, and a false set fails the receipt", async () => {
    const receipt = await call<Receipt>("assets.receipt", { id: `asset:${model.id}` });
    const report = await verifyReceipt(node.context, receipt, training.verifiers);
    expect(report.checks.filter(({ name }) => name === "rows of each part")).toMatchObject([
      { ok: true, detail: "test 11, train 31" },
    ]);
    expect(report.verified).toBe(true);
  });
});
