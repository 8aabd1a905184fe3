import { canonicalJsonBytes, parseCanonicalJson } from "@base/bytes/canonicalJson.ts";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { merkleRoot } from "@base/bytes/merkle.ts";
import { type ErrorOptions, InvalidInputError } from "@base/errors";
import type { Ensemble } from "./ensemble.ts";
import type { Tree } from "./grow.ts";

/** Bytes that are no ensemble. */
export class EnsembleError extends InvalidInputError {
  override name = "EnsembleError";
  constructor(why: string, options: ErrorOptions = {}) {
    super(`These bytes are not boosted trees: ${why}`, options);
  }
}

const MAGIC = new TextEncoder().encode("assay-trees/2\n");
const NODE_BYTES = 20;
const MAX_HEADER = 2 ** 24;

/** A tree's canonical bytes: per node feature, threshold bits, left, value, and cover with missingLeft in bit 31; words little-endian. */
export function treeBytes(tree: Tree): Uint8Array {
  const bytes = new Uint8Array(tree.feature.length * NODE_BYTES);
  const view = new DataView(bytes.buffer);
  tree.feature.forEach((feature, node) => {
    const at = node * NODE_BYTES;
    view.setInt32(at, feature, true);
    view.setFloat32(at + 4, tree.threshold[node] as number, true);
    view.setUint32(at + 8, tree.left[node] as number, true);
    view.setInt32(at + 12, tree.value[node] as number, true);
    view.setUint32(at + 16, (tree.cover[node] as number) + (tree.missingLeft[node] === 1 ? 2 ** 31 : 0), true);
  });
  return bytes;
}

function headOf({ version, task, features, outputs, shift, start }: Ensemble) {
  return { version, task, features, outputs, shift, start: [...start] };
}

/** Canonical JSON of everything but the trees. */
export function headBytes(ensemble: Ensemble): Uint8Array {
  return canonicalJsonBytes(headOf(ensemble));
}

/** RFC 6962 root: one canonical JSON leaf for everything but the trees, then one leaf per tree; a prefix of rounds is a prefix of leaves. */
export function ensembleRoot(ensemble: Ensemble): Hash {
  return merkleRoot([headBytes(ensemble), ...ensemble.trees.map(treeBytes)]);
}

/** Canonical bytes: magic line, header length (4 bytes, little-endian), canonical JSON header with node counts, trees. */
export function encodeEnsemble(ensemble: Ensemble): Uint8Array {
  const nodes = ensemble.trees.map((tree) => tree.feature.length);
  const header = canonicalJsonBytes({ ...headOf(ensemble), nodes });
  const parts = [MAGIC, new Uint8Array(4), header, ...ensemble.trees.map(treeBytes)];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  new DataView(bytes.buffer).setUint32(MAGIC.length, header.length, true);
  return bytes;
}

/** SHA-256 of the canonical bytes. */
export function ensembleHash(ensemble: Ensemble): Hash {
  return sha256Hex(encodeEnsemble(ensemble));
}

/** Reads and checks what {@link encodeEnsemble} wrote; throws EnsembleError on anything else. */
export function decodeEnsemble(bytes: Uint8Array): Ensemble {
  const start = MAGIC.length + 4;
  if (bytes.length < start || MAGIC.some((byte, index) => bytes[index] !== byte))
    throw new EnsembleError("the first line differs.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(MAGIC.length, true);
  if (length > MAX_HEADER || start + length > bytes.length) throw new EnsembleError("they end inside the header.");
  const { nodes, ...head } = readHead(bytes.subarray(start, start + length));
  let at = start + length;
  const trees = nodes.map((count) => {
    const size = count * NODE_BYTES;
    if (at + size > bytes.length) throw new EnsembleError("a tree is cut off.");
    const tree = readTree(view, at, count);
    at += size;
    return tree;
  });
  if (at !== bytes.length) throw new EnsembleError("there are bytes after the last tree.");
  return checkEnsemble({ ...head, trees });
}

type Head = Omit<Ensemble, "trees"> & { readonly nodes: readonly number[] };

function readHead(bytes: Uint8Array): Head {
  let head: Partial<Head> | null;
  try {
    head = parseCanonicalJson(bytes) as Partial<Head> | null;
  } catch (cause) {
    throw new EnsembleError("the header is not canonical JSON.", { cause });
  }
  const fields = ["features", "nodes", "outputs", "shift", "start", "task", "version"];
  if (typeof head !== "object" || head === null || Object.keys(head).join() !== fields.join())
    throw new EnsembleError("the header has other fields.");
  if (!Array.isArray(head.nodes) || !head.nodes.every((count) => Number.isSafeInteger(count) && count >= 1))
    throw new EnsembleError("the node counts are malformed.");
  return head as Head;
}

function readTree(view: DataView, start: number, count: number): Tree {
  const list = (read: (at: number) => number) => Array.from({ length: count }, (_, i) => read(start + i * NODE_BYTES));
  return {
    feature: list((at) => view.getInt32(at, true)),
    threshold: list((at) => view.getFloat32(at + 4, true)),
    left: list((at) => view.getUint32(at + 8, true)),
    missingLeft: list((at) => view.getUint32(at + 16, true) >>> 31),
    value: list((at) => view.getInt32(at + 12, true)),
    cover: list((at) => view.getUint32(at + 16, true) & 0x7fffffff),
  };
}

/** Refuses an ensemble that could not be walked or that growing would not make; throws EnsembleError. */
export function checkEnsemble(ensemble: Ensemble): Ensemble {
  const { version, task, features, outputs, shift, start, trees } = ensemble;
  const whole = (value: unknown, low: number, high: number) =>
    Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;
  if (version !== 2 || !["regression", "binary", "multiclass"].includes(task))
    throw new EnsembleError("version or task is unknown.");
  if (!whole(features, 1, 2 ** 24) || !whole(outputs, 1, 256) || !whole(shift, -200, 200))
    throw new EnsembleError("features, outputs or shift is out of range.");
  if ((task === "multiclass") !== outputs > 1 || (task !== "regression" && shift !== 20))
    throw new EnsembleError("outputs or shift does not fit the task.");
  if (!Array.isArray(start) || start.length !== outputs || !start.every((value) => whole(value, -(2 ** 31), 2 ** 31)))
    throw new EnsembleError("the first scores are malformed.");
  if (trees.length % outputs !== 0) throw new EnsembleError("the last round is not whole.");
  for (const tree of trees) checkTree(tree, features);
  return ensemble;
}

/** Children come after their parent, each node but the root is the child of one, and covers add up. */
function checkTree(tree: Tree, features: number): void {
  let next = 1;
  const parents = tree.feature.map(() => 0);
  tree.feature.forEach((feature, node) => {
    const [left, cover] = [tree.left[node] as number, tree.cover[node] as number];
    if (cover < 1) throw new EnsembleError("a node covers no row.");
    if (feature === -1) {
      if (left !== 0 || tree.threshold[node] !== 0 || tree.missingLeft[node] !== 0)
        throw new EnsembleError("a leaf tests something.");
      return;
    }
    const sound = feature >= 0 && feature < features && left > node && left + 1 < tree.feature.length;
    if (!sound || !Number.isFinite(tree.threshold[node]) || tree.value[node] !== 0)
      throw new EnsembleError("a node is malformed.");
    if ((tree.cover[left] as number) + (tree.cover[left + 1] as number) !== cover)
      throw new EnsembleError("covers do not add up.");
    parents[left] = (parents[left] as number) + 1;
    parents[left + 1] = (parents[left + 1] as number) + 1;
    next += 2;
  });
  if (next !== tree.feature.length || parents.some((count, node) => count !== (node === 0 ? 0 : 1)))
    throw new EnsembleError("a tree is no tree.");
}
