import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { z } from "zod";
import { readRisk } from "./read.ts";
import type { settleInput, settleOutput } from "./shapes.ts";

/**
 * Pays policies of a decided risk, or gives premiums back where the oracle stayed silent past the claim deadline; anyone
 * may. Goes on where the last call stopped. Throws NotFoundError, InvalidInputError while the season is undecided.
 * SPEC C2, C3, C12.
 */
export async function settle(
  context: Context,
  given: z.output<typeof settleInput>,
): Promise<z.output<typeof settleOutput>> {
  const by = context.identities.get(given.as);
  const cover = context.contracts.get("Cover");
  let { risk, terms, status } = await readRisk(context, given.risk);
  let tx: `0x${string}` | null = null;
  if (status === "open" || status === "requested") {
    const { timestamp } = await context.chain.head();
    if (timestamp <= terms.claimDeadline) {
      throw new InvalidInputError(`the season of risk ${given.risk} is not decided yet`, {
        hints: [
          `Without a decision, premiums go back after ${new Date(Number(terms.claimDeadline) * 1000).toISOString()}.`,
        ],
        data: { risk: given.risk.toString(), status },
      });
    }
    tx = (await context.chain.write(by.account, cover, "expire", [given.risk])).transactionHash;
    ({ risk, status } = await readRisk(context, given.risk));
  }
  const before = risk.settled;
  if (before < risk.policies) {
    const receipt = await context.chain.write(by.account, cover, "settle", [given.risk, BigInt(given.max)]);
    await context.indexed(receipt.blockNumber);
    tx = receipt.transactionHash;
    ({ risk } = await readRisk(context, given.risk));
  }
  return { risk: given.risk, status, settled: risk.settled - before, left: risk.policies - risk.settled, tx };
}
