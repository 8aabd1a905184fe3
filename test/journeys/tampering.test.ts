// What can be done to the records of a node, and what each deed is called by who looks: files, heads, proofs, anchors,
// statements, receipts and bytes. The list that is printed at the end is the claim; every line of it was tried.
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeEntry } from "@machines/log/bundle.ts";
import { signCheckpoint } from "@machines/log/checkpoint.ts";
import { compareViews, folderSource, generateSigner, openLog, openReader, type Trust } from "@machines/log";
import { type AnchorEvent, anchorName, foldAnchor, listAnchors, NO_ANCHOR } from "@machines/log/anchor.ts";
import {
  keyFromSeed,
  keySigner,
  openEnvelope,
  parseKey,
  seal,
  sealedBytes,
  signEnvelope,
  makeStatement,
  disclose,
  verifyDisclosure,
} from "@machines/statements";
import { readConfig } from "@shells/node/config.ts";
import { fund } from "@shells/node/fund.ts";
import { type Node, openNode } from "@shells/node/node.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

const dir = mkdtempSync(join(tmpdir(), "assay-tamper-"));
const found: string[] = [];
let node: Node;
let trust: Trust;
let receipt: Receipt;
let derived: Receipt;

interface Receipt {
  statements: {
    node: { kind: string; id: string };
    statement: Record<string, unknown>;
    signature?: string;
    hash: string;
  }[];
  edges: { from: object; to: { kind: string; id: string }; role: string }[];
}
type Error_ = { name: string };

/** A deed and the name that it must be given. */
async function deed(what: string, name: string, work: () => unknown): Promise<void> {
  const error = await (async () => work())().then(
    () => undefined,
    (thrown: Error_) => thrown,
  );
  expect(error?.name, what).toBe(name);
  found.push(`${what} -> ${name}`);
}

const call = <T>(name: string, input: object = {}) => node.runtime.call(name, input) as Promise<T>;
/** A copy of the log's folder, to be spoilt. */
function copy(): string {
  const to = mkdtempSync(join(dir, "copy-"));
  cpSync(node.runtime.context.records?.log.dir as string, to, { recursive: true });
  return to;
}
const audit = async (folder: string) => (await openReader({ source: folderSource(folder), trust })).audit();
const change = (path: string, how: (bytes: Buffer) => Uint8Array) => writeFileSync(path, how(readFileSync(path)));
const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] as number) ^ 4;
  return bytes;
};
const record = (i: number) => Buffer.from(JSON.stringify({ filler: i }));
function bundle(list: readonly Uint8Array[]): Buffer {
  const out = Buffer.alloc(list.reduce((sum, one) => sum + 2 + one.length, 0));
  let at = 0;
  for (const one of list) at = writeEntry(one, out, at);
  return out;
}

beforeAll(async () => {
  node = await openNode(readConfig({ dir: join(dir, "node"), port: 0, panelists: ["p1", "p2", "p3"], anchorEvery: 0 }));
  node.keys.ensure("owner");
  await fund(node.chain, node.keys);
  await node.runtime.start();
  const content = `day,rain\n${Array.from({ length: 50 }, (_, i) => `2026-01-${String(1 + (i % 28)).padStart(2, "0")},${i}`).join("\n")}\n`;
  const table = await call<{ id: string }>("assets.publish", { content, name: "rain", as: "owner" });
  const made = {
    content: `${content}2026-02-01,7\n`,
    name: "rain, mended",
    parents: [table.id],
    transform: "mine/mend/1",
    as: "owner",
  };
  const child = await call<{ id: string }>("assets.derive", made);
  receipt = await call<Receipt>("assets.receipt", { id: `asset:${table.id}` });
  derived = await call<Receipt>("assets.receipt", { id: `asset:${child.id}` });
  const records = Array.from({ length: 1_000 }, (_, i) => ({ filler: i }));
  await call("log.append", { records });
  await call("log.head");
  trust = node.runtime.context.records?.trust as Trust;
});
afterAll(async () => {
  await node?.runtime.stop();
  await node?.close();
  rmSync(dir, { recursive: true, force: true });
});

test("at least twenty kinds of tampering are detected, each by its name", async () => {
  const keeper = node.runtime.context.records as NonNullable<typeof node.runtime.context.records>;
  await audit(copy());

  // The log's files.
  const spoil = async (what: string, name: string, how: (folder: string) => void) => {
    const folder = copy();
    how(folder);
    await deed(what, name, () => audit(folder));
  };
  const [tile, entries] = ["tile/0/001", "tile/entries/001"];
  const there = (folder: string) => join(folder, entries);
  const list = async () => {
    const all: Uint8Array[] = [];
    const reader = await openReader({ source: folderSource(copy()), trust });
    for await (const one of reader.records(256, 512)) all.push(one);
    return all;
  };
  const logged = await list();
  await spoil("bit flipped in a tile", "TileMismatchError", (folder) => change(join(folder, tile), flip(1_000)));
  await spoil("bit flipped in a record", "AlteredRecordError", (folder) => change(there(folder), flip(500)));
  await spoil("record dropped", "DroppedRecordError", (folder) =>
    writeFileSync(there(folder), bundle(logged.filter((_, i) => i !== 9))),
  );
  await spoil("records reordered", "ReorderedRecordsError", (folder) =>
    writeFileSync(there(folder), bundle([logged[1] as Uint8Array, logged[0] as Uint8Array, ...logged.slice(2)])),
  );
  await spoil("record added", "AlteredRecordError", (folder) =>
    writeFileSync(there(folder), bundle([...logged, record(-1)])),
  );
  await spoil("tiles swapped", "SwappedTileError", (folder) => {
    renameSync(join(folder, "tile/0/000"), join(folder, "tile/0/old"));
    renameSync(join(folder, tile), join(folder, "tile/0/000"));
    renameSync(join(folder, "tile/0/old"), join(folder, tile));
  });
  await spoil("tile truncated", "TruncatedFileError", (folder) =>
    change(join(folder, tile), (bytes) => bytes.subarray(0, -32)),
  );
  await spoil("bundle truncated", "TruncatedFileError", (folder) =>
    change(there(folder), (bytes) => bytes.subarray(0, -3)),
  );
  await spoil("file withheld", "MissingTileError", (folder) => rmSync(there(folder)));

  // Its heads.
  const note = keeper.log.published?.note as string;
  const { size, root } = keeper.log.published as { size: number; root: `0x${string}` };
  const head = (how: (note: string) => string) => (folder: string) =>
    writeFileSync(join(folder, "checkpoint"), how(note));
  const stranger = generateSigner(trust.origin, "ed25519");
  await spoil(
    "head forged with another key",
    "CheckpointSignatureError",
    head(() => signCheckpoint({ origin: trust.origin, size, root }, [stranger], 1).note),
  );
  await spoil(
    "head altered",
    "CheckpointSignatureError",
    head((text) => text.replace(`\n${size}\n`, `\n${size - 1}\n`)),
  );
  await spoil(
    "head of another log",
    "CheckpointSignatureError",
    head((text) => text.replaceAll(trust.origin, "other.example/log")),
  );
  await spoil(
    "post-quantum signature stripped",
    "CheckpointSignatureError",
    head((text) => `${text.split("\n").slice(0, -2).join("\n")}\n`),
  );
  await spoil(
    "head cut short",
    "CheckpointFormatError",
    head((text) => text.slice(0, 60)),
  );
  await deed("witnesses left out", "WitnessQuorumError", () =>
    openReader({
      source: folderSource(copy()),
      trust: { ...trust, witnesses: [generateSigner("w.example", "ed25519-cosignature").verifier], quorum: 1 },
    }),
  );
  const before = copy();
  await call("log.append", { records: [{ later: true }] });
  await call("log.head");
  const seen = { size: keeper.log.published?.size as number, root: keeper.log.published?.root as `0x${string}` };
  await deed("log rolled back", "RolledBackError", () => openReader({ source: folderSource(before), trust, seen }));
  // A dishonest writer with the log's own keys tells somebody else another story.
  const twin = generateSigner("twin.example/log", "ed25519");
  const own: Trust = { origin: "twin.example/log", keys: [twin.verifier] };
  const tell = async (first: number) => {
    const folder = mkdtempSync(join(dir, "twin-"));
    const log = await openLog({ dir: folder, origin: own.origin, signers: [twin], now: Date.now });
    await log.append(Array.from({ length: 300 }, (_, i) => record(first + i)));
    const published = await log.checkpoint();
    await log.close();
    return { folder, note: published.note, head: { size: published.size, root: published.root } };
  };
  const [one, other] = [await tell(0), await tell(1)];
  await deed("split view between two verifiers", "SplitViewError", () => compareViews(one.note, other.note, own));
  await deed("history rewritten", "SplitViewError", () =>
    openReader({ source: folderSource(other.folder), trust: own, seen: one.head }),
  );
  const torn = mkdtempSync(join(dir, "torn-"));
  cpSync(one.folder, torn, { recursive: true });
  rmSync(join(torn, "journal"), { recursive: true });
  await deed("writer's journal removed", "RolledBackError", () =>
    openLog({ dir: torn, origin: own.origin, signers: [twin], now: Date.now }),
  );
  cpSync(join(one.folder, "journal"), join(torn, "journal"), { recursive: true });
  const [journal = ""] = readdirSync(join(torn, "journal"));
  change(join(torn, "journal", journal), (bytes) => flip(Math.floor(bytes.length / 2))(bytes));
  await deed("writer's journal damaged", "RolledBackError", () =>
    openLog({ dir: torn, origin: own.origin, signers: [twin], now: Date.now }),
  );

  // Proofs.
  await call("log.anchor");
  const proof = await call<
    Record<string, never> & { record: string; index: number; proof: string[]; anchor: { head: object; log: string } }
  >("log.prove", { record: "3" });
  const verify = async (changes: object, more: object = {}) => {
    const { verified, checks } = await call<{ verified: boolean; checks: { ok: boolean; error: string | null }[] }>(
      "log.verify",
      { proof: { ...proof, ...changes }, ...more },
    );
    if (!verified) throw Object.assign(new Error("not verified"), { name: checks.find(({ ok }) => !ok)?.error });
  };
  await verify({});
  await deed("proof of another record", "ProofError", () => verify({ record: record(5).toString("base64") }));
  await deed("proof of another place", "ProofError", () => verify({ index: 4 }));
  await deed("proof shortened", "ProofError", () => verify({ proof: proof.proof.slice(1) }));
  await deed("anchor of another head", "SplitViewError", () =>
    verify({ anchor: { ...proof.anchor, head: { ...proof.anchor.head, root: proof.anchor.log } } }),
  );
  await deed("anchor that is not on chain", "AnchorMismatchError", () =>
    verify({ anchor: { ...proof.anchor, head: { ...proof.anchor.head, before: proof.anchor.log } } }),
  );

  // Anchors.
  const log = anchorName(trust.origin);
  const { account } = node.keys.get("keeper");
  const anchorAt = node.deployment.get("Anchor");
  const anchored = await listAnchorsOf(log);
  const last = { before: NO_ANCHOR, size: 0n, root: NO_ANCHOR };
  await deed("anchor replayed to the contract", "ContractRevertError", () =>
    node.chain.write(account, anchorAt, "anchor", [log, last, anchored[0]?.size, anchored[0]?.root]),
  );
  await deed("anchor replayed to a reader", "ReplayedAnchorError", () =>
    listAnchors(scopeOf([...anchored, ...anchored]), 9n),
  );
  await deed("anchor with a wrong accumulator", "AnchorMismatchError", () =>
    listAnchors(scopeOf([{ ...(anchored[0] as AnchorEvent), accumulator: log }]), 9n),
  );
  const newest = anchored.at(-1) as AnchorEvent;
  const claim = [log, { before: newest.before, size: newest.size, root: newest.root }, newest.size + 5_000n, log];
  const { blockNumber } = await node.chain.write(account, anchorAt, "anchor", claim);
  await node.runtime.context.indexed(blockNumber);
  await deed("more anchored than the log has", "AnchorMismatchError", () => call("log.audit"));

  // Statements.
  const hybrid = (["ed25519", "ml-dsa-44"] as const).map((kind) =>
    keySigner(kind, keyFromSeed(kind, Buffer.alloc(32, 9))),
  );
  const keys = hybrid.map(({ key }) => parseKey(key));
  const statement = makeStatement([{ name: "asset:1", digest: { sha256: "ab".repeat(32) } }], "urn:x:1", { what: "a" });
  const envelope = await signEnvelope(statement, hybrid);
  const lie = await signEnvelope(makeStatement(statement.subject, "urn:x:1", { what: "b" }), hybrid);
  await deed("signed statement altered", "EnvelopeSignatureError", () =>
    openEnvelope({ ...envelope, payload: lie.payload }, keys),
  );
  await deed("half of a hybrid signature removed", "EnvelopeSignatureError", () =>
    openEnvelope({ ...envelope, signatures: envelope.signatures.slice(0, 1) }, keys),
  );
  const opening = seal({ age: 36, name: "Ada" }, (bytes) => crypto.getRandomValues(new Uint8Array(bytes)));
  expect(sealedBytes(opening.sealed).length).toBeGreaterThan(0);
  const shown = disclose(opening, ["/age"]);
  await deed("disclosed field changed", "DisclosureError", () =>
    verifyDisclosure({ ...shown, shown: [{ ...shown.shown[0], value: 37 }] }),
  );

  // Receipts and bytes.
  const check = async (changed: Receipt) => {
    const { verified, checks } = await call<{ verified: boolean; checks: { ok: boolean; name: string }[] }>(
      "assets.verify",
      { receipt: changed },
    );
    if (!verified) throw Object.assign(new Error("not verified"), { name: checks.find(({ ok }) => !ok)?.name });
  };
  const spoiltReceipt = async (what: string, from: Receipt, how: (copied: Receipt) => void) => {
    await check(from);
    const copied = structuredClone(from);
    how(copied);
    const error = await check(copied).then(
      () => undefined,
      (thrown: Error_) => thrown,
    );
    expect(error, what).toBeDefined();
    found.push(`${what} -> check "${error?.name}"`);
  };
  const asset = (one: Receipt, at = 0) =>
    one.statements.filter(({ node: { kind } }) => kind === "asset")[at] as Receipt["statements"][number];
  await spoiltReceipt("receipt: statement altered", receipt, (copied) => {
    asset(copied).statement["licence"] = "CC0-1.0";
  });
  await spoiltReceipt("receipt: signature of another statement", derived, (copied) => {
    asset(copied).signature = asset(copied, 1).signature as string;
  });
  await spoiltReceipt("receipt: parent swapped", derived, (copied) => {
    const parents = asset(copied).statement["parents"] as { root: string }[];
    (parents[0] as { root: string }).root = `0x${"12".repeat(32)}`;
  });
  await spoiltReceipt("receipt: source left out", derived, (copied) => {
    copied.edges = [];
    copied.statements = copied.statements.slice(0, 1);
  });

  console.log(
    `${found.length} kinds of tampering, each detected and named:\n${found.map((line, i) => `  ${i + 1}. ${line}`).join("\n")}`,
  );
  expect(found.length).toBeGreaterThanOrEqual(20);
});

const scopeOf = (events: readonly AnchorEvent[]) => ({
  origin: trust.origin,
  chain: {
    signer: node.keys.get("keeper").address.toLowerCase() as `0x${string}`,
    read: async () => true,
    write: async () => ({ transactionHash: NO_ANCHOR, blockNumber: 0n }),
    events: async () => events,
    settled: async () => 9n,
    head: async () => 9n,
  },
});

async function listAnchorsOf(log: string): Promise<AnchorEvent[]> {
  const rows = await node.db.kysely
    .selectFrom("ix_log_anchors")
    .selectAll()
    .where("log", "=", log)
    .orderBy("block")
    .execute();
  let before = NO_ANCHOR;
  return rows.map((row): AnchorEvent => {
    const head = { size: Number(row["size"]), root: row["root"] as `0x${string}` };
    const event = { before, accumulator: foldAnchor(before, head) };
    before = event.accumulator;
    return {
      ...event,
      name: "Anchored",
      signer: row["signer"],
      log: log as `0x${string}`,
      size: BigInt(head.size),
      root: head.root,
      blockNumber: BigInt(row["block"]),
      blockHash: NO_ANCHOR,
    };
  });
}
