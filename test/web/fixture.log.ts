// A small log of real records with real proofs, so that the page has something to check.
import { generateKeyPairSync } from "node:crypto";
import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import type { Hash } from "@base/bytes/hash.ts";
import { leafHash, MerkleTree, nodeHash } from "@base/bytes/merkle.ts";
import { signCheckpoint } from "@machines/log/checkpoint.ts";
import { createSigner, formatVerifier } from "@machines/log";
import { hash, ids } from "./fixture.data.ts";

const origin = "assay.local/0123456789ab";
const signer = createSigner(origin, "ed25519", generateKeyPairSync("ed25519").privateKey);
const event = (name: string, about: string, args: object) => ({
  _type: "https://in-toto.io/Statement/v1",
  subject: [
    { name: `event:${hash(name)}:0`, digest: { sha256: hash(about).slice(2) } },
    { name: about, digest: { sha256: hash(about).slice(2) } },
  ],
  predicateType: "urn:assay:event:1",
  predicate: { event: { name, block: "47" }, args },
});
const values = [
  event("Assets.Published", "asset:1", { id: "1", price: "5000000000000000000" }),
  event("Assets.Published", "asset:3", { id: "3", price: "0" }),
  event("Oracle.Requested", `decision:${ids.a}`, { id: ids.a }),
  event("Oracle.Challenged", `decision:${ids.b}`, { id: ids.b }),
  event("Cover.PolicyPaid", "payout:2000001", { amount: "418440000000000000000" }),
  { severity: "high", what: "the gauge at the airport froze for two days" },
];
const records = values.map((value) => canonicalJsonBytes(value));
const tree = MerkleTree.fromLeaves(records);
const { note, root, size } = signCheckpoint(
  { origin, size: records.length, root: tree.root() },
  [signer],
  1_700_000_000,
);

/** The incident stands in a log of a million: a path of 20 hashes, with other records' hashes made up. */
const million = 2 ** 20;
const path = Array.from({ length: 20 }, (_, level) => hash(`sibling ${level}`) as Hash);
const top = path.reduce(
  (node, sibling, level) => ((5 >> level) & 1 ? nodeHash(sibling, node) : nodeHash(node, sibling)),
  leafHash(records[5] as Uint8Array),
);
const large = signCheckpoint({ origin, size: million, root: top }, [signer], 1_700_000_000);

const shown = (index: number) => ({
  index,
  kind: index === 5 ? "incident" : "event",
  about: index === 5 ? "" : (values[index] as { subject: { name: string }[] }).subject[1]?.name,
  leaf: leafHash(records[index] as Uint8Array),
  bytes: records[index]?.length,
  value: values[index],
});
const contract = hash("Anchor").slice(0, 42);

/** Answers of the log's actions. */
export const log = {
  head: {
    origin,
    size,
    root,
    note,
    keys: [formatVerifier(signer.verifier)],
    witnesses: [
      { name: "witness.example", signed: true, problem: null },
      { name: "other.example", signed: false, problem: "The witness other.example does not answer." },
    ],
    witness: null,
    anchors: {
      contract,
      signer: hash("keeper").slice(0, 42),
      chainId: 31337,
      count: 2,
      newest: [
        { size, root, accumulator: hash("acc2"), block: "60", settled: true },
        { size: 2, root: tree.root(2), accumulator: hash("acc1"), block: "52", settled: true },
      ],
    },
  },
  list: () => ({ records: records.map((_, i) => shown(records.length - 1 - i)), total: size, next: null }),
  show: (index: number) => (records[index] ? { ...shown(index), text: "" } : undefined),
  prove: (index: number) =>
    records[index] && {
      type: "assay/log-proof/1",
      origin,
      index,
      record: Buffer.from(records[index] as Uint8Array).toString("base64"),
      leaf: shown(index).leaf,
      proof: index === 5 ? path : tree.inclusionProof(index),
      checkpoint: index === 5 ? large.note : note,
      keys: [formatVerifier(signer.verifier)],
      anchor: { block: "60", head: { size } },
      tlogProof: "",
      proofBytes: 96,
    },
};
