import { encode, prepare } from "@ipld/dag-pb";
import { type Hash, hashBytes, sha256 } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import { CID } from "multiformats/cid";
import { create as createDigest } from "multiformats/hashes/digest";
import type { FileManifest } from "./manifest.ts";

/** Codec and hash numbers of the multicodec table. */
export const RAW = 0x55;
export const DAG_PB = 0x70;
const SHA2_256 = 0x12;

/** Links of one node, as `unixfs-v1-2025` and today's importers have them. */
const WIDTH = 1024;

/** A block of a UnixFS file that is not one of its chunks. */
export interface DagNode {
  readonly cid: CID;
  readonly bytes: Uint8Array;
}

/** The CIDv1 of a blob: it names the same SHA-256 of the same bytes. */
export function cidOf(hash: Hash, codec: number = RAW): CID {
  return CID.createV1(codec, createDigest(SHA2_256, hashBytes(hash)));
}

/** The blob that a CID names; throws InvalidInputError for other hashes than SHA-256. */
export function hashOf(cid: CID): Hash {
  if (cid.multihash.code !== SHA2_256 || cid.multihash.digest.length !== 32) {
    throw new InvalidInputError(`${cid} does not name a SHA-256.`, { data: { cid: cid.toString() } });
  }
  return bytesToHex(cid.multihash.digest);
}

/**
 * The UnixFS file (raw leaves, balanced, 1,024 links a node) that these chunks make: what an IPFS importer that cuts at
 * `chunkSize` builds from the same bytes. Needs no bytes, only the manifest. Inner nodes come leaves' parents first.
 */
export function dagOf({ size, chunkSize, chunks }: FileManifest): {
  readonly root: CID;
  readonly nodes: readonly DagNode[];
} {
  const nodes: DagNode[] = [];
  /** Link to a sub-tree: bytes of the file under it, and bytes of all its blocks. */
  interface Part {
    readonly cid: CID;
    readonly fileSize: number;
    readonly total: number;
  }
  let level: Part[] = chunks.map((hash, i) => {
    const length = Math.min(chunkSize, size - i * chunkSize);
    return { cid: cidOf(hash), fileSize: length, total: length };
  });
  if (level.length === 0) return { root: cidOf(bytesToHex(sha256(new Uint8Array(0)))), nodes };
  while (level.length > 1) {
    const parents: Part[] = [];
    for (let at = 0; at < level.length; at += WIDTH) {
      const parts = level.slice(at, at + WIDTH);
      const fileSize = parts.reduce((sum, part) => sum + part.fileSize, 0);
      const bytes = encode(
        prepare({
          Data: unixFsFile(
            fileSize,
            parts.map((part) => part.fileSize),
          ),
          Links: parts.map(({ cid, total }) => ({ Name: "", Hash: cid, Tsize: total })),
        }),
      );
      const cid = cidOf(bytesToHex(sha256(bytes)), DAG_PB);
      nodes.push({ cid, bytes });
      parents.push({ cid, fileSize, total: bytes.length + parts.reduce((sum, part) => sum + part.total, 0) });
    }
    level = parents;
  }
  return { root: (level[0] as Part).cid, nodes };
}

/** The CID of a stored file, as text (base32). */
export function fileCid(manifest: FileManifest): string {
  return dagOf(manifest).root.toString();
}

/** UnixFS `Data` message (specs.ipfs.tech/unixfs): type file, its size, its blocks' sizes. */
function unixFsFile(fileSize: number, blockSizes: readonly number[]): Uint8Array {
  const out = [0x08, 2, 0x18, ...varint(fileSize)];
  for (const size of blockSizes) out.push(0x20, ...varint(size));
  return Uint8Array.from(out);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}

/** What a UnixFS node says: 2 is a file, 0 raw bytes; other fields are skipped. Undefined where it is no such message. */
export function readUnixFs(
  bytes: Uint8Array,
): { type: number; fileSize: number | undefined; data: Uint8Array | undefined } | undefined {
  let at = 0;
  let type = -1;
  let fileSize: number | undefined;
  let data: Uint8Array | undefined;
  const number = () => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 50; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const key = number();
    if (key % 8 === 2) {
      const length = number();
      if (!(length <= bytes.length - at)) return undefined;
      if (key === 0x12) data = bytes.subarray(at, at + length);
      at += length;
    } else if (key % 8 === 0) {
      const value = number();
      if (!Number.isSafeInteger(value)) return undefined;
      if (key === 0x08) type = value;
      if (key === 0x18) fileSize = value;
    } else return undefined;
  }
  return { type, fileSize, data };
}
