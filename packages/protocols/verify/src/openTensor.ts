import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import type { Hash } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { MerkleTree } from "@base/bytes/merkle.ts";
import { InvalidInputError } from "@base/errors";
import { toBytes } from "@machines/engine/bits.ts";
import { type NamedTensor, tensorRoot } from "@machines/engine/commit/roots.ts";

/** Elements of one leaf of a tensor's tree: 4,096 bytes of binary32, 1,024 bytes of int8. */
export const LEAF_ELEMENTS = 1024;

/** One leaf's bytes and the hashes from its level to the root, as `MerkleTensor.Opening` in Solidity. */
export interface Opening {
  readonly leaf: `0x${string}`;
  readonly path: readonly Hash[];
}

/** Elements that a tensor's tree can hold: binary32, int8, int32 or int64. */
export type Elements = Float32Array | Int8Array | Int32Array | BigInt64Array;

/** What an operand opens: a tensor, or the trees of an ensemble. */
export interface Openable {
  readonly root: Hash;
  /** Leaf numbers, with their openings on demand, that hold elements [from, from + count); throws InvalidInputError outside. */
  leaves(from: number, count: number): Iterable<readonly [leaf: number, opening: () => Opening]>;
  /** One element. */
  value(index: number): number | bigint;
}

/** The tree over a tensor's row-major elements; its root is what the engine's `tensorRoot` gives for binary32. */
export class TensorTree implements Openable {
  readonly #values: Elements;
  readonly #bytes: Uint8Array;
  readonly #width: number;
  readonly #tree: MerkleTree;

  /** Elements of several bytes become little-endian; int8 elements are their own. */
  constructor(values: Elements) {
    this.#values = values;
    this.#width = values.BYTES_PER_ELEMENT;
    this.#bytes = bytesOf(values);
    const step = LEAF_ELEMENTS * this.#width;
    const leaves: Uint8Array[] = [];
    for (let at = 0; at < this.#bytes.length; at += step) leaves.push(this.#bytes.subarray(at, at + step));
    this.#tree = MerkleTree.fromLeaves(leaves);
  }

  get root(): Hash {
    return this.#tree.root();
  }

  value(index: number): number | bigint {
    const value = this.#values[index];
    if (value === undefined)
      throw new InvalidInputError(`Element ${index} is outside a tensor of ${this.#values.length}.`);
    return value;
  }

  *leaves(from: number, count: number): Generator<readonly [leaf: number, opening: () => Opening]> {
    const size = this.#values.length;
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || from < 0 || count < 0 || from + count > size)
      throw new InvalidInputError(`Elements ${from} to ${from + count} are outside a tensor of ${size}.`);
    const step = LEAF_ELEMENTS * this.#width;
    for (let i = Math.floor(from / LEAF_ELEMENTS); count > 0 && i * LEAF_ELEMENTS < from + count; i++)
      yield [
        i,
        () => ({
          leaf: bytesToHex(this.#bytes.subarray(i * step, (i + 1) * step)),
          path: this.#tree.inclusionProof(i),
        }),
      ];
  }

  /** The leaves that hold elements [from, from + count), ascending; throws InvalidInputError outside the tensor. */
  open(from: number, count: number): Opening[] {
    return Array.from(this.leaves(from, count), ([, opening]) => opening());
  }
}

/** Elements as a leaf holds them: little-endian. */
export function bytesOf(values: Elements): Uint8Array {
  if (values instanceof Float32Array) return toBytes(values);
  if (values instanceof Int8Array) return new Uint8Array(values.buffer, values.byteOffset, values.length);
  const view = new DataView(new ArrayBuffer(values.length * values.BYTES_PER_ELEMENT));
  if (values instanceof Int32Array) for (const [i, value] of values.entries()) view.setInt32(i * 4, value, true);
  else for (const [i, value] of values.entries()) view.setBigInt64(i * 8, value, true);
  return new Uint8Array(view.buffer);
}

/** Paths that show tensor `index` of a list committed by the engine's `tensorsRoot(kind, tensors)`. */
export interface NameOpening {
  readonly tensorRoot: Hash;
  readonly headerPath: readonly Hash[];
  readonly path: readonly Hash[];
}

/** Opens name, shape and root of one tensor of a list, for `MerkleTensor.names`; throws InvalidInputError outside the list. */
export function openName(kind: string, tensors: readonly NamedTensor[], index: number): NameOpening {
  const chosen = tensors[index];
  if (chosen === undefined) throw new InvalidInputError(`The list has ${tensors.length} tensors, no number ${index}.`);
  const leaves = tensors.map(({ name, shape, values }) =>
    canonicalJsonBytes({ name, shape: [...shape], root: tensorRoot(values) }),
  );
  const tree = MerkleTree.fromLeaves([canonicalJsonBytes({ type: kind, count: tensors.length }), ...leaves]);
  return {
    tensorRoot: tensorRoot(chosen.values),
    headerPath: tree.inclusionProof(0),
    path: tree.inclusionProof(index + 1),
  };
}
