import type { Context } from "@kernel/capability";
import type { z } from "zod";
import { capitalOf, payoutOf, premiumOf } from "./payout.ts";
import { readRisk } from "./read.ts";
import type { quoteInput, quoteOutput } from "./shapes.ts";

/** Steps of the table of payouts between exit and trigger. */
const STEPS = 6n;

/** What a policy would cost and pay. Throws NotFoundError for an unknown risk. SPEC C3, C4. */
export async function quote(
  context: Context,
  given: z.output<typeof quoteInput>,
): Promise<z.output<typeof quoteOutput>> {
  const { terms } = await readRisk(context, given.risk);
  const available = (await context.chain.read(context.contracts.get("Cover"), "available", [given.risk])) as bigint;
  const scores = Array.from({ length: Number(STEPS) + 1 }, (_, step) => {
    return terms.trigger - ((terms.trigger - terms.exit) * BigInt(step)) / STEPS;
  });
  return {
    risk: given.risk,
    sumInsured: given.sumInsured,
    premium: premiumOf(given.sumInsured, terms.premiumRate),
    capital: capitalOf(given.sumInsured, terms.tsi),
    available,
    payouts: scores.map((score) => ({ score, payout: payoutOf(given.sumInsured, score, terms) })),
  };
}
