import { type Context, type Identity, NotYetError } from "@kernel/capability";
import { ContractRevertError } from "@machines/chain";
import { readRisk } from "./read.ts";
import { ask } from "./requestDecision.ts";

/** Policies that one transaction of the keeper settles: within a third of a common block. */
const BATCH = 150n;

interface Payload {
  readonly risk: string;
}

/** The identity that pays for what is due; undefined where this node keeps nothing. */
function keeper(context: Context): Identity | undefined {
  return context.duties.keeper === undefined ? undefined : context.identities.get(context.duties.keeper);
}

/** Throws NotYetError until the chain's clock has reached `instant` (Unix seconds). */
async function reached(context: Context, instant: bigint, what: string): Promise<void> {
  const { timestamp } = await context.chain.head();
  if (timestamp >= instant) return;
  // A development chain's clock can jump at any moment; elsewhere the wait can be told.
  const wait = context.chain.dev ? 1_000 : Math.min(3_600_000, Math.max(1_000, Number(instant - timestamp) * 1_000));
  throw new NotYetError(`${what} from ${instant} on; the chain is at ${timestamp}.`, context.clock() + wait);
}

/** Sends a call, and takes a revert for success where `done` finds that somebody else was faster. */
async function send(
  context: Context,
  by: Identity,
  functionName: string,
  args: readonly unknown[],
  done: () => Promise<boolean>,
): Promise<void> {
  try {
    const receipt = await context.chain.write(by.account, context.contracts.get("Cover"), functionName, args);
    context.log.info(`cover ${functionName}`, { gas: receipt.gasUsed.toString(), tx: receipt.transactionHash });
    await context.indexed(receipt.blockNumber);
  } catch (error) {
    if (!(error instanceof ContractRevertError && (await done()))) throw error;
  }
}

/** Job: asks for a risk's decision at its maturity, once it has policies. */
export async function decide(context: Context, payload: Payload): Promise<void> {
  const by = keeper(context);
  if (!by) return;
  const riskId = BigInt(payload.risk);
  const { terms } = await readRisk(context, riskId);
  await reached(context, terms.maturity, `risk ${riskId} can be decided`);
  const { risk, status } = await readRisk(context, riskId);
  const { timestamp } = await context.chain.head();
  if (status !== "open" || risk.policies === 0 || timestamp > terms.claimDeadline) return;
  const asked = await ask(context, by, riskId);
  if ("logs" in asked) context.log.info("cover requestDecision", { gas: asked.gasUsed.toString(), risk: payload.risk });
}

/** Job: ends a risk whose oracle stayed silent past the claim deadline, so that premiums go back. */
export async function expire(context: Context, payload: Payload): Promise<void> {
  const by = keeper(context);
  if (!by) return;
  const riskId = BigInt(payload.risk);
  const { terms, status } = await readRisk(context, riskId);
  if (status !== "open" && status !== "requested") return;
  await reached(context, terms.claimDeadline + 1n, `risk ${riskId} expires`);
  await send(context, by, "expire", [riskId], async () => (await readRisk(context, riskId)).status === "expired");
}

/** Job: settles what the callback of the decision left over, or refunds after an expiry. */
export async function settle(context: Context, payload: Payload): Promise<void> {
  const by = keeper(context);
  if (!by) return;
  const riskId = BigInt(payload.risk);
  for (;;) {
    const { risk, status } = await readRisk(context, riskId);
    if ((status !== "decided" && status !== "expired") || risk.settled >= risk.policies) return;
    context.progress({ label: "settling policies", done: risk.settled, total: risk.policies, unit: "policies" });
    context.signal.throwIfAborted();
    await send(context, by, "settle", [riskId, BATCH], async () => false);
  }
}
