import { canonicalJson, canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { leafHash, MerkleBuilder, merkleRoot } from "@base/bytes/merkle.ts";
import { bytesIn } from "../bits.ts";
import type { Shape } from "../graph/ir.ts";
import type { Table } from "../table/table.ts";

/** Bytes of one leaf of a tensor's tree. */
export const LEAF_BYTES = 4096;

/** A tensor that is committed under a name. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** RFC 6962 root over the tensor's little-endian binary32 bytes in leaves of 4096 bytes (the last may be shorter). */
export function tensorRoot(values: Float32Array): Hash {
  const bytes = bytesIn(values);
  if (bytes.length > 0 && bytes.length <= LEAF_BYTES) return leafHash(bytes);
  const builder = new MerkleBuilder();
  for (let at = 0; at < bytes.length; at += LEAF_BYTES) builder.append(bytes.subarray(at, at + LEAF_BYTES));
  return builder.root();
}

/** RFC 6962 root over a list of tensors: first a leaf that names `kind`, then one canonical JSON leaf per tensor. */
export function tensorsRoot(kind: string, tensors: readonly NamedTensor[]): Hash {
  // Canonical JSON, written out: with small models a training spends its time here.
  const leaves = tensors.map(({ name, shape, values }) =>
    utf8(`{"name":${canonicalJson(name)},"root":"${tensorRoot(values)}","shape":[${shape.join(",")}]}`),
  );
  return merkleRoot([canonicalJsonBytes({ type: kind, count: tensors.length }), ...leaves]);
}

/** SHA-256 of a value's canonical JSON (RFC 8785). */
export function jsonHash(value: unknown): Hash {
  return sha256Hex(canonicalJsonBytes(value));
}

/** Root of a table: one canonical JSON leaf per column after a leaf with the number of rows. */
export function tableRoot(table: Table): Hash {
  const columns = table.columns.map(({ name, type, values }) =>
    canonicalJsonBytes({ name, type, values: [...values] }),
  );
  return merkleRoot([
    canonicalJsonBytes({ type: "assay/table/1", rows: table.rows, columns: columns.length }),
    ...columns,
  ]);
}
