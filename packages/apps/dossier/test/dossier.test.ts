import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hash } from "@base/bytes/hash.ts";
import { verifyInclusion } from "@base/bytes/merkle.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asked } from "../src/items.ts";
import { type Dossier, dossierSchema } from "../src/shapes.ts";
import { startNode, type DossierNode } from "./node.ts";

const hostile = `<script>alert("x")</script>`;
let node: DossierNode;
let data: string;
let model: string;
let fairness: string;
let trace: string;

interface Written {
  readonly dossier: Dossier;
  readonly html: string;
  readonly files: string[];
}
const write = (input: object = {}) => node.call<Written>("dossier.write", { model, ...input });
const itemOf = ({ dossier }: Written, id: string) =>
  dossier.items.find((item) => item.id === id) as Dossier["items"][number];

beforeAll(async () => {
  node = await startNode();
  const rows = Array.from(
    { length: 120 },
    (_, i) => `${i % 3 === 0 ? `a"><img src=x>` : "b"},${i % 20},p${i}@example.org,${i % 20 > 9 ? 1 : 0}`,
  );
  const content = ["group,n,email,yes", ...rows.map((row) => row.replace(`a">`, "a'>"))].join("\n");
  data = (
    await node.call<{ id: string }>("assets.publish", {
      content,
      name: hostile,
      licence: "CC-BY-4.0",
      provenance: `from ${hostile}`,
    })
  ).id;
  const recipe = {
    version: 1,
    task: "binary",
    inputs: [{ column: "n" }],
    target: "yes",
    split: { by: "ratio", train: 0.75 },
    model: { kind: "logistic" },
    optimizer: { kind: "adam", learningRate: 0.05 },
    epochs: 4,
    batch: 8,
    seed: 7,
    checkpointEvery: 8,
  };
  const train = { data: [data], recipe, name: hostile, intendedUse: `To judge.\n${hostile}` };
  model = (await node.call<{ id: string }>("training.train", train)).id;
  fairness = (await node.call<{ statement: string }>("report.fairness", { model, data, group: "group" })).statement;
  trace = (await node.call<{ statement: string }>("report.influence", { model, data, row: 3, top: 4 })).statement;
  await node.recorded(`asset:${model}`);
});

afterAll(() => node.close());

describe("a dossier (SPEC D1-D8)", () => {
  test("has every item, each answered, in part, or a gap with a command", async () => {
    const { dossier } = await write();
    expect(dossierSchema.parse(dossier)).toEqual(dossier);
    expect(dossier.items.map(({ id }) => id)).toEqual(asked.map(({ id }) => id));
    for (const { id, status, answers, gaps } of dossier.items) {
      expect(answers.length + gaps.length, id).toBeGreaterThan(0);
      expect(status, id).toBe(gaps.length === 0 ? "answered" : answers.length === 0 ? "gap" : "partial");
      for (const { missing, close } of gaps) expect(`${missing}${close}`, id).toMatch(/^.{5,}assay .+/i);
      for (const { proofs } of answers) for (const { command } of proofs) expect(command).toMatch(/^assay /);
    }
  });

  test("answers from records, each with its proof", async () => {
    const written = await write();
    const chained = {
      tx: expect.stringMatching(/^0x/),
      block: expect.stringMatching(/^\d+$/),
      signer: expect.stringMatching(/^0x/),
    };
    const [purpose] = itemOf(written, "IV.1.a").answers;
    expect(purpose).toMatchObject({ text: `To judge.\n${hostile}`, proofs: [{ what: `asset:${model}`, ...chained }] });
    expect(typeof purpose?.proofs[0]?.record).toBe("number");
    const told = itemOf(written, "IV.2.d").answers;
    expect(told[0]?.table?.rows).toContainEqual(["Licence", "CC-BY-4.0"]);
    expect(told[0]?.table?.rows.map(([name]) => name)).toContain("Root of its rows");
    expect(told.find(({ label }) => label.startsWith("Likely personal"))?.table?.rows[0]?.[0]).toBe("email");
    expect(told.find(({ label }) => label === "Split")?.table?.rows.map(([part]) => part)).toEqual(["test", "train"]);
    const tested = itemOf(written, "IV.2.g");
    expect(tested.gaps.map(({ missing }) => missing).join()).not.toContain("subgroup");
    expect(tested.answers.find(({ label }) => label.startsWith("By group"))).toMatchObject({
      proofs: [{ statement: fairness }],
      table: {
        rows: [
          ["a'><img src=x>", "40"],
          ["b", "80"],
        ].map((row) => expect.arrayContaining(row)),
      },
    });
    const byTenth = tested.answers.find(({ label }) => label.startsWith("Calibration by group"));
    expect(byTenth).toMatchObject({ proofs: [{ statement: fairness, command: `assay report verify ${fairness}` }] });
    expect(byTenth?.table?.head).toEqual(["Group", "Probability from", "Rows", "Said", "Seen"]);
    const traced = itemOf(written, "IV.3.c").answers.find(({ label }) => label.startsWith("An answer traced"));
    expect(traced).toMatchObject({ proofs: [{ statement: trace }] });
    expect(traced?.table?.rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(traced)).not.toContain("@example.org");
    expect(itemOf(written, "IV.2.b").answers.find(({ label }) => label === "Recipe")?.table?.rows).toContainEqual([
      "seed",
      "7",
    ]);
  });

  test("the log's extract proves its records under the head", async () => {
    const { log } = (await write()).dossier;
    expect(log?.records.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["training", "evaluation", "event"]));
    for (const { index, leaf, inclusion } of log?.records ?? []) {
      const path = {
        index,
        size: log?.size as number,
        leaf: leaf as Hash,
        proof: inclusion as Hash[],
        root: log?.root as Hash,
      };
      expect(verifyInclusion(path)).toBe(true);
    }
  });

  test("gaps close by records: a note for an item, an override through its decision", async () => {
    const before = await write();
    expect(itemOf(before, "IV.5")).toMatchObject({ status: "gap", answers: [] });
    expect(itemOf(before, "IV.5").gaps[0]?.close).toContain('"item":"IV.5"');
    const append = (kind: string, about: string[], record: object) =>
      node.call("log.append", { kind, about, records: [record] });
    await append("note", [`asset:${model}`], { item: "IV.5", what: `Reviewed each year. ${hostile}\u202e` });
    await append("decision", ["decision:loan-7", `asset:${model}`], { model: `asset:${model}`, input: "7", output: 1 });
    await append("override", ["decision:loan-7"], {
      decision: "decision:loan-7",
      by: "Ann",
      reason: "a pay slip was missing",
    });
    const signed = {
      kind: "note",
      about: [`asset:${model}`],
      records: [{ item: "IV.8", what: "Signed." }],
      sign: "owner",
    };
    await node.call("log.append", signed);
    const { text } = await node.call<{ text: string }>("log.show", { record: `asset:${model}` });
    const forged = JSON.parse(text) as { payload: string };
    forged.payload = Buffer.from(Buffer.from(forged.payload, "base64").toString().replace("IV.8", "IV.7")).toString(
      "base64",
    );
    await node.call("log.append", { records: [forged] });
    await append("incident", ["asset:999"], { severity: "high", what: "of another model" });
    const after = await write();
    expect(itemOf(after, "IV.5")).toMatchObject({
      status: "answered",
      gaps: [],
      answers: [{ text: `Reviewed each year. ${hostile}\u202e` }],
    });
    expect(itemOf(after, "IV.8").status).toBe("answered");
    expect(itemOf(after, "IV.7").status).toBe("partial");
    expect(itemOf(after, "IV.8").answers[0]?.label).toMatch(/\(signed by eip155:0x/);
    expect(itemOf(after, "IV.7").answers[0]?.label).toMatch(/\(names the key eip155:0x\w+, not checked\)/);
    expect(itemOf(after, "12.2.c")).toMatchObject({ status: "answered" });
    expect(
      itemOf(after, "12.2.c")
        .answers.map(({ text }) => text)
        .join(),
    ).toContain("a pay slip was missing");
    expect(
      itemOf(after, "12.2.a")
        .gaps.map(({ missing }) => missing)
        .join(),
    ).toContain("No incident");
    expect(JSON.stringify(after.dossier)).not.toContain("of another model");
  });

  test("a model without intended use, groups or licence says so; a table has no dossier", async () => {
    const plain = await node.call<{ id: string }>("assets.publish", {
      content: "a,y\n1,2\n2,3\n3,5\n4,7\n5,8\n6,9\n",
      name: "plain",
    });
    const bare = await node.call<{ id: string }>("training.train", { data: [plain.id], target: "y", epochs: 1 });
    const written = await write({ model: bare.id });
    const missing = (id: string) =>
      itemOf(written, id)
        .gaps.map((gap) => gap.missing)
        .join(" ");
    expect(missing("IV.2.d")).toMatch(/grants no licence/);

    expect(missing("IV.2.d")).toMatch(/does not say where it comes from/);
    expect(missing("IV.2.g")).toMatch(/No report by subgroup/);
    expect(missing("IV.3.c")).toMatch(/No answer of this model was traced/);
    await expect(write({ model: data })).rejects.toThrow(/is about a model/);
  });

  test("the page is whole in itself, and what is hostile is text", async () => {
    const { html } = await write();
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toContain("\u202e");
    expect(html).toContain("\\u202e");
    expect(html).not.toMatch(/<script|<img|<link|<iframe|javascript:|\son\w+=|url\(|@import/i);
    expect(html).not.toMatch(/(?:src|href)="(?!#)/);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  test("the same records and clock give the same bytes, in two files", async () => {
    const out = join(node.dir, "dossier.html");
    const first = await write({ out });
    expect(first.files).toEqual([out, join(node.dir, "dossier.json")]);
    const second = await write();
    expect(await readFile(out, "utf8")).toBe(second.html);
    expect(dossierSchema.parse(JSON.parse(await readFile(join(node.dir, "dossier.json"), "utf8")))).toEqual(
      second.dossier,
    );
    expect(first.dossier.madeAt).toBe("2026-01-31T12:00:00.000Z");
  });

  test("as a PDF it says all that the page says, on numbered pages, with every object where its table says", async () => {
    const out = join(node.dir, "file.pdf");
    const { files, dossier } = await write({ out });
    expect(files).toEqual([out, join(node.dir, "file.json")]);
    const file = (await readFile(out)).toString("latin1");
    await write({ out });
    expect((await readFile(out)).toString("latin1")).toBe(file);
    const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(file)?.[1]);
    const places = [...file.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, at]) => Number(at));
    expect(file.slice(table, table + 4)).toBe("xref");
    for (const [index, at] of places.entries()) expect(file.slice(at)).toMatch(new RegExp(`^${index + 1} 0 obj\n`));
    for (const [, length, content] of file.matchAll(/\/Length (\d+) >>\nstream\n([\s\S]*?)\nendstream/g))
      expect(content).toHaveLength(Number(length));
    const pages = file.match(/\/Type \/Page /g) ?? [];
    expect(pages.length).toBeGreaterThan(10);
    for (const [index] of pages.entries()) expect(file).toContain(`page ${index + 1} of ${pages.length}`);
    // What is drawn, without the room between words and without the lines at the foot.
    const drawn = [...file.matchAll(/\(((?:\\.|[^()\\])*)\) Tj ET/g)].map(([, text]) =>
      (text ?? "").replace(/\\(.)/g, "$1"),
    );
    const said = drawn.filter((line) => !/: page \d+ of \d+$/.test(line)).join("");
    const has = (text: string) => expect(said.replaceAll(" ", "")).toContain(text.replaceAll(/[ \n]/g, ""));
    for (const { title, asks, answers, gaps } of dossier.items) {
      has(title);
      has(asks);
      for (const { missing } of gaps) has(missing);
      for (const { label, proofs } of answers) {
        has(label);
        for (const { statement, command } of proofs) for (const one of [statement ?? "", command]) has(pdfText(one));
      }
    }
    expect(said).toContain("[U+202E]");
  });
});

/** As the PDF writes it: what Windows-1252 lacks by its number. */
function pdfText(text: string): string {
  return [...text]
    .map((one) =>
      (one.codePointAt(0) as number) < 127 ? one : `[U+${(one.codePointAt(0) as number).toString(16).toUpperCase()}]`,
    )
    .join("");
}
