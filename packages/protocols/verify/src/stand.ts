import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { bitsOf } from "@machines/engine/bits.ts";
import type { z } from "zod";
import { claimKey, claimOf, replayOf } from "./claims.ts";
import { numberOf, RULINGS } from "./court.ts";
import type { settleInput, settleOutput, standInput, standOutput } from "./schemas.ts";

/** Names a claim of one's own as one's side of a dispute before the answer court. Only what this node's run gives. Rule D28. */
export async function stand(
  context: Context,
  given: z.output<typeof standInput>,
): Promise<z.input<typeof standOutput>> {
  const who = context.identities.get(given.as);
  const claim = await claimOf(context, claimKey(who.address, given.stand));
  const replay = await replayOf(context, claim);
  if (replay.result !== claim.result)
    throw new InvalidInputError(
      `Claim ${claim.claim} is not what its job gives: ${replay.result}, not ${claim.result}.`,
    );
  const value = numberOf(replay);
  const court = context.contracts.get("AnswerCourt");
  const receipt = await context.chain.write(who.account, court, "stand", [given.dispute, given.stand, bitsOf(value)]);
  return { dispute: given.dispute, claim: claim.claim, value, tx: receipt.transactionHash };
}

/** Has a court keep what is known of a dispute's claims by now, and its ruling once both are decided. Rules D15 and D28. */
export async function settle(
  context: Context,
  given: z.output<typeof settleInput>,
): Promise<z.input<typeof settleOutput>> {
  const who = context.identities.get(given.as);
  const court = context.contracts.get(given.court === "answers" ? "AnswerCourt" : "Court");
  const receipt = await context.chain.write(who.account, court, "settle", [given.dispute]);
  const ruling = RULINGS[Number(await context.chain.read(court, "ruling", [given.dispute]))] ?? "pending";
  return { dispute: given.dispute, ruling, tx: receipt.transactionHash };
}
