import { bytesToHex } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { provePossession, sectorsOf, verifyPossession } from "@machines/store";
import { storedStatement } from "./download.ts";

export interface PossessionInput {
  readonly id: string;
  /** Randomness of the challenge; the newest settled block's hash unless said. */
  readonly seed?: `0x${string}` | undefined;
  /** Sectors to show. */
  readonly count: number;
}

/**
 * Shows that this node holds an asset's stored bytes: the sectors that a seed chooses, each with its path to the root on
 * record; `contracts/Possession.sol` takes them as they are. Throws InvalidInputError for an asset that was not published
 * as provable, NotFoundError for bytes that are not here. SPEC S18.
 */
export async function possession(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault">,
  { id, seed: given, count }: PossessionInput,
) {
  const { manifest, sectors } = await storedStatement(context, id);
  if (!sectors) {
    throw new InvalidInputError(`asset ${id} has no root over its sectors on record`, {
      hints: ["Only assets that were published with --provable can be challenged."],
      data: { id },
    });
  }
  const block = await context.chain.settled();
  const seed = given ?? (await context.chain.client.getBlock({ blockNumber: block })).hash;
  const challenge = { root: sectors.root, sectors: sectorsOf(manifest.size), seed, count };
  const proofs = await provePossession(context.store, manifest, challenge);
  return {
    ...challenge,
    held: verifyPossession(challenge, proofs),
    proofs: proofs.map(({ index, bytes, path }) => ({ index, data: bytesToHex(bytes), path: [...path] })),
  };
}
