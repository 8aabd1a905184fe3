import { BugError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { parseEventLogs } from "viem";
import type { z } from "zod";
import { coverAbi } from "./abi.ts";
import { allowPool } from "./pay.ts";
import { premiumOf } from "./payout.ts";
import { readRisk } from "./read.ts";
import type { buyInput, buyOutput } from "./shapes.ts";

/**
 * Buys a policy: the premium goes to the pool, the largest payout is locked behind the policy.
 *
 * Throws NotFoundError for an unknown risk, InvalidInputError when the money or the cover left does not reach,
 * ContractRevertError when sales are closed or a cap is reached meanwhile. SPEC C4, C7.
 */
export async function buy(context: Context, given: z.output<typeof buyInput>): Promise<z.output<typeof buyOutput>> {
  const payer = context.identities.get(given.as);
  const { terms } = await readRisk(context, given.risk);
  const cover = context.contracts.get("Cover");
  const premium = premiumOf(given.sumInsured, terms.premiumRate);
  const available = (await context.chain.read(cover, "available", [given.risk])) as bigint;
  if (given.sumInsured > available) {
    throw new InvalidInputError(
      available === 0n
        ? `risk ${given.risk} is not on sale, or its cover is used up`
        : `risk ${given.risk} has ${available} units of cover left, not ${given.sumInsured}`,
      { data: { risk: given.risk.toString(), available: available.toString() } },
    );
  }
  await allowPool(context, payer, premium);
  const receipt = await context.chain.write(payer.account, cover, "buy", [
    given.risk,
    given.sumInsured,
    given.maxPremium ?? premium,
    given.to ?? payer.address,
  ]);
  const [event] = parseEventLogs({ abi: coverAbi, logs: receipt.logs, eventName: "PolicyBought" });
  if (!event) throw new BugError(`transaction ${receipt.transactionHash} bought nothing`);
  await context.indexed(receipt.blockNumber);
  const { policyId, riskId, owner, capital } = event.args;
  return {
    policy: policyId,
    risk: riskId,
    holder: owner,
    premium: event.args.premium,
    capital,
    tx: receipt.transactionHash,
    gasUsed: receipt.gasUsed,
  };
}
