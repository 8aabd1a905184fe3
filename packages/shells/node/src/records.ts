import { hkdfSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import type { Logger } from "@kernel/capability";
import {
  createSigner,
  createWitness,
  type Head,
  offersPostQuantum,
  openLog,
  parseVerifier,
  type Signer,
  type Trust,
  type Witness,
  type WitnessMemory,
} from "@machines/log";
import { readIfThere, replaceFile } from "@machines/log/disk.ts";
import { LogKeeper } from "@machines/log/keeper.ts";
import { httpWitness } from "@machines/log/witnessHttp.ts";
import { keyFromSeed, keySigner, type StatementSigner } from "@machines/statements";
import type { Config } from "./config.ts";
import { Keystore } from "./keystore.ts";

/**
 * Opens the node's log in its data folder: signed with Ed25519 and, where this Node can, ML-DSA-44; both keys and that of
 * the witness come from one secret in the key folder. Throws what `openLog` throws, InvalidInputError for a bad setting.
 */
export async function openRecords(
  config: Config,
  logger: Logger,
  now: () => number,
): Promise<{ keeper: LogKeeper; signers: readonly StatementSigner[] }> {
  const secret = new Keystore(join(config.dir, "keys", "machine"), config.password).secret("log");
  const seed = (purpose: string) => Buffer.from(hkdfSync("sha256", secret, "", `assay log ${purpose}`, 32));
  const origin = config.logOrigin ?? `assay.local/${sha256Hex(utf8("origin"), seed("name")).slice(2, 14)}`;
  const signers: Signer[] = [createSigner(origin, "ed25519", keyFromSeed("ed25519", seed("ed25519")))];
  if (offersPostQuantum()) signers.push(createSigner(origin, "ml-dsa-44", keyFromSeed("ml-dsa-44", seed("ml-dsa-44"))));
  const cosigner = createSigner(`${origin}/witness`, "ed25519-cosignature", keyFromSeed("ed25519", seed("witness")));
  const log = await openLog({ dir: join(config.dir, "log"), origin, signers, now });
  const witness = createWitness({
    signer: cosigner,
    logs: trusts(config.witnessed),
    memory: witnessMemory(join(config.dir, "witness")),
    now,
  });
  const own = (["ed25519", "ml-dsa-44"] as const).filter((kind) => kind === "ed25519" || offersPostQuantum());
  const keeper = new LogKeeper({
    log,
    trust: { origin, keys: signers.map(({ verifier }) => verifier) },
    witnesses: config.witnesses.map(witnessAt),
    witness: config.witnessed.length ? { ...witness, verifier: cosigner.verifier } : undefined,
    anchorEvery: config.anchorEvery * 1_000,
    onError: (error) => logger.warn("the log could not be published", { error: String(error) }),
  });
  return { keeper, signers: own.map((kind) => keySigner(kind, keyFromSeed(kind, seed(`statements ${kind}`)))) };
}

/** Logs to watch, from verifier keys; several keys of one name are one log that all of them must sign. */
function trusts(keys: readonly string[]): Trust[] {
  const parsed = keys.map(parseVerifier);
  return [...new Set(parsed.map(({ name }) => name))].map((origin) => ({
    origin,
    keys: parsed.filter(({ name }) => name === origin),
  }));
}

/** `<verifier key>@<url>`: whom to ask, and whose signature counts. */
function witnessAt(text: string): Witness {
  const at = text.lastIndexOf("@http");
  if (at < 0) {
    throw new InvalidInputError(`A witness is <verifier key>@<url>, not "${text.slice(0, 80)}".`, {
      hints: ["Its owner tells both: `assay log head` shows the key, /witness at its node is the address."],
      data: { setting: "witnesses" },
    });
  }
  return httpWitness({ verifier: parseVerifier(text.slice(0, at)), url: text.slice(at + 1) });
}

/** A witness's memory in a folder: synced before anything is signed. */
function witnessMemory(dir: string): WitnessMemory {
  const file = (origin: string) => join(dir, `${sha256Hex(utf8(origin)).slice(2)}.json`);
  return {
    async load(origin) {
      const bytes = readIfThere(file(origin));
      return bytes ? (JSON.parse(bytes.toString()) as Head) : undefined;
    },
    async save(origin, { size, root }) {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      await replaceFile(file(origin), Buffer.from(JSON.stringify({ origin, size, root })));
    },
  };
}
