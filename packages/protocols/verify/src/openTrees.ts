import type { Hash } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { MerkleTree } from "@base/bytes/merkle.ts";
import { BugError, InvalidInputError } from "@base/errors";
import { headBytes, treeBytes } from "@machines/engine/trees/encode.ts";
import type { Ensemble } from "@machines/engine/trees/ensemble.ts";
import type { Openable, Opening } from "./openTensor.ts";

/** The trees of an ensemble under its `ensembleRoot`: element t is tree t, whole. */
export class EnsembleTree implements Openable {
  readonly #leaves: readonly Uint8Array[];
  readonly #tree: MerkleTree;

  constructor(ensemble: Ensemble) {
    this.#leaves = [headBytes(ensemble), ...ensemble.trees.map(treeBytes)];
    this.#tree = MerkleTree.fromLeaves(this.#leaves);
  }

  get root(): Hash {
    return this.#tree.root();
  }

  value(index: number): never {
    throw new BugError(`Tree ${index} of an ensemble is no number.`);
  }

  *leaves(from: number, count: number): Generator<readonly [leaf: number, opening: () => Opening]> {
    for (let tree = from; tree < from + count; tree++) {
      const bytes = this.#leaves[tree + 1];
      if (tree < 0 || bytes === undefined) throw new InvalidInputError(`The ensemble has no tree ${tree}.`);
      yield [tree, () => ({ leaf: bytesToHex(bytes), path: this.#tree.inclusionProof(tree + 1) })];
    }
  }
}
