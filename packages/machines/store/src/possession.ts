import { type Hash, hashBytes, parseHash, sha256Hex } from "@base/bytes/hash.ts";
import { hexToBytes } from "@base/bytes/hex.ts";
import { leafHash, MerkleTree, verifyInclusion } from "@base/bytes/merkle.ts";
import { InvalidInputError, NotFoundError } from "@base/errors";
import { SECTOR_BYTES, sectorRoot } from "./chunker.ts";
import { type BlobKeeper, type FileManifest, parseManifest } from "./manifest.ts";

/** Which sectors a holder is to show: they follow from randomness that nobody knew before. */
export interface PossessionChallenge {
  /** RFC 6962 root over the sectors of the stored bytes, as the statement has it. */
  readonly root: Hash;
  /** Sectors under the root. */
  readonly sectors: number;
  /** Randomness of the challenge, e.g. a block's. */
  readonly seed: Hash;
  /** Sectors to show, 1 to 64. */
  readonly count: number;
}

/** One sector with its way up to the root. */
export interface PossessionProof {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly path: readonly Hash[];
}

/** How many sectors a stored file has. */
export function sectorsOf(size: number): number {
  return Math.ceil(size / SECTOR_BYTES);
}

/**
 * The challenged positions: sector i is SHA-256(seed ‖ i as uint256) modulo the number of sectors. The same sector may
 * come twice. Throws InvalidInputError on a challenge that makes no sense. The twin of `Possession.indexOf` in Solidity.
 */
export function challengedSectors({ sectors, seed, count }: Omit<PossessionChallenge, "root">): number[] {
  if (!Number.isSafeInteger(sectors) || sectors < 1) throw new InvalidInputError("There are no sectors to challenge.");
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new InvalidInputError("A challenge asks for 1 to 64 sectors.");
  return Array.from({ length: count }, (_, i) => {
    const position = hexToBytes(`0x${i.toString(16).padStart(64, "0")}`);
    return Number(BigInt(sha256Hex(hashBytes(parseHash(seed)), position)) % BigInt(sectors));
  });
}

/**
 * Shows the challenged sectors, each with its path. All chunks are read once: who gave the bytes away cannot answer.
 * Throws NotFoundError for missing chunks, InvalidInputError when the root is not that of the stored bytes.
 */
export async function provePossession(
  store: Pick<BlobKeeper, "get">,
  manifest: FileManifest,
  challenge: PossessionChallenge,
): Promise<PossessionProof[]> {
  const { size, chunkSize, chunks } = parseManifest(manifest);
  if (sectorsOf(size) !== challenge.sectors) {
    throw new InvalidInputError(
      `The file has ${sectorsOf(size)} sectors, the challenge speaks of ${challenge.sectors}.`,
    );
  }
  const wanted = challengedSectors(challenge);
  const perChunk = chunkSize / SECTOR_BYTES;
  const upper = new MerkleTree();
  const found = new Map<number, { bytes: Uint8Array; path: readonly Hash[] }>();
  for (const [i, hash] of chunks.entries()) {
    const bytes = await store.get(hash, { local: true });
    const mine = wanted.filter((index) => Math.floor(index / perChunk) === i);
    const parts = Array.from({ length: sectorsOf(bytes.length) }, (_, k) =>
      bytes.subarray(k * SECTOR_BYTES, (k + 1) * SECTOR_BYTES),
    );
    if (mine.length === 0) {
      upper.appendHash(sectorRoot(bytes));
      continue;
    }
    const tree = MerkleTree.fromLeaves(parts);
    for (const index of mine) {
      const at = index - i * perChunk;
      found.set(index, { bytes: (parts[at] as Uint8Array).slice(), path: tree.inclusionProof(at) });
    }
    upper.appendHash(tree.root());
  }
  if (upper.root() !== challenge.root)
    throw new InvalidInputError("The root of the challenge is not that of the stored bytes.");
  return wanted.map((index) => {
    const { bytes, path } = found.get(index) ?? missing(index);
    return { index, bytes, path: [...path, ...upper.inclusionProof(Math.floor(index / perChunk))] };
  });
}

/** True when every challenged sector is shown, in order, under the root; false for anything else. */
export function verifyPossession(challenge: PossessionChallenge, proofs: readonly PossessionProof[]): boolean {
  const wanted = challengedSectors(challenge);
  return (
    proofs.length === wanted.length &&
    proofs.every(({ index, bytes, path }, i) => {
      const whole =
        index < challenge.sectors - 1
          ? bytes.length === SECTOR_BYTES
          : bytes.length > 0 && bytes.length <= SECTOR_BYTES;
      const claim = { index, size: challenge.sectors, leaf: leafHash(bytes), proof: path, root: challenge.root };
      return index === wanted[i] && whole && verifyInclusion(claim);
    })
  );
}

function missing(index: number): never {
  throw new NotFoundError(`Sector ${index} is not there.`);
}
