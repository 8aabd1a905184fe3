// Policies and the pool, as the pages draw them.
import { ApiError, read, type WireCover, type WirePolicy, type WirePolicyDetail } from "./api.ts";
import { seasonName } from "./format.ts";
import type { CoverList, Policy, PolicyState } from "./model.ts";
import { given, type Names, names } from "./nodeReads.ts";

const DECIDED: readonly PolicyState[] = ["claimed", "paid", "lapsed", "refundable", "refunded"];

function toPolicy(p: WirePolicy, region: string | null | undefined, nameOf: Names): Policy {
  return {
    id: String(p.id),
    name: seasonName(p.seasonFrom, p.seasonTo),
    state: p.state,
    finality: DECIDED.includes(p.state) ? "final" : "provisional",
    holder: p.holder,
    seasonFrom: p.seasonFrom,
    seasonTo: p.seasonTo,
    sumInsured: p.sumInsured,
    premium: p.premium,
    trigger: p.trigger,
    exit: p.exit,
    maxShare: p.maxShare,
    tx: p.tx,
    ...given({
      holderName: nameOf(p.holder),
      score: p.score ?? undefined,
      payout: p.payout ?? undefined,
      decisionId: p.decisionId ?? undefined,
      region: region ?? undefined,
    }),
  };
}

export async function readCover(): Promise<CoverList> {
  const [body, nameOf] = await Promise.all([read<WireCover>("cover.list", { limit: "200" }), names()]);
  const regions = new Map(body.risks.map((r) => [String(r.id), r.region]));
  return {
    policies: body.policies
      .map((p) => toPolicy(p, regions.get(String(p.risk)), nameOf))
      .sort((a, b) => a.seasonFrom.localeCompare(b.seasonFrom)),
    pool: body.pool,
  };
}

export async function readPolicy(id: string): Promise<Policy> {
  const [body, nameOf] = await Promise.all([read<WirePolicyDetail>("cover.show", { id }), names()]);
  if (!body.policy) throw new ApiError(`There is no policy ${id}; it is the id of a risk.`, "NotFoundError", 404);
  return { ...toPolicy(body.policy, body.risk.region, nameOf), season: body.season };
}
