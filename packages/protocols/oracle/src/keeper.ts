import { type Context, type Identity, NotYetError } from "@kernel/capability";
import { iArbiterAbi } from "@records/bonds/abi.ts";
import type { Hex } from "viem";
import { type RequestState, requestState } from "./state.ts";
import { unfitTerms } from "./terms.ts";
import { rulings } from "./types.ts";

/** Milliseconds between two looks at something whose time has not come. */
const PAUSE = 1_000;

/** The identity that pays for what is due; undefined where this node keeps nothing. */
function keeper(context: Context): Identity | undefined {
  return context.duties.keeper === undefined ? undefined : context.identities.get(context.duties.keeper);
}

/** Throws NotYetError until the chain's clock has passed `deadline` (Unix seconds). */
async function past(context: Context, deadline: bigint, what: string): Promise<void> {
  const { timestamp } = await context.chain.head();
  if (timestamp > deadline) return;
  // A development chain's clock can jump at any moment; elsewhere the wait can be told.
  const wait = context.chain.dev ? PAUSE : Math.min(60_000, Math.max(PAUSE, Number(deadline - timestamp) * 1000));
  throw new NotYetError(`${what} from ${deadline + 1n} on; the chain is at ${timestamp}.`, context.clock() + wait);
}

/** Sends one of the oracle's calls by the keeper, and waits until the index has it. */
async function send(context: Context, by: Identity, functionName: string, args: readonly unknown[]): Promise<void> {
  const receipt = await context.chain.write(by.account, context.contracts.get("Oracle"), functionName, args);
  context.log.info(`oracle ${functionName}`, { gas: receipt.gasUsed.toString(), tx: receipt.transactionHash });
  await context.indexed(receipt.blockNumber);
}

/** Job: makes an unchallenged answer final after its window. */
export async function finalize(context: Context, payload: { id: Hex }): Promise<void> {
  const by = keeper(context);
  const state = await requestState(context, payload.id);
  if (!by || state.status !== "answered" || !state.answer || (await unfitTerms(context, state))) return;
  await past(context, state.answer.deadline, "An answer is final");
  await send(context, by, "finalize", [state.request, state.answer.answer, state.answer.signers]);
}

/** Job: carries out the court's ruling on the open dispute, or voids the request when the court's time is over. */
export async function resolve(context: Context, payload: { id: Hex }): Promise<void> {
  const by = keeper(context);
  const state = await requestState(context, payload.id);
  const open = state.challenges.findLast((c) => !c.resolution);
  if (!by || state.status !== "disputed" || !open || !state.answer) return;
  const arbiter = { address: open.arbiter, abi: iArbiterAbi };
  const ruling = rulings[Number(await context.chain.read(arbiter, "ruling", [open.disputeId]))];
  if (ruling === "pending") await past(context, open.deadline, "A dispute without a ruling is void");
  await send(context, by, "resolve", [state.request, disputeOf(state)]);
}

/** Job: delivers a final report whose callback failed. */
export async function redeliver(context: Context, payload: { id: Hex }): Promise<void> {
  const by = keeper(context);
  const state = await requestState(context, payload.id);
  if (!by || state.status !== "undelivered" || !state.answer || (await unfitTerms(context, state))) return;
  await send(context, by, "redeliver", [state.request, state.answer.answer, state.answer.signers]);
}

/** Job: credits a final decision's royalty along the model's lineage. */
export async function distribute(context: Context, payload: { id: Hex }): Promise<void> {
  const by = keeper(context);
  const state = await requestState(context, payload.id);
  if (!by || !state.answer || !state.final || state.final.royalty === 0n || state.royalties.length > 0) return;
  await send(context, by, "distribute", [state.request, state.answer.answer, state.answer.signers]);
}

/** Job: ends a request that nobody answered in time; its fee goes back. */
export async function expire(context: Context, payload: { id: Hex }): Promise<void> {
  const by = keeper(context);
  const state = await requestState(context, payload.id);
  if (!by || state.status !== "open" || (await unfitTerms(context, state))) return;
  await past(context, state.request.expiry, "A request without an answer expires");
  await send(context, by, "expire", [state.request]);
}

/** The open dispute as the contract wants it passed back. */
export function disputeOf(state: RequestState) {
  const open = state.challenges.findLast((c) => !c.resolution);
  return {
    answer: state.answer?.answer,
    signers: state.answer?.signers,
    claim: open?.claim,
    challenger: open?.challenger,
    disputeId: open?.disputeId,
  };
}
