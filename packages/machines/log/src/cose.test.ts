import { sign } from "node:crypto";
import { leafHash, MerkleTree, merkleRoot } from "@base/bytes/merkle.ts";
import { hashBytes } from "@base/bytes/hash.ts";
import { IntegrityError } from "@base/errors";
import { describe, expect, test } from "vitest";
import { folder, open, origin, record, records, signer } from "../test/logs.ts";
import { makeReceipt, parseReceipt, verifyReceipt } from "./cose.ts";
import { ReceiptFormatError, ReceiptSignatureError } from "./errors.ts";
import { generateSigner, offersPostQuantum } from "./note.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const keys = [signer.verifier];

/** CBOR by hand (RFC 8949, 3): a byte string of 32, 64 or fewer than 24 bytes, so that no library says what is right. */
const bstr = (bytes: Uint8Array) => {
  const length = bytes.length;
  const head = length < 24 ? [0x40 + length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), bytes]);
};

/** The receipt of RFC 9942's figure 4 by hand: `alg`, `vds`, one proof, no payload, the given place and path. */
function byHand(alg: number[], size: number, index: number, path: readonly Uint8Array[], root: Uint8Array) {
  const header = Buffer.from([0xa2, 0x01, ...alg, 0x19, 0x01, 0x8b, 0x01]);
  const proof = Buffer.concat([Buffer.from([0x83, size, index, 0x80 + path.length]), ...path.map(bstr)]);
  const message = Buffer.concat([
    Buffer.from([0x84, 0x6a]),
    Buffer.from("Signature1"),
    bstr(header),
    bstr(Buffer.alloc(0)),
    bstr(root),
  ]);
  return Buffer.concat([
    Buffer.from([0xd2, 0x84]),
    bstr(header),
    Buffer.from([0xa1, 0x19, 0x01, 0x8c, 0xa1, 0x20, 0x81]),
    bstr(proof),
    Buffer.from([0xf6]),
    bstr(sign(null, message, signer.privateKey)),
  ]);
}

describe("COSE receipts (RFC 9942)", () => {
  const data = records(0, 20);
  const tree = MerkleTree.fromLeaves(data);
  const path = tree.inclusionProof(17, 20);
  const root = merkleRoot(data);

  test("a receipt made by hand as the standard draws it is read and verified, in both numbers of the algorithm", () => {
    for (const alg of [[0x32], [0x27]]) {
      const receipt = parseReceipt(byHand(alg, 20, 17, path.map(hashBytes), hashBytes(root)));
      expect(receipt).toMatchObject({ index: 17, size: 20, origin: undefined, placed: false });
      expect(receipt.proof).toEqual(path);
      expect(verifyReceipt(receipt, leafHash(record(17)), keys)).toEqual({ root, key: signer.verifier });
      expect(() => verifyReceipt(receipt, leafHash(record(16)), keys)).toThrow(ReceiptSignatureError);
      expect(() => verifyReceipt(receipt, leafHash(record(17)), [])).toThrow(ReceiptSignatureError);
    }
  });

  test("the log's own receipt says its log, key and place, byte for byte as deterministic CBOR has it", async () => {
    const log = await open(folder());
    await log.append(data);
    await expect(log.receipt(17)).rejects.toThrow();
    await log.checkpoint();
    const bytes = (await log.receipt(17)) as Uint8Array;
    const claims = [
      0xa2,
      0x01,
      0x60 + origin.length,
      ...Buffer.from(origin),
      0x02,
      0x6f,
      ...Buffer.from("record 17 of 20"),
    ];
    const header = Buffer.concat([
      Buffer.from([0xa4, 0x01, 0x32, 0x04]),
      bstr(Buffer.from(signer.verifier.id, "hex")),
      Buffer.from([0x0f, ...claims, 0x19, 0x01, 0x8b, 0x01]),
    ]);
    expect(hex(bytes).startsWith(hex(Buffer.concat([Buffer.from([0xd2, 0x84]), bstr(header)])))).toBe(true);
    const receipt = parseReceipt(bytes);
    expect(receipt).toMatchObject({ origin, index: 17, size: 20, placed: true });
    expect(verifyReceipt(receipt, leafHash(record(17)), keys).root).toBe(root);
    expect(await log.receipt(17)).toEqual(bytes);
    expect(bytes.length).toBeLessThan(400);
    await expect(log.receipt(20)).rejects.toThrow();
  });

  test("no byte of a receipt can be changed, left out or added", () => {
    const good = makeReceipt(origin, { index: 17, size: 20, leaf: leafHash(record(17)), root, proof: path }, signer);
    const leaf = leafHash(record(17));
    const judge = (bytes: Uint8Array) => verifyReceipt(parseReceipt(bytes), leaf, keys);
    expect(judge(good).root).toBe(root);
    for (let at = 0; at < good.length; at++) {
      for (const bit of [1, 16, 128]) {
        const changed = Uint8Array.from(good);
        changed[at] = (changed[at] as number) ^ bit;
        expect(() => judge(changed), `byte ${at}, bit ${bit}`).toThrow(IntegrityError);
      }
      expect(() => judge(good.subarray(0, at)), `cut at ${at}`).toThrow(ReceiptFormatError);
    }
    expect(() => judge(Buffer.concat([good, Buffer.of(0)]))).toThrow(ReceiptFormatError);
    expect(() => judge(new Uint8Array(10_000).fill(0xd2))).toThrow(ReceiptFormatError);
  });

  test("an honest receipt's path moved to another size of the log is refused, for the place is signed", () => {
    // Record 0 of 5 and of 6 have paths of one form: the root alone would not tell them apart.
    const five = MerkleTree.fromLeaves(records(0, 5));
    const claim = {
      index: 0,
      leaf: leafHash(record(0)),
      root: merkleRoot(records(0, 5)),
      proof: five.inclusionProof(0, 5),
    };
    const honest = parseReceipt(makeReceipt(origin, { ...claim, size: 5 }, signer));
    expect(verifyReceipt({ ...honest, size: 6 }, claim.leaf, keys).root).toBe(claim.root);
    const moved = Buffer.from(makeReceipt(origin, { ...claim, size: 5 }, signer));
    const place = moved.indexOf(Buffer.from([0x83, 0x05, 0x00]));
    moved[place + 1] = 6;
    expect(() => parseReceipt(moved)).toThrow("another place");
  });

  test("a key vouches for the log of its own name alone, whatever the receipt calls the key", () => {
    const claim = { index: 17, size: 20, leaf: leafHash(record(17)), root, proof: path };
    const pretended = parseReceipt(makeReceipt("other.example/log", claim, signer));
    expect(() => verifyReceipt(pretended, claim.leaf, keys)).toThrow(ReceiptSignatureError);
    const verifier = { ...signer.verifier, id: "01020304" };
    const renamed = parseReceipt(makeReceipt(origin, claim, { ...signer, verifier }));
    expect(verifyReceipt(renamed, claim.leaf, keys).root).toBe(root);
  });

  test("a log without an Ed25519 key makes none", async () => {
    if (!offersPostQuantum()) return;
    const log = await open(folder(), { signers: [generateSigner(origin, "ml-dsa-44")] });
    await log.append(records(0, 2));
    await log.checkpoint();
    expect(await log.receipt(0)).toBeUndefined();
  });
});
