// Proofs, checkpoints and envelopes against an implementation by others: the verifier of Sigstore, from npm.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hexToBytes } from "@base/bytes/hex.ts";
import { generateSigner, type Log, openLog } from "@machines/log";
import { makeStatement, signEnvelope } from "@machines/statements";
import { keySigner } from "@machines/statements/keys.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const require = createRequire(import.meta.url);
const sigstore = dirname(require.resolve("@sigstore/verify"));
interface Checkpoint {
  readonly logSize: bigint;
  readonly logHash: Buffer;
}
const { verifyMerkleInclusion } = require(join(sigstore, "tlog/merkle.js")) as {
  verifyMerkleInclusion(entry: unknown, checkpoint: Checkpoint): void;
};
const { verifyCheckpoint } = require(join(sigstore, "tlog/checkpoint.js")) as {
  verifyCheckpoint(entry: unknown, tlogs: unknown): Checkpoint;
};
const core = createRequire(join(sigstore, "index.js"))("@sigstore/core") as {
  dsse: { preAuthEncoding(type: string, payload: Buffer): Buffer };
  crypto: { verify(data: Buffer, key: unknown, signature: Buffer): boolean };
};

const origin = "interop.example/log";
const signer = generateSigner(origin, "ed25519");
const key = createPublicKey(signer.privateKey as unknown as string);
const tlogs = [{ logID: Buffer.from(signer.verifier.id, "hex"), baseURL: `https://${origin}`, publicKey: key }];
const record = (i: number) => Buffer.from(`record ${i}`);

describe("Sigstore's verifier accepts what the log says", () => {
  let log: Log;
  const dir = mkdtempSync(join(tmpdir(), "assay-interop-"));
  beforeAll(async () => {
    const signers = [signer, generateSigner(origin, "ml-dsa-44")];
    log = await openLog({ dir, origin, signers, now: () => 1_700_000_000_000 });
  });
  afterAll(async () => {
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("checkpoints and inclusion proofs at sizes around the borders of tiles, and nothing else", async () => {
    let checked = 0;
    for (const size of [1, 2, 3, 7, 8, 255, 256, 257, 1_000, 65_537]) {
      await log.append(Array.from({ length: size - log.size }, (_, i) => record(log.size + i)));
      const { note } = await log.checkpoint();
      const at = new Set([0, 1, size >> 1, size - 2, size - 1].filter((index) => index >= 0 && index < size));
      for (const index of at) {
        const { proof } = await log.proveInclusion(index);
        const hashes = proof.map((hash) => Buffer.from(hexToBytes(hash)));
        const entry = (body: Buffer, logIndex = String(index)) => ({
          canonicalizedBody: body,
          inclusionProof: { logIndex, treeSize: String(size), hashes, checkpoint: { envelope: note } },
        });
        const checkpoint = verifyCheckpoint(entry(record(index)), tlogs);
        expect(checkpoint.logSize).toBe(BigInt(size));
        verifyMerkleInclusion(entry(record(index)), checkpoint);
        expect(() => verifyMerkleInclusion(entry(record(index + 1)), checkpoint)).toThrow();
        if (size > 1) {
          const other = String(index === 0 ? 1 : index - 1);
          expect(() => verifyMerkleInclusion(entry(record(index), other), checkpoint)).toThrow();
        }
        const forged = entry(record(index));
        forged.inclusionProof.checkpoint.envelope = note.replace(`\n${size}\n`, `\n${size + 1}\n`);
        expect(() => verifyCheckpoint(forged, tlogs)).toThrow();
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(40);
  });

  test("DSSE envelopes", async () => {
    const pair = generateKeyPairSync("ed25519");
    const subject = [{ name: "asset:1", digest: { sha256: "ab".repeat(32) } }];
    const statement = makeStatement(subject, "urn:assay:record:note:1", { what: "größer" });
    const envelope = await signEnvelope(statement, [keySigner("ed25519", pair.privateKey)]);
    const payload = Buffer.from(envelope.payload, "base64");
    const message = core.dsse.preAuthEncoding(envelope.payloadType, payload);
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? "", "base64");
    expect(core.crypto.verify(message, pair.publicKey, signature)).toBe(true);
    expect(core.crypto.verify(core.dsse.preAuthEncoding("text/plain", payload), pair.publicKey, signature)).toBe(false);
  });
});
