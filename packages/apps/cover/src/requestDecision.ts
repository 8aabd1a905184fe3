import { BugError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { parseEventLogs } from "viem";
import type { z } from "zod";
import { coverAbi } from "./abi.ts";
import { readRisk } from "./read.ts";
import type { requestDecisionInput, requestDecisionOutput } from "./shapes.ts";

/**
 * Asks the oracle how the season was; anyone may, from maturity on. The fee comes out of the pool.
 * Throws NotFoundError, ContractRevertError (TooEarly, TooLate, WrongStatus). SPEC C7.
 */
export async function requestDecision(
  context: Context,
  given: z.output<typeof requestDecisionInput>,
): Promise<z.output<typeof requestDecisionOutput>> {
  const by = context.identities.get(given.as);
  await readRisk(context, given.risk);
  const receipt = await context.chain.write(by.account, context.contracts.get("Cover"), "requestDecision", [
    given.risk,
  ]);
  const [event] = parseEventLogs({ abi: coverAbi, logs: receipt.logs, eventName: "DecisionRequested" });
  if (!event) throw new BugError(`transaction ${receipt.transactionHash} asked nothing`);
  await context.indexed(receipt.blockNumber);
  const { requestId } = event.args;
  return { risk: given.risk, decision: requestId, tx: receipt.transactionHash, gasUsed: receipt.gasUsed };
}
