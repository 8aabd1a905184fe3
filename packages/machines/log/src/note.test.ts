import { merkleRoot } from "@base/bytes/merkle.ts";
import { InvalidInputError } from "@base/errors";
import { describe, expect, test } from "vitest";
import { folder, open, origin, records, signer, trust } from "../test/logs.ts";
import { parseCheckpoint, signCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import {
  CheckpointFormatError,
  CheckpointSignatureError,
  ProofError,
  RolledBackError,
  SplitViewError,
  WitnessQuorumError,
} from "./errors.ts";
import {
  createVerifier,
  formatVerifier,
  generateSigner,
  offersPostQuantum,
  parseNote,
  parseVerifier,
  verifyNote,
} from "./note.ts";
import type { Head } from "./verify.ts";
import { addSignatures, createWitness, type WitnessMemory } from "./witness.ts";

const memory = (): WitnessMemory => {
  const heads = new Map<string, Head>();
  return { load: async (log) => heads.get(log), save: async (log, head) => void heads.set(log, head) };
};
const kind = offersPostQuantum() ? "ml-dsa-44" : "ed25519-cosignature";

describe("signed notes", () => {
  test("a published checkpoint of a large public log is read and verified with its published key", () => {
    const key = parseVerifier("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
    const text =
      "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" +
      "— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    expect(verifyCheckpoint(text, { origin: "go.sum database tree", keys: [key] }).size).toBe(20_852_163);
    expect(formatVerifier(key)).toBe("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
    const altered = text.replace("20852163", "20852164");
    expect(() => verifyCheckpoint(altered, { origin: "go.sum database tree", keys: [key] })).toThrow(
      CheckpointSignatureError,
    );
  });

  test("the standard's example note verifies", () => {
    const key = parseVerifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const note = parseNote(
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
    );
    expect(verifyNote(note, key)).toEqual({ time: 0 });
  });

  test("malformed notes, checkpoints and keys are refused", () => {
    const good = signCheckpoint({ origin, size: 3, root: merkleRoot(records(0, 3)) }, [signer], 1).note;
    expect(parseCheckpoint(good)).toMatchObject({ origin, size: 3 });
    const bad = [
      "",
      good.replace("\n3\n", "\n-3\n"),
      good.replace("\n3\n", "\n9007199254740993\n"),
      good.replace("\n\n", "\n"),
      good.slice(0, -1),
      good.replace("—", "-"),
      good.replace(origin, "\u0007"),
    ];
    for (const note of bad) expect(() => parseCheckpoint(note)).toThrow(CheckpointFormatError);
    expect(() => parseVerifier("a+00000000+AQ==")).toThrow(InvalidInputError);
    const text = formatVerifier(signer.verifier);
    expect(parseVerifier(text)).toEqual(signer.verifier);
    expect(() => parseVerifier(text.replace(/\+[0-9a-f]{8}\+/, "+00000000+"))).toThrow("id");
    expect(() => createVerifier("two words", "ed25519", new Uint8Array(32))).toThrow(InvalidInputError);
  });

  test.skipIf(!offersPostQuantum())("a checkpoint in Ed25519 and ML-DSA-44 needs both", () => {
    const second = generateSigner(origin, "ml-dsa-44");
    const head = { origin, size: 3, root: merkleRoot(records(0, 3)) };
    const both = { origin, keys: [signer.verifier, parseVerifier(formatVerifier(second.verifier))] };
    verifyCheckpoint(signCheckpoint(head, [signer, second], 5).note, both);
    expect(() => verifyCheckpoint(signCheckpoint(head, [signer], 5).note, both)).toThrow(CheckpointSignatureError);
    const renamed = { origin, keys: [createVerifier("x.example", "ml-dsa-44", second.verifier.publicKey)] };
    expect(() => verifyCheckpoint(signCheckpoint(head, [second], 5).note, renamed)).toThrow(CheckpointSignatureError);
  });
});

describe("witnesses", () => {
  const keys = [generateSigner("w1.example", "ed25519-cosignature"), generateSigner("w2.example", kind)] as const;
  const witnesses = () =>
    keys.map((signer) => createWitness({ signer, logs: [trust], memory: memory(), now: () => 1_700_000_000_999 }));
  const trusted = { ...trust, witnesses: keys.map(({ verifier }) => verifier), quorum: 2 };

  test("cosign heads that extend each other; a quorum is checked", async () => {
    const log = await open(folder());
    const asked = witnesses();
    for (const size of [0, 10, 10, 300]) {
      await log.append(records(log.size, size));
      const head = await log.checkpoint({ witnesses: asked });
      expect(head.refused).toEqual([]);
      expect(verifyCheckpoint(head.note, trusted).witnessed).toEqual([
        { name: "w1.example", time: 1_700_000_000 },
        { name: "w2.example", time: 1_700_000_000 },
      ]);
      expect(await asked[0]?.lastSize(origin)).toBe(size);
    }
    const alone = await log.checkpoint({ witnesses: asked.slice(0, 1) });
    expect(() => verifyCheckpoint(alone.note, trusted)).toThrow(WitnessQuorumError);
    expect(verifyCheckpoint(alone.note, { ...trusted, quorum: 1 }).witnessed).toHaveLength(1);
  });

  test("refuse another history, a shorter log, a wrong proof and a forged head", async () => {
    const [witness] = witnesses();
    if (!witness) return;
    const head = (size: number, from = 0) =>
      signCheckpoint({ origin, size, root: merkleRoot(records(from, from + size)) }, [signer], 1).note;
    await witness.cosign(head(10), []);
    await expect(witness.cosign(head(10, 1), [])).rejects.toThrow(SplitViewError);
    await expect(witness.cosign(head(9), [])).rejects.toThrow(RolledBackError);
    await expect(witness.cosign(head(11), [])).rejects.toThrow(ProofError);
    await expect(witness.cosign(head(10).replace("\n10\n", "\n12\n"), [])).rejects.toThrow(CheckpointSignatureError);
    const line = await witness.cosign(head(10), []);
    expect(addSignatures(head(10), [line]).split("\n—")).toHaveLength(3);
    const log = await open(folder());
    await log.append(records(50, 70));
    const refused = await log.checkpoint({ witnesses: [witness] });
    expect(refused.refused.map(({ name, error }) => [name, (error as Error).name])).toEqual([
      ["w1.example", "ProofError"],
    ]);
  });
});
