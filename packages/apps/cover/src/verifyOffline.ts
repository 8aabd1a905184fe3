import type { Check, Context } from "@kernel/capability";
import { payoutOf } from "./payout.ts";
import type { Terms } from "./terms.ts";
import { eventsOf, payoutSchema } from "./verify.ts";

/**
 * Checks a payout by events alone: paid once to this recipient, for the output that the oracle made final for the
 * policy's risk, and what the formula gives for it. Rule ids as in SPEC.md.
 */
export async function* verifyOffline(context: Context, statement: unknown): AsyncIterable<Check> {
  const payout = payoutSchema.parse(statement);
  const paid = await eventsOf(context, "Cover", payout.kind === "paid" ? "PolicyPaid" : "PolicyRefunded", {
    policyId: payout.policy,
  });
  const args = paid[0];
  const matches =
    paid.length === 1 && args?.["amount"] === payout.amount && String(args["to"]).toLowerCase() === payout.recipient;
  yield {
    name: "C2 payout on chain, once",
    ok: matches && payout.id === payout.policy,
    detail: args ? `${String(args["amount"])} to ${String(args["to"])}` : "no event of the payout is proved",
  };
  const [bought] = await eventsOf(context, "Cover", "PolicyBought", { policyId: payout.policy });
  const bound = bought !== undefined && bought["riskId"] === payout.risk;
  yield {
    name: "C1 policy of this risk",
    ok: bound,
    detail: bought
      ? `policy ${payout.policy} covers risk ${String(bought["riskId"])}`
      : "no event of the purchase is proved",
  };
  if (!bound) return;
  if (payout.kind === "refunded") {
    yield {
      name: "C12 refund is the premium",
      ok: payout.amount === bought["premium"],
      detail: `${String(bought["premium"])}`,
    };
    return;
  }
  const [decided] = await eventsOf(context, "Cover", "SeasonDecided", { riskId: payout.risk });
  const output = decided?.["output"] as bigint | undefined;
  const named = decided?.["requestId"] === payout.decision;
  yield {
    name: "C7 decision of this risk",
    ok: output !== undefined && named,
    detail: decided ? `risk ${payout.risk} was decided by ${String(decided["requestId"])}` : "no event of it is proved",
  };
  const [final] = await eventsOf(context, "Oracle", "Finalized", { id: payout.decision });
  yield {
    name: "C7 the oracle's final output",
    ok: final !== undefined && final["output"] === output,
    detail: `the oracle says ${String(final?.["output"] ?? "nothing")}, the product took ${String(output ?? "nothing")}`,
  };
  const [created] = await eventsOf(context, "Cover", "RiskCreated", { riskId: payout.risk });
  const terms = created?.["terms"] as Terms | undefined;
  if (output === undefined || !terms) return;
  const amount = payoutOf(bought["sumInsured"] as bigint, output, terms);
  yield {
    name: "C3 payout by the formula",
    ok: amount === payout.amount,
    detail: `${String(bought["sumInsured"])} insured: ${amount}`,
  };
}
