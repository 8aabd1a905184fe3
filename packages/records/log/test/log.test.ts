import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatVerifier, generateSigner, parseCheckpoint, verifyCheckpoint } from "@machines/log";
import { listen } from "@kernel/runtime";
import { openEnvelope, parseKey } from "@machines/statements";
import { httpWitness } from "@machines/log/witnessHttp.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AppendOutput } from "../src/append.ts";
import type { RecordProof } from "../src/proofs.ts";
import { type LogNode, origin, startLogNode } from "./node.ts";

interface Listed {
  records: { index: number; kind: string; about: string; value: Record<string, never> }[];
  total: number;
  next: string | null;
}
interface Valued {
  predicate: { args: { value: string } };
}
interface Verified {
  verified: boolean;
  trusted: boolean;
  checks: { name: string; ok: boolean; skipped: boolean; error: string | null }[];
}

describe("the log of a node", () => {
  let node: LogNode;
  beforeAll(async () => {
    node = await startLogNode();
  });
  afterAll(() => node.close());

  test("L3: settled events are on record by themselves, in the chain's order, each once", async () => {
    for (const amount of [5n, 6n, 7n]) await node.transfer(amount);
    await node.recorded();
    const { records } = await node.call<Listed>("log.list", { kind: "event" });
    const amounts = records.map(({ value }) => (value as unknown as Valued).predicate.args.value);
    expect(amounts).toEqual(["7", "6", "5"]);
    const [newest] = records;
    expect(newest?.about).toMatch(/^transfer:0x/);
    expect((await node.call<{ index: number }>("log.show", { record: newest?.about })).index).toBe(newest?.index);
    expect(await node.call("log.audit")).toMatchObject({ events: 3 });
  });

  test("L1: values are logged as canonical JSON, repeated ones keep their place; lines of a file byte for byte", async () => {
    const first = await node.call<AppendOutput>("log.append", { records: [{ b: 1, a: [1.5, "x"] }, "text"] });
    expect(first).toMatchObject({ count: 2, duplicates: 0 });
    const again = await node.call<AppendOutput>("log.append", { records: [{ a: [1.5, "x"], b: 1 }] });
    expect(again).toMatchObject({ count: 1, duplicates: 1, indexes: [first.first] });
    expect((await node.call<{ text: string }>("log.show", { record: String(first.first) })).text).toBe(
      '{"a":[1.5,"x"],"b":1}',
    );
    const file = join(node.dir, "lines.jsonl");
    writeFileSync(file, `${Array.from({ length: 5_000 }, (_, i) => `{ "line": ${i} }`).join("\n")}\n\n`);
    const lines = await node.call<AppendOutput>("log.append", { file });
    expect(lines).toMatchObject({ count: 5_000, duplicates: 0, indexes: [] });
    expect((await node.call<{ text: string }>("log.show", { record: String(lines.last) })).text).toBe(
      '{ "line": 4999 }',
    );
    writeFileSync(file, '{"a":1}\n{"a":\n');
    await expect(node.call("log.append", { file })).rejects.toThrow(/line 2 is no JSON/);
    await expect(node.call("log.append", { file: join(node.dir, "none") })).rejects.toThrow(/no file/);
    await expect(node.call("log.append", {})).rejects.toThrow(/either records or a file/);
    await expect(node.call("log.append", { records: ["x".repeat(70_000)] })).rejects.toThrow(/at most 65535/);
  });

  test("L2: kinds are checked statements, signed by a wallet on request", async () => {
    const incident = { severity: "high", what: "the gauge froze", affects: ["asset:1"] };
    await expect(node.call("log.append", { records: [{ what: "x" }], kind: "incident" })).rejects.toThrow(/severity/);
    const about = [`asset:1=${"ab".repeat(32)}`];
    const { first } = await node.call<AppendOutput>("log.append", {
      records: [incident],
      kind: "incident",
      about,
      sign: "owner",
    });
    const { text, kind } = await node.call<{ text: string; kind: string }>("log.show", { record: String(first) });
    expect(kind).toBe("incident");
    const key = parseKey(`eip155:${node.owner.address.toLowerCase()}`);
    const statement = await openEnvelope(JSON.parse(text), [key]);
    expect(statement).toMatchObject({
      predicate: incident,
      subject: [{ name: "asset:1", digest: { sha256: "ab".repeat(32) } }],
    });
    const stranger = parseKey(`eip155:0x${"11".repeat(20)}`);
    await expect(openEnvelope(JSON.parse(text), [stranger])).rejects.toThrow(/no valid signature/);
    const found = await node.call<Listed>("log.list", { about: "asset:1", kind: "incident" });
    expect(found.records.map(({ index }) => index)).toEqual([first]);
  });

  test("L2: a sealed record shows chosen fields and hides the others", async () => {
    const patient = { name: "Ada", age: 36, diagnosis: { code: "I21" } };
    const { first, openings } = await node.call<AppendOutput>("log.append", { records: [patient], seal: true });
    const { text } = await node.call<{ text: string }>("log.show", { record: String(first) });
    expect(text).not.toMatch(/Ada|I21|diagnosis/);
    const disclosure = await node.call<object>("log.disclose", { opening: openings[0], fields: ["/age"] });
    expect(JSON.stringify(disclosure)).not.toMatch(/Ada|I21/);
    const proof = await node.call<RecordProof>("log.prove", { record: String(first) });
    expect(await node.call<Verified>("log.verify", { proof, disclosure })).toMatchObject({ verified: true });
    const forged = JSON.parse(JSON.stringify(disclosure).replace('"value":36', '"value":37'));
    const { verified, checks } = await node.call<Verified>("log.verify", { proof, disclosure: forged });
    expect(verified).toBe(false);
    expect(checks.at(-1)).toMatchObject({ name: "disclosure", ok: false, error: "DisclosureError" });
  });

  test("L5, L6: a proof stands alone, with the anchor; it fails when anything in it is changed", async () => {
    const anchored = await node.call<{ size: number; existing: boolean }>("log.anchor");
    expect(anchored.existing).toBe(false);
    expect(await node.call("log.anchor")).toMatchObject({ existing: true, size: anchored.size });
    await node.call("log.append", { records: [{ after: "the anchor" }] });
    await node.call("log.anchor");
    const out = join(node.dir, "proof.json");
    const proof = await node.call<RecordProof & { proofBytes: number; tlogProof: string }>("log.prove", {
      record: "1",
      out,
    });
    expect(proof.proofBytes).toBeLessThan(1_000);
    expect(await node.call<Verified>("log.verify", { file: out })).toMatchObject({ verified: true, trusted: true });
    const written = JSON.parse(readFileSync(out, "utf8")) as RecordProof;
    const anchor = written.anchor as NonNullable<RecordProof["anchor"]>;
    const spoilt: [string, RecordProof, string][] = [
      ["record", { ...written, record: Buffer.from("{}").toString("base64") }, "ProofError"],
      ["record", { ...written, index: 2 }, "ProofError"],
      ["record", { ...written, proof: written.proof.slice(1) }, "ProofError"],
      [
        "signatures",
        { ...written, checkpoint: written.checkpoint.replace(/^.*$/m, origin.replace("test", "tost")) },
        "CheckpointSignatureError",
      ],
      ["anchor", { ...written, anchor: { ...anchor, head: { ...anchor.head, root: anchor.log } } }, "SplitViewError"],
      [
        "anchor",
        { ...written, anchor: { ...anchor, head: { ...anchor.head, before: anchor.log } } },
        "AnchorMismatchError",
      ],
    ];
    for (const [name, one, error] of spoilt) {
      const { verified, checks } = await node.call<Verified>("log.verify", { proof: one });
      expect(verified, name).toBe(false);
      expect(checks.find((check) => !check.ok && check.name === name)?.error, name).toBe(error);
    }
    const text = join(node.dir, "proof.tlog-proof");
    await node.call("log.prove", { record: "1", out: text });
    const record = Buffer.from(written.record, "base64").toString();
    const keys = node.keeper.trust.keys.map(formatVerifier);
    expect(await node.call<Verified>("log.verify", { file: text, record, keys })).toMatchObject({ verified: true });
  });

  test("L5: the same as a COSE receipt beside the record, by the node's own keys or those brought", async () => {
    const [file, recordFile] = [join(node.dir, "proof.cose"), join(node.dir, "record")];
    const out = { out: file, recordOut: recordFile };
    const proof = await node.call<RecordProof & { cose: string }>("log.prove", { record: "1", ...out });
    expect(readFileSync(file).toString("base64")).toBe(proof.cose);
    const record = Buffer.from(proof.record, "base64").toString();
    const keys = node.keeper.trust.keys.map(formatVerifier);
    for (const input of [
      { file, record },
      { proof: proof.cose, record },
      { file, keys, recordFile },
    ]) {
      expect(await node.call<Verified>("log.verify", input)).toMatchObject({
        verified: true,
        trusted: true,
        origin,
        index: 1,
        checks: [{ name: "receipt", ok: true }],
      });
    }
    const other = formatVerifier(generateSigner(origin, "ed25519").verifier);
    for (const input of [{ record: `${record} ` }, { record, keys: [other] }]) {
      expect(await node.call<Verified>("log.verify", { file, ...input })).toMatchObject({
        verified: false,
        root: null,
        checks: [{ name: "receipt", ok: false, error: "ReceiptSignatureError" }],
      });
    }
    await expect(node.call("log.verify", { file })).rejects.toThrow(/needs the record/);
    await expect(node.call("log.verify", { file, record, recordFile })).rejects.toThrow(/not both/);
    // What was asked to be checked is never left out in silence.
    for (const more of [{ witnesses: [other] }, { disclosure: {} }])
      await expect(node.call("log.verify", { file, record, ...more })).rejects.toThrow(/neither witnesses/);
    const whole = join(node.dir, "whole.json");
    await node.call("log.prove", { record: "1", out: whole });
    expect(await node.call<Verified>("log.verify", { file: whole, record })).toMatchObject({ verified: true });
    await expect(node.call("log.verify", { file: whole, record: `${record} ` })).rejects.toThrow(/not the one/);
  });
});

describe("the log between nodes", () => {
  test("L7, L8: tiles, witness and OpenLineage over HTTP; another node audits the log by its address and keys", async () => {
    const node = await startLogNode();
    const trust = node.keeper.trust;
    const other = await startLogNode({ witnessed: [trust], keys: node.signers });
    const [served, watching] = [
      await listen(node.runtime.app, { port: 0 }),
      await listen(other.runtime.app, { port: 0 }),
    ];
    try {
      const event = {
        eventType: "COMPLETE",
        eventTime: "2026-11-01T12:00:00.000Z",
        run: { runId: "0176a8c2-fe01-7439-87e6-56a1a1b4029f" },
        job: { namespace: "airflow", name: "daily.clean" },
        inputs: [{ namespace: "postgres://db", name: "public.raw" }],
        outputs: [{ namespace: "postgres://db", name: "public.clean" }],
        producer: "https://github.com/apache/airflow",
        schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/definitions/RunEvent",
      };
      const post = (path: string, body: unknown) =>
        fetch(served.url + path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      expect((await post("/api/v1/lineage", event)).status).toBe(201);
      expect((await post("/api/v1/lineage/batch", [event, { ...event, eventType: "START" }])).status).toBe(201);
      const refused = await post("/api/v1/lineage", { ...event, run: { runId: "not a uuid" } });
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({ field: "run.runId" });
      expect(
        (await node.call<Listed>("log.list", { about: "dataset:postgres://db/public.clean" })).records,
      ).toHaveLength(2);

      await node.call("log.append", { records: Array.from({ length: 600 }, (_, i) => ({ i })) });
      const keys = trust.keys.map(formatVerifier);
      expect(await other.call("log.audit", { url: `${served.url}/log`, keys })).toMatchObject({ records: 602 });
      const note = await (await fetch(`${served.url}/log/checkpoint`)).text();
      expect(verifyCheckpoint(note, trust).size).toBe(602);
      for (const path of ["lock", "journal", "../database", "tile/0/../../lock", "%2e%2e/lock"]) {
        expect((await fetch(`${served.url}/log/${path}`)).status, path).toBe(404);
      }

      const verifier = other.keeper.witness?.verifier as never;
      const witness = httpWitness({ url: `${watching.url}/witness`, verifier });
      const { cosigned, note: signed } = await node.keeper.log.checkpoint({ witnesses: [witness] });
      expect(cosigned).toEqual([`${origin}/witness`]);
      expect(verifyCheckpoint(signed, { ...trust, witnesses: [verifier], quorum: 1 }).witnessed).toHaveLength(1);
    } finally {
      await served.close();
      await watching.close();
      await node.close();
      await other.close();
    }
  });

  test("L4: what is lost beside the log is made again from it, and nothing is written twice", async () => {
    const first = await startLogNode();
    for (const amount of [1n, 2n]) await first.transfer(amount);
    await first.recorded();
    await first.call("log.append", { records: [{ what: "a pipeline's own" }], kind: "note" });
    const { size } = await first.call<{ size: number }>("log.head");
    await first.close(true);
    // The database is gone: index, jobs and all. The chain says everything once more.
    const second = await startLogNode({ dir: first.dir, keys: first.signers, database: "another" });
    await second.transfer(3n);
    await second.recorded();
    const head = await second.call<{ size: number; note: string }>("log.head");
    expect(head.size).toBe(size + 1);
    expect(parseCheckpoint(head.note).size).toBe(size + 1);
    expect(await second.call("log.audit")).toMatchObject({ events: 3 });
    expect((await second.call<Listed>("log.list", { kind: "note" })).records).toHaveLength(1);
    await second.close();
  });

  test("L6: a node anchors by itself once its log has grown", async () => {
    const node = await startLogNode({ anchorEvery: 50 });
    try {
      await node.call("log.append", { records: [{ first: true }] });
      for (let tries = 0; ; tries++) {
        const { anchors } = await node.call<{ anchors: { count: number } }>("log.head");
        if (anchors.count > 0) break;
        if (tries > 200) throw new Error("never anchored");
        await new Promise((done) => setTimeout(done, 25));
      }
    } finally {
      await node.close();
    }
  });
});
