import { BugError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import { ContractRevertError, type Receipt } from "@machines/chain";
import { type Hex, parseEventLogs } from "viem";
import type { z } from "zod";
import { coverAbi } from "./abi.ts";
import { readRisk } from "./read.ts";
import type { requestDecisionInput, requestDecisionOutput } from "./shapes.ts";

/** Number of IOracle.Status.Void. */
const VOID = 6;

/**
 * Asks the oracle how the season was; anyone may, from maturity on. The fee comes out of the pool. A decision that was
 * asked for already is named, not asked for twice. Throws NotFoundError, ContractRevertError (TooEarly, TooLate,
 * WrongStatus where there are no policies). SPEC C7.
 */
export async function requestDecision(
  context: Context,
  given: z.output<typeof requestDecisionInput>,
): Promise<z.output<typeof requestDecisionOutput>> {
  const asked = await ask(context, context.identities.get(given.as), given.risk);
  if (!("logs" in asked)) return { risk: given.risk, decision: asked.decision, already: true, tx: null, gasUsed: null };
  const [event] = parseEventLogs({ abi: coverAbi, logs: asked.logs, eventName: "DecisionRequested" });
  if (!event) throw new BugError(`transaction ${asked.transactionHash} asked nothing`);
  const { requestId } = event.args;
  return { risk: given.risk, decision: requestId, already: false, tx: asked.transactionHash, gasUsed: asked.gasUsed };
}

/** Sends the request unless one stands; whoever comes second in a race learns of the first one's. */
export async function ask(context: Context, by: Identity, riskId: bigint): Promise<Receipt | { decision: Hex }> {
  const standing = await standingRequest(context, riskId);
  if (standing) return { decision: standing };
  try {
    const receipt = await context.chain.write(by.account, context.contracts.get("Cover"), "requestDecision", [riskId]);
    await context.indexed(receipt.blockNumber);
    return receipt;
  } catch (error) {
    const raced = error instanceof ContractRevertError ? await standingRequest(context, riskId) : undefined;
    if (raced) return { decision: raced };
    throw error;
  }
}

/** The request of a risk that is decided or waits for the oracle; undefined when it has to be asked (again). */
async function standingRequest(context: Context, riskId: bigint): Promise<Hex | undefined> {
  const { risk, status } = await readRisk(context, riskId);
  if (status === "decided") return risk.requestId;
  if (status !== "requested") return undefined;
  const oracle = context.contracts.get("Oracle");
  const [state] = (await context.chain.read(oracle, "statusOf", [risk.requestId])) as [number, bigint, boolean];
  return Number(state) === VOID ? undefined : risk.requestId;
}
