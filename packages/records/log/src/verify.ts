import { readFile } from "node:fs/promises";
import { leafHash } from "@base/bytes/merkle.ts";
import { BaseError, InvalidInputError, NotFoundError } from "@base/errors";
import type { Check, Context } from "@kernel/capability";
import {
  looksLikeReceipt,
  parseCheckpoint,
  parseVerifier,
  type Trust,
  verifyCheckpoint,
  verifyExtension,
  verifyRecord,
} from "@machines/log";
import { anchorName } from "@machines/log/anchor.ts";
import { AnchorMismatchError } from "@machines/log/errors.ts";
import { verifyDisclosure } from "@machines/statements";
import { verifyCose } from "./verifyCose.ts";
import { parseTlogProof, proofSchema, type RecordProof } from "./proofs.ts";

export interface VerifyInput {
  readonly file?: string | undefined;
  readonly proof?: unknown;
  readonly record?: string | undefined;
  readonly recordFile?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly witnesses?: readonly string[] | undefined;
  readonly quorum?: number | undefined;
  readonly disclosure?: unknown;
}

/**
 * Checks a proof that `log prove` made, or a C2SP tlog-proof or COSE receipt with its record: record, path, signed head,
 * witnesses, and the anchor where this node is on its chain. Says each check with its outcome; throws InvalidInputError when the proof
 * has no such form. Nothing of the log itself is asked. SPEC L5.
 */
export async function verify(context: Context, input: VerifyInput) {
  const bytes = await readBytes(input);
  const stated = await readRecord(input);
  if (looksLikeReceipt(bytes)) {
    if (input.witnesses?.length || input.disclosure !== undefined) {
      throw new InvalidInputError("A COSE receipt has neither witnesses nor room for a disclosure.", {
        hints: ["Check the JSON that `assay log prove <record> --out FILE` writes."],
      });
    }
    return verifyCose(context, bytes, stated, input.keys);
  }
  const proof = await readProof(Buffer.from(bytes).toString("utf8"), stated, input.keys);
  const checks: (Check & { skipped?: boolean; error?: string })[] = [];
  const check = async (name: string, work: () => Promise<string> | string) => {
    try {
      checks.push({ name, ok: true, detail: await work() });
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      checks.push({ name, ok: false, detail: error.shortMessage, error: error.name });
    }
  };
  const own = context.records?.trust;
  const given = input.keys ?? [];
  // The node's own keys are trusted for its own log; another log's keys must be brought, or only the paths are checked.
  const trusted = given.length ? given.map(parseVerifier) : own?.origin === proof.origin ? own.keys : undefined;
  const head = parseCheckpoint(proof.checkpoint);
  const record = Buffer.from(proof.record, "base64");
  await check("record", () => {
    verifyRecord(record, { ...proof, size: head.size, root: head.root }, head);
    return `record ${proof.index} of ${head.size} leads to the root ${head.root}`;
  });
  const trust: Trust = {
    origin: proof.origin,
    keys: trusted ?? proof.keys.map(parseVerifier),
    ...(input.witnesses?.length
      ? { witnesses: input.witnesses.map(parseVerifier), quorum: input.quorum ?? input.witnesses.length }
      : {}),
  };
  await check("signatures", () => {
    const { witnessed } = verifyCheckpoint(proof.checkpoint, trust);
    const by = trust.keys.map(({ kind }) => kind).join(" and ");
    const also = witnessed.length ? `, witnessed by ${witnessed.map(({ name }) => name).join(", ")}` : "";
    const whose = trusted ? "" : " (keys named by the proof itself: bring your own with --keys to trust them)";
    return `head signed by ${proof.origin} with ${by}${also}${whose}`;
  });
  const { anchor } = proof;
  if (!anchor || anchor.chainId !== context.chain.chainId) {
    const why = anchor
      ? `it is on chain ${anchor.chainId}, this node on ${context.chain.chainId}`
      : "the proof has none";
    checks.push({ name: "anchor", ok: true, skipped: true, detail: `not checked: ${why}` });
  } else await check("anchor", () => checkAnchor(context, proof, anchor));
  if (input.disclosure !== undefined) {
    await check("disclosure", () => {
      const { sealed, fields } = verifyDisclosure(input.disclosure);
      if (leafHash(Buffer.from(JSON.stringify(sealedForm(sealed)))) !== proof.leaf) {
        throw new InvalidInputError("The disclosure is of another record than the proof.");
      }
      return `shown: ${Object.keys(fields).join(", ")}`;
    });
  }
  const failed = checks.filter(({ ok }) => !ok).length;
  return {
    verified: failed === 0,
    origin: proof.origin,
    index: proof.index,
    size: head.size,
    root: head.root,
    trusted: trusted !== undefined,
    checks: checks.map((one) => ({ skipped: false, error: null, ...one })),
  };
}

/** The keys of a sealed record in canonical order. */
const sealedForm = ({ fields, root, type }: { fields: number; root: string; type: string }) => ({ fields, root, type });

async function checkAnchor(
  context: Context,
  proof: RecordProof,
  anchor: NonNullable<RecordProof["anchor"]>,
): Promise<string> {
  if (anchor.log !== anchorName(proof.origin)) throw new AnchorMismatchError("The anchor is of another log.");
  const contract = context.contracts.get("Anchor");
  if (contract.address.toLowerCase() !== anchor.contract) {
    throw new AnchorMismatchError(`The anchor is in ${anchor.contract}, this node knows ${contract.address}.`);
  }
  const head = parseCheckpoint(proof.checkpoint);
  verifyExtension(anchor.head, head, anchor.consistency);
  const solid = ({ before, size, root }: { before: string; size: number; root: string }) => {
    return { before, size: BigInt(size), root };
  };
  // The proof may be older than the newest anchors: the index fills in those that came since.
  const rows = await context.db.kysely
    .selectFrom("ix_log_anchors")
    .select(["before", "size", "root"])
    .where("log", "=", anchor.log)
    .where("signer", "=", anchor.signer)
    .where("size", ">", Math.max(anchor.head.size, anchor.later.at(-1)?.size ?? 0))
    .orderBy("block")
    .orderBy("log_index")
    .execute();
  const since = rows.map((row) => ({
    before: String(row["before"]),
    size: Number(row["size"]),
    root: String(row["root"]),
  }));
  const args = [anchor.signer, anchor.log, solid(anchor.head), [...anchor.later, ...since].map(solid)];
  if ((await context.chain.read(contract, "isAnchored", args)) !== true) {
    throw new AnchorMismatchError(`The head of size ${anchor.head.size} is not anchored by ${anchor.signer}.`);
  }
  return `head of size ${anchor.head.size} anchored by ${anchor.signer} not later than block ${anchor.block}`;
}

/** What is to be checked as bytes: a file's, a receipt's, or the proof as JSON. */
async function readBytes({ file, proof }: VerifyInput): Promise<Uint8Array> {
  if ((file === undefined) === (proof === undefined)) {
    throw new InvalidInputError("Give a file with a proof or the proof itself.", { data: { field: "file" } });
  }
  if (file === undefined)
    return typeof proof === "string" ? Buffer.from(proof, "base64") : Buffer.from(JSON.stringify(onlyProof(proof)));
  return readThere(file);
}

/** The record beside a proof that does not hold it; undefined where none is given. */
async function readRecord({ record, recordFile }: VerifyInput): Promise<Uint8Array | undefined> {
  if (record !== undefined && recordFile !== undefined) {
    throw new InvalidInputError("Give the record's text or a file with it, not both.", { data: { field: "record" } });
  }
  if (recordFile !== undefined) return readThere(recordFile);
  return record === undefined ? undefined : Buffer.from(record);
}

async function readThere(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new NotFoundError(`There is no file ${file} to read.`, { cause, data: { file } });
  }
}

async function readProof(text: string, record?: Uint8Array, keys: readonly string[] = []): Promise<RecordProof> {
  if (text.startsWith("c2sp.org/")) {
    if (!record) throw new InvalidInputError("A tlog-proof needs the record: --record <text> or --record-file <file>.");
    const parsed = parseTlogProof(text);
    const { origin } = parseCheckpoint(parsed.checkpoint);
    return {
      type: "assay/log-proof/1",
      origin,
      ...parsed,
      record: Buffer.from(record).toString("base64"),
      leaf: leafHash(record),
      keys: [...keys],
      anchor: null,
    };
  }
  const parsed = proofSchema.safeParse(parseJson(text));
  if (parsed.success) {
    if (record && Buffer.compare(record, Buffer.from(parsed.data.record, "base64")) !== 0) {
      throw new InvalidInputError("The record given is not the one in the proof.", { data: { field: "record" } });
    }
    return parsed.data;
  }
  const issue = parsed.error.issues[0];
  throw new InvalidInputError(
    `This is no proof of the log: ${issue?.path.join(".") || "it"}: ${issue?.message ?? ""}`,
    {
      hints: [
        "A proof is the JSON that `assay log prove <record> --out FILE` writes, a C2SP tlog-proof or a COSE receipt.",
      ],
    },
  );
}

/** What `log.prove` answers, without what only repeats it. */
function onlyProof(proof: unknown): unknown {
  if (typeof proof !== "object" || proof === null) return proof;
  const { tlogProof: _text, cose: _cose, proofBytes: _bytes, ...rest } = proof as Record<string, unknown>;
  return rest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError("This is neither JSON, a tlog-proof nor a COSE receipt.", { cause });
  }
}
