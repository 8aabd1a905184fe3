import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import { ContractRevertError } from "@machines/chain";
import type { Hash } from "@machines/store";
import type { Hex } from "viem";
import { type About, aboutSchema } from "./about.ts";
import { getRun } from "./manifest.ts";
import { Replay } from "./replay.ts";
import { restoreStates } from "./states.ts";

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

/** Stands for a job's result; the claim's bond is taken from the ledger. */
export async function post(
  context: Context,
  who: Identity,
  { stand, job, result, manifest }: Pick<Claim, "stand" | "job" | "result" | "manifest">,
): Promise<Pick<Claim, "claim" | "tx">> {
  const disputes = context.contracts.get("Disputes");
  const receipt = await context.chain
    .write(who.account, disputes, "post", [stand, job, result, manifest])
    .catch((error: unknown) => {
      if (!(error instanceof ContractRevertError) || error.data.errorName !== "InsufficientFree") throw error;
      throw new ContractRevertError("The claim's bond is more than is free in your account of the game.", {
        kind: "user",
        cause: error,
        data: error.data,
        hints: ["Deposit first: assay disputes deposit 100"],
      });
    });
  await context.indexed(receipt.blockNumber);
  return { claim: claimKey(who.address, stand), tx: receipt.transactionHash };
}

/** What this node found when it ran a claim's job again. */
export interface Check {
  readonly own: Hash;
  readonly agrees: boolean;
  /** What the manifest says that the job is, and whether the assets it names give this job. */
  readonly about?: About | undefined;
  readonly aboutHolds?: boolean | undefined;
}

/** Keeps what was found; the first finding stays. */
export async function noteCheck(
  context: Pick<Context, "db" | "clock">,
  { claim, tx }: Pick<Claim, "claim" | "tx">,
  { own, agrees, about, aboutHolds }: Check,
): Promise<void> {
  await context.db.kysely
    .insertInto("dispute_checks")
    .values({
      claim,
      tx,
      own,
      agrees: agrees ? 1 : 0,
      checked_at: context.clock(),
      about_json: about === undefined ? null : JSON.stringify(about),
      about_holds: aboutHolds === undefined ? null : aboutHolds ? 1 : 0,
    })
    .onConflict((c) => c.columns(["claim", "tx"]).doNothing())
    .execute();
}

/** What this node found for a claim, if it has looked. */
export async function checkOf(
  context: Pick<Context, "db">,
  { claim, tx }: Pick<Claim, "claim" | "tx">,
): Promise<Check | undefined> {
  const row = await context.db.kysely
    .selectFrom("dispute_checks")
    .selectAll()
    .where("claim", "=", claim)
    .where("tx", "=", tx)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const [about, holds] = [row["about_json"], row["about_holds"]];
  return {
    own: String(row["own"]) as Hash,
    agrees: Number(row["agrees"]) === 1,
    about: about == null ? undefined : aboutSchema.parse(JSON.parse(String(about))),
    aboutHolds: holds == null ? undefined : Number(holds) === 1,
  };
}

/** Replays that this process holds, newest last: a game needs one again and again. */
const held = new Map<string, Promise<Replay>>();
const HELD = 4;

/** Forgets all replays, as a process that ends does. */
export function forgetReplays(): void {
  held.clear();
}

/**
 * Runs a claim's job again, lazily, from what this node kept of it if it did. Throws InvalidInputError when the manifest is another
 * job's.
 */
export async function replayOf(
  context: Pick<Context, "store" | "db" | "log">,
  claim: Pick<Claim, "job" | "manifest">,
): Promise<Replay> {
  const key = `${claim.job}:${claim.manifest}`;
  const known = held.get(key);
  const replay =
    known ??
    getRun(context.store, claim.manifest).then(async (run) => {
      const made = new Replay(run);
      if (made.jobHash !== claim.job)
        throw new InvalidInputError(`The bytes of ${claim.manifest} are job ${made.jobHash}, not ${claim.job}.`);
      await restoreStates(context, made);
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
