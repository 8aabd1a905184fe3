import type { Check, Context } from "@kernel/capability";
import { address, hash, uint } from "@kernel/capability/schemas.ts";
import { z } from "zod";
import { clampRatio, payoutOf, payoutShare } from "./payout.ts";
import { readRisk } from "./read.ts";

/** A payout as receipts carry it. */
export const payoutSchema = z.object({
  type: z.literal("assay/payout/1"),
  id: uint,
  policy: uint,
  risk: uint,
  kind: z.enum(["paid", "refunded"]),
  recipient: address,
  amount: uint,
  decision: hash.optional(),
});

/**
 * Checks a payout: it stands in the product's events, rests on the decision that the oracle made final, and is what the
 * formula gives for the decided output (a refund: the premium). Rule ids as in SPEC.md.
 */
export async function* verify(context: Context, statement: unknown): AsyncIterable<Check> {
  const payout = payoutSchema.parse(statement);
  if (payout.id !== payout.policy) {
    yield {
      name: "C2 payout of its policy",
      ok: false,
      detail: `payout ${payout.id} is not that of policy ${payout.policy}`,
    };
    return;
  }
  const { terms, risk, status } = await readRisk(context, payout.risk);
  const cover = context.contracts.get("Cover");
  const policy = (await context.chain.read(cover, "policy", [payout.policy])) as {
    sumInsured: bigint;
    premium: bigint;
  };

  const paid = await eventsOf(context, "Cover", payout.kind === "paid" ? "PolicyPaid" : "PolicyRefunded", {
    policyId: payout.policy,
  });
  const args = paid[0];
  const matches =
    paid.length === 1 && args?.["amount"] === payout.amount && String(args["to"]).toLowerCase() === payout.recipient;
  yield {
    name: "C2 payout on chain, once",
    ok: matches,
    detail: `${paid.length} event(s) for policy ${payout.policy}${args ? `, ${args["amount"]} to ${args["to"]}` : ""}`,
  };

  if (payout.kind === "refunded") {
    yield {
      name: "C12 refund is the premium",
      ok: status === "expired" && payout.amount === policy.premium,
      detail: `the risk is ${status}, the premium was ${policy.premium}`,
    };
    return;
  }
  const [decided] = await eventsOf(context, "Cover", "SeasonDecided", { riskId: payout.risk });
  const output = decided?.["output"] as bigint | undefined;
  yield {
    name: "C7 decision of this risk",
    ok: output !== undefined && payout.decision === risk.requestId && decided?.["requestId"] === risk.requestId,
    detail: `risk ${payout.risk} was decided by ${risk.requestId}`,
  };
  if (output === undefined) return;
  const [finalized] = await eventsOf(context, "Oracle", "Finalized", { id: risk.requestId });
  const final = finalized?.["output"];
  yield {
    name: "C7 the oracle's final output",
    ok: final === output,
    detail: `the oracle says ${final ?? "nothing"}, the product took ${output}`,
  };
  const amount = payoutOf(policy.sumInsured, output, terms);
  yield {
    name: "C3 payout by the formula",
    ok: amount === payout.amount && risk.share === payoutShare(clampRatio(output), terms),
    detail: `${policy.sumInsured} insured, score ${risk.ratio}, share ${risk.share}: ${amount}`,
  };
}

/** Arguments of a contract's events that match, oldest first. */
export async function eventsOf(
  context: Context,
  contract: string,
  eventName: string,
  args: Record<string, unknown>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { address: of, abi, block } = context.contracts.get(contract);
  const logs = await context.chain.client.getContractEvents({ address: of, abi, eventName, args, fromBlock: block });
  return logs.map((log) => (log as unknown as { args: Readonly<Record<string, unknown>> }).args);
}
