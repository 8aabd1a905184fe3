import { BaseError, InvalidInputError } from "@base/errors";
import { type Context, NotYetError } from "@kernel/capability";
import type { Hash } from "@machines/store";
import type { Hex } from "viem";
import type { z } from "zod";
import { aboutHolds } from "./about.ts";
import { type Claim, claimFrom, claimOf, noteCheck, replayOf, statusOf } from "./claims.ts";
import { aboutOf } from "./manifest.ts";
import { again, untilSettled } from "./settled.ts";
import { forgetIdle, keepStates, runThrough } from "./states.ts";
import type { challengeInput, challengeOutput, watchInput, watchOutput } from "./schemas.ts";

/** Milliseconds between two looks at a claim that could not be checked. */
const PAUSE = 5_000;

/** Job: runs a claim's job again and challenges the claim when its result differs. */
export async function check(context: Context, { claim: key, tx }: { claim: string; tx: string }): Promise<void> {
  const [name] = context.duties.watchers;
  if (name === undefined) return;
  const claim = await claimOf(context, key);
  if (claim.tx !== tx || (await statusOf(context, claim)) !== "standing") return;
  const mine = context.identities.list().some(({ address }) => address.toLowerCase() === claim.claimant);
  if (mine && !context.chain.dev) return;
  try {
    const { block } = await checkClaim(context, claim, name);
    // A challenge that vanishes is made again. Rule D25.
    if (block !== undefined) await untilSettled(context, block);
  } catch (error) {
    if (error instanceof NotYetError) throw error;
    const reason = error instanceof BaseError ? error.shortMessage : String(error);
    context.log.warn("a claim is not checked yet", { claim: key, reason });
    throw new NotYetError(reason, context.clock() + PAUSE, { cause: error });
  }
}

/** What this node finds for a claim's job; challenges as `name` when it differs. */
export async function checkClaim(
  context: Context,
  claim: Claim,
  name: string | undefined,
): Promise<{ own: Hash; agrees: boolean; tx: Hash | null; block?: bigint }> {
  const replay = await replayOf(context, claim);
  await runThrough(context, replay);
  const own = replay.result;
  const agrees = own === claim.result;
  const about = await aboutOf(context.store, claim.manifest);
  const holds = about && (await aboutHolds(context, about, replay.run, claim.job));
  if (holds === false) context.log.warn("a claim is not about what it says", { claim: claim.claim });
  await noteCheck(context, claim, { own, agrees, about, aboutHolds: holds });
  if (agrees) {
    await forgetIdle(context, claim.job);
    return { own, agrees, tx: null };
  }
  const who = context.identities.get(name);
  const disputes = context.contracts.get("Disputes");
  const known = await gameAgainst(context, claim, who.address);
  if (known !== undefined) return { own, agrees, ...known };
  await keepStates(context, replay);
  try {
    const receipt = await context.chain.write(who.account, disputes, "challenge", [
      claim.claimant,
      claim.stand,
      claim.result,
      replay.job,
    ]);
    context.log.info("challenged", { claim: claim.claim, by: who.name, own, theirs: claim.result });
    await context.indexed(receipt.blockNumber);
    return { own, agrees, tx: receipt.transactionHash, block: receipt.blockNumber };
  } catch (error) {
    if (error instanceof BaseError && error.data?.["errorName"] === "AlreadyChallenged")
      throw again(context, `Claim ${claim.claim} is challenged on chain, not yet in the index.`, error);
    throw error;
  }
}

/** Where somebody challenged a claim already. */
async function gameAgainst(
  context: Pick<Context, "db">,
  claim: Claim,
  challenger: Hex,
): Promise<{ tx: Hash; block: bigint } | undefined> {
  const row = await context.db.kysely
    .selectFrom("ix_dispute_games as g")
    .innerJoin("ix_dispute_claims as c", "c.claim", "g.claim")
    .select(["g.tx", "g.block"])
    .where("c.tx", "=", claim.tx)
    .where("g.challenger", "=", challenger.toLowerCase())
    .whereRef("g.block", ">=", "c.block")
    .executeTakeFirst();
  return row && { tx: String(row["tx"]) as Hash, block: BigInt(String(row["block"])) };
}

/** Runs one claim's job again and, if its result differs, challenges it; a claim that is right is left alone. */
export async function challenge(
  context: Context,
  given: z.output<typeof challengeInput>,
): Promise<z.input<typeof challengeOutput>> {
  const claim = await claimOf(context, given.claim);
  const status = await statusOf(context, claim);
  if (status !== "standing") throw new InvalidInputError(`Claim ${given.claim} cannot be challenged: it is ${status}.`);
  const { own, agrees, tx } = await checkClaim(context, claim, given.as);
  return { claim: claim.claim, result: claim.result, own, agrees, tx };
}

/** Whether a claim falls into a sample: the same for everybody who knows its transaction, foreseeable for nobody before. */
export function sampled(tx: Hash, rate: number): boolean {
  return Number.parseInt(tx.slice(2, 14), 16) / 2 ** 48 < rate;
}

/** Follows claims for a while: checks a share of those that stand, and challenges what is wrong; its games are played by jobs. */
export async function watch(
  context: Context,
  given: z.output<typeof watchInput>,
): Promise<z.input<typeof watchOutput>> {
  const until = context.clock() + given.seconds * 1000;
  const seen = new Map<string, { claim: string; agrees: boolean | null; tx: Hash | null; reason: string | null }>();
  do {
    const rows = await context.db.kysely.selectFrom("ix_dispute_claims").selectAll().orderBy("block").execute();
    for (const claim of rows.map(claimFrom)) {
      if (seen.has(claim.tx) || !sampled(claim.tx, given.rate)) continue;
      if ((await statusOf(context, claim)) !== "standing") continue;
      context.progress({ label: `checking ${claim.claim}` });
      try {
        const { agrees, tx } = await checkClaim(context, claim, given.as ?? context.duties.watchers[0]);
        seen.set(claim.tx, { claim: claim.claim, agrees, tx, reason: null });
      } catch (error) {
        const reason = error instanceof BaseError ? error.shortMessage : String(error);
        seen.set(claim.tx, { claim: claim.claim, agrees: null, tx: null, reason });
      }
    }
    if (context.clock() >= until || context.signal.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  } while (!context.signal.aborted);
  return { checked: [...seen.values()] };
}
