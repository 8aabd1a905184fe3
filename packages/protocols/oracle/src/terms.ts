import type { Context } from "@kernel/capability";
import { iArbiterAbi } from "@records/bonds/abi.ts";
import type { Hex } from "viem";
import { same } from "./operators.ts";
import type { RequestState } from "./state.ts";

/** Longest window, in seconds, for which a node's duties leave a bond behind an answer: seven days. */
const MAX_WINDOW = 7 * 86_400;
/** Longest time, in seconds, for which they leave one before a court: 30 days. */
const MAX_COURT_TIME = 30 * 86_400;

/**
 * Why this node's duties put no bond under a policy; undefined where they do. Anyone may register a policy, name the
 * node's operators in it and a court of its own: whoever stakes under it gives the bond away. So the court must be
 * the deployment's panel, with the time to rule, and a bond must not be away for longer than some days. A node that
 * names its policies stakes under these alone, as they are. Rule O13.
 */
export async function unfitTerms(
  context: Pick<Context, "chain" | "contracts" | "duties">,
  { policy, request }: { policy: RequestState["policy"]; request: Pick<RequestState["request"], "policyId"> },
): Promise<string | undefined> {
  const { policies = [] } = context.duties;
  if (policies.length > 0) {
    return policies.some((id) => same(id, request.policyId)) ? undefined : "it is not among this node's policies";
  }
  const panel = context.contracts.get("Panel");
  if (!same(policy.arbiter, panel.address)) return `its court ${policy.arbiter} is not this deployment's panel`;
  if (policy.window > MAX_WINDOW) return `its window of ${policy.window} s is longer than ${MAX_WINDOW} s`;
  if (policy.courtTime > MAX_COURT_TIME) return `its court has ${policy.courtTime} s, more than ${MAX_COURT_TIME} s`;
  const { commitPeriod, revealPeriod } = (await context.chain.read(panel, "terms")) as Periods;
  const ruled = commitPeriod + revealPeriod;
  if (policy.courtTime <= ruled) return `its court needs more than ${ruled} s to rule and has ${policy.courtTime} s`;
  return undefined;
}

/** Whether the half of the stakes that a winner gets is more than the court's fee: else being right costs money. */
export function paysToChallenge({ policy }: Pick<RequestState, "policy">, courtFee: bigint): boolean {
  return (BigInt(policy.threshold) * policy.bond) / 2n > courtFee;
}

/** Price of opening a dispute before a court, in token units. */
export async function courtFee(context: Pick<Context, "chain">, arbiter: Hex): Promise<bigint> {
  return (await context.chain.read({ address: arbiter, abi: iArbiterAbi }, "fee")) as bigint;
}

interface Periods {
  readonly commitPeriod: number;
  readonly revealPeriod: number;
}
