import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Hash } from "@machines/store";
import type { Hex } from "viem";
import { getRun } from "./manifest.ts";
import { Replay } from "./replay.ts";

/** A claim as the index has it. */
export interface Claim {
  /** `stand@claimant`. */
  readonly claim: string;
  readonly claimant: Hex;
  readonly stand: bigint;
  readonly job: Hash;
  readonly result: Hash;
  readonly manifest: Hash;
  /** Unix seconds. */
  readonly at: bigint;
  readonly tx: Hash;
}

/** How a claim's status reads, in the order of `IDisputes.ClaimStatus`. */
export const CLAIM_STATUS = ["none", "standing", "final", "defeated"] as const;

/** Name of a claimant's stand. */
export function claimKey(claimant: string, stand: bigint): string {
  return `${stand}@${claimant.toLowerCase()}`;
}

/** Reads a row of the index. */
export function claimFrom(row: Record<string, unknown>): Claim {
  const text = (column: string) => String(row[column]);
  return {
    claim: text("claim"),
    claimant: text("claimant") as Hex,
    stand: BigInt(text("stand")),
    job: text("job") as Hash,
    result: text("result") as Hash,
    manifest: text("manifest") as Hash,
    at: BigInt(text("at")),
    tx: text("tx") as Hash,
  };
}

/** The newest claim on a stand, or the one of a transaction; throws NotFoundError. */
export async function claimOf(context: Pick<Context, "db">, claim: string, tx?: string): Promise<Claim> {
  let query = context.db.kysely.selectFrom("ix_dispute_claims").selectAll().where("claim", "=", claim);
  if (tx !== undefined) query = query.where("tx", "=", tx);
  const row = await query.orderBy("block", "desc").orderBy("log_index", "desc").executeTakeFirst();
  if (row === undefined)
    throw new NotFoundError(`There is no claim ${claim}.`, {
      hints: ["List them with: assay disputes claims"],
      data: { claim },
    });
  return claimFrom(row);
}

/** Status of a claim on chain. */
export async function statusOf(
  context: Pick<Context, "chain" | "contracts">,
  claim: Claim,
): Promise<(typeof CLAIM_STATUS)[number]> {
  const disputes = context.contracts.get("Disputes");
  const { claimant, stand, job, result } = claim;
  return CLAIM_STATUS[Number(await context.chain.read(disputes, "statusOf", [claimant, stand, job, result]))] ?? "none";
}

/** Replays that this process holds, newest last: a game needs one again and again. */
const held = new Map<string, Promise<Replay>>();
const HELD = 4;

/** Forgets all replays, as a process that ends does. */
export function forgetReplays(): void {
  held.clear();
}

/** Runs a claim's job again, lazily. Throws InvalidInputError when the manifest is another job's. */
export async function replayOf(
  context: Pick<Context, "store">,
  claim: Pick<Claim, "job" | "manifest">,
): Promise<Replay> {
  const key = `${claim.job}:${claim.manifest}`;
  const known = held.get(key);
  const replay =
    known ??
    getRun(context.store, claim.manifest).then((run) => {
      const made = new Replay(run);
      if (made.jobHash !== claim.job)
        throw new InvalidInputError(`The bytes of ${claim.manifest} are job ${made.jobHash}, not ${claim.job}.`);
      return made;
    });
  held.delete(key);
  held.set(key, replay);
  for (const oldest of held.keys()) if (held.size > HELD) held.delete(oldest);
  try {
    return await replay;
  } catch (error) {
    held.delete(key);
    throw error;
  }
}
