// A proof that stands alone: record, place, path, signed head and keys, and where the chain says so, the anchor.
import { type Hash, isHash } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import { z } from "zod";

const hash = z
  .string()
  .refine(isHash, "expected a 32-byte hash")
  .transform((text) => text as Hash);
const head = z.strictObject({ before: hash, size: z.int().nonnegative(), root: hash });

/** Where a head of the log stands on a chain. */
export const anchorSchema = z.strictObject({
  chainId: z.int().positive(),
  contract: z.string().regex(/^0x[0-9a-f]{40}$/),
  signer: z.string().regex(/^0x[0-9a-f]{40}$/),
  log: hash,
  head,
  /** Heads anchored after it, oldest first: with them the contract's one accumulator can be recomputed. */
  later: z.array(head).max(100_000),
  block: z.string().regex(/^\d+$/),
  /** Proof that the proof's head and the anchored head are of one log. */
  consistency: z.array(hash).max(128),
});

export const proofSchema = z.strictObject({
  type: z.literal("assay/log-proof/1"),
  origin: z.string().min(1),
  index: z.int().nonnegative(),
  /** The record's bytes in base64. */
  record: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/),
  leaf: hash,
  proof: z.array(hash).max(64),
  /** The signed note that the proof leads to. */
  checkpoint: z.string().min(1),
  /** Verifier keys of the log as its owner names them; a reader that trusts nobody brings its own. */
  keys: z.array(z.string()).max(16),
  anchor: anchorSchema.nullable(),
});

export type RecordProof = z.output<typeof proofSchema>;

/** The same as C2SP tlog-proof text, which other tools read; it holds neither record nor anchor. */
export function toTlogProof({ index, proof, checkpoint }: Pick<RecordProof, "index" | "proof" | "checkpoint">): string {
  const hashes = proof.map((one) => `${Buffer.from(one.slice(2), "hex").toString("base64")}\n`);
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${hashes.join("")}\n${checkpoint}`;
}

/** Reads C2SP tlog-proof text; throws InvalidInputError. */
export function parseTlogProof(text: string): { index: number; proof: Hash[]; checkpoint: string } {
  const split = text.indexOf("\n\n");
  const [first, ...lines] = text.slice(0, Math.max(0, split)).split("\n");
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? "")?.[1];
  const proof = lines.map((line) => bytesToHex(Buffer.from(line, "base64")));
  if (first !== "c2sp.org/tlog-proof@v1" || index === undefined || !proof.every(isHash) || proof.length > 63) {
    throw new InvalidInputError("This is no tlog-proof (C2SP).");
  }
  return { index: Number(index), proof, checkpoint: text.slice(split + 2) };
}
