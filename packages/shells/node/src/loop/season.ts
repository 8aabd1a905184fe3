import { BugError, UnavailableError } from "@base/errors";
import type { Json } from "@kernel/capability/wire.ts";
import { payoutOf } from "@apps/cover/payout.ts";
import { follow } from "@protocols/oracle/decide.ts";
import { requestState } from "@protocols/oracle/state.ts";
import { answerFrom, reexecute, submitAnswer } from "@protocols/oracle/submit.ts";
import type { Hex } from "viem";
import type { Node } from "../node.ts";
import { UNIT } from "./cast.ts";
import { pick, type Story } from "./story.ts";
import { money, nameOf } from "./words.ts";

/** A season to insure. `threshold` is how many operators must sign; `cheat` lets one of them lie. */
export interface Season {
  readonly key: string;
  readonly region: string;
  readonly from: string;
  readonly to: string;
  readonly threshold: number;
  readonly cheat: boolean;
}

/** How a season ended. Amounts are base units, the score is fixed point (1e18 = 1). */
export interface Settled {
  readonly season: string;
  readonly risk: string;
  readonly policy: string;
  readonly decision: string;
  readonly score: string;
  readonly confidenceBps: number;
  readonly signers: readonly string[];
  readonly payout: { readonly id: string; readonly amount: string; readonly formula: string; readonly tx: string };
  readonly cheat?: {
    readonly operator: string;
    readonly claimed: string;
    readonly right: string;
    readonly lost: string;
    readonly burned: string;
    readonly challenger: string;
    readonly ruling: string;
  };
}

interface Stage {
  readonly node: Node;
  readonly story: Story;
  readonly call: (name: string, input: unknown) => Promise<Record<string, Json>>;
  readonly model: string;
  readonly data: string;
  readonly season: Season;
}

const BOND = 2_000n * UNIT;
const SUM = 1_000n * UNIT;
/** The score that the cheat claims: no drought at all. */
const LIE = 95n * 10n ** 16n;

/** Sells a policy for a season, has it decided, and sees it paid. Each part can be interrupted and run again. */
export async function settleSeason(stage: Stage): Promise<Settled> {
  const { season, story } = stage;
  const bought = await story.step(`buy-${season.key}`, `Policy bought: ${season.region}`, () => buy(stage));
  const asked = await story.step(`ask-${season.key}`, `Decision asked: ${season.region}`, () =>
    ask(stage, pick(bought, "risk")),
  );
  const id = pick(asked, "decision") as Hex;
  if (season.cheat) await story.step(`cheat-${season.key}`, "An operator lies", () => cheat(stage, id));
  const decided = await story.step(
    `decide-${season.key}`,
    season.cheat ? "Caught, ruled, decided" : "Answered, explained, final",
    () => decide(stage, id),
  );
  const paid = await story.step(`pay-${season.key}`, `Paid: ${season.region}`, () =>
    pay(stage, pick(bought, "policy")),
  );
  return {
    season: season.key,
    risk: pick(bought, "risk"),
    policy: pick(bought, "policy"),
    decision: id,
    score: pick(decided, "score"),
    confidenceBps: pick<number>(decided, "confidenceBps"),
    signers: pick<string[]>(decided, "signers"),
    payout: {
      id: pick(paid, "id"),
      amount: pick(paid, "amount"),
      formula: pick(paid, "formula"),
      tx: pick(paid, "tx"),
    },
    ...(season.cheat ? { cheat: pick(decided, "cheat") as unknown as NonNullable<Settled["cheat"]> } : {}),
  };
}

async function buy({ node, call, season, model, data }: Stage) {
  const operators = node.config.operators.map((name) => node.keys.get(name).address);
  const { policyId } = await call("oracle.registerPolicy", {
    operators,
    threshold: season.threshold,
    window: 3_600,
    courtTime: 86_400,
    bond: BOND,
    royaltyBps: 4_000,
    as: "keeper",
  });
  const listed = (await call("cover.list", {})) as unknown as Listed;
  let risk = listed.risks.find((one) => one.region === season.region)?.id;
  if (risk === undefined) {
    const { timestamp } = await node.chain.head();
    const made = await call("cover.createRisk", {
      model,
      data,
      from: season.from,
      to: season.to,
      region: season.region,
      cluster: "Seattle 2015",
      policy: policyId,
      trigger: "0.75",
      exit: "0.25",
      maxShare: "0.75",
      premiumRate: "0.12",
      cap: "1500",
      clusterCap: "5000",
      oracleFee: "10",
      salesEnd: timestamp + 3_600n,
      maturity: timestamp + 3_600n,
      as: "underwriter",
    });
    risk = pick(made, "risk");
  }
  let policy = listed.policies.find((one) => one.risk === risk)?.id;
  if (policy === undefined) policy = pick(await call("cover.buy", { risk, sumInsured: SUM, as: "farmer" }), "policy");
  const { policy: shown } = (await call("cover.show", { id: policy })) as unknown as Shown;
  return {
    detail: `policy ${policy}: ${money(SUM)} insured for ${money(shown?.premium ?? "0")}`,
    risk,
    policy,
    policyId: policyId as Json,
    premium: shown?.premium ?? "0",
  };
}

/** Moves the clock to the end of sales and asks. A liar needs the stage to itself: the others rest until it has spoken. */
async function ask({ node, call, season }: Stage, risk: string) {
  if (season.cheat) for (const name of node.config.operators) node.resting.add(name);
  const before = (await call("cover.show", { id: risk })) as unknown as Shown;
  const left = Number(BigInt(before.risk.maturity) - BigInt(before.risk.now));
  if (left >= 0) await node.chain.dev?.advance(left + 1);
  let decision = before.risk.decisionId;
  for (let attempt = 0; decision === null && attempt < 5; attempt++) {
    try {
      decision = pick(await call("cover.requestDecision", { risk, as: "keeper" }), "decision");
    } catch (error) {
      // The node's own job may have asked in the meantime.
      decision = ((await call("cover.show", { id: risk })) as unknown as Shown).risk.decisionId;
      if (decision === null && attempt === 4) throw error;
    }
  }
  if (decision === null) throw new UnavailableError(`Risk ${risk} was not decided upon.`);
  return { detail: `decision ${decision.slice(0, 10)}... by the model on the season's days`, decision };
}

/** The last operator answers first and wrongly: it would pay nothing. */
async function cheat({ node }: Stage, id: Hex) {
  const { context } = node.runtime;
  const name = node.config.operators.at(-1);
  if (name === undefined) throw new BugError("the loop needs operators");
  const state = await requestState(context, id);
  let claimed = state.answer?.answer.output;
  if (state.status === "open") {
    const head = await node.chain.head();
    const honest = answerFrom(await reexecute(context, state), state, head.timestamp);
    const lie = { ...honest, output: LIE };
    const receipt = await submitAnswer(context, state, lie, node.keys.get(name));
    await context.indexed(receipt.blockNumber);
    claimed = lie.output;
  }
  for (const resting of node.config.operators) node.resting.delete(resting);
  return {
    detail: `${name} claims a score of ${score(claimed ?? 0n)}: no drought, no payout`,
    operator: name,
    claimed: String(claimed),
  };
}

async function decide({ node, call, season }: Stage, id: Hex) {
  for (const resting of node.config.operators) node.resting.delete(resting);
  const result = await follow(node.runtime.context, id, 120);
  if (!result.final) throw new UnavailableError(`Decision ${id} is still ${result.status} after two minutes.`);
  const shown = (await call("oracle.show", { id })) as unknown as ShownDecision;
  const reasons = [...(shown.answer.why?.contributions ?? [])]
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, 3)
    .map(({ name, value }) => `${name} ${value >= 0 ? "+" : ""}${value.toFixed(3)}`);
  const values = {
    score: shown.answer.output,
    confidenceBps: shown.answer.confidenceBps,
    signers: shown.answer.signers.map((signer) => nameOf(node, signer)),
    why: shown.answer.whyHash,
    evidence: shown.answer.evidenceRoot,
  };
  if (!season.cheat) {
    return {
      detail: `score ${score(BigInt(values.score))} signed by ${values.signers.join(" and ")}; ${reasons.join(", ")}`,
      ...values,
    };
  }
  const challenge = shown.challenges[0];
  const liar = node.config.operators.at(-1) ?? "";
  const slash = shown.slashes.find(({ account }) => nameOf(node, account) === liar);
  return {
    detail: `${nameOf(node, challenge?.challenger ?? "")} re-executed and challenged; the panel ruled for the ${challenge?.ruling}; ${liar} lost ${money(slash?.amount ?? "0")}, ${money(slash?.burned ?? "0")} of it burned; the score is ${score(BigInt(values.score))}`,
    ...values,
    cheat: {
      operator: liar,
      claimed: String(LIE),
      right: values.score,
      lost: slash?.amount ?? "0",
      burned: slash?.burned ?? "0",
      challenger: nameOf(node, challenge?.challenger ?? ""),
      ruling: challenge?.ruling ?? "none",
    },
  };
}

async function pay({ node, call }: Stage, policy: string) {
  for (let attempt = 0; attempt < 300; attempt++) {
    const shown = (await call("cover.show", { id: policy })) as unknown as Shown;
    if (shown.payout && shown.policy) {
      const { trigger, exit, maxShare, sumInsured } = shown.policy;
      const formula = payoutOf(BigInt(sumInsured), BigInt(shown.risk.score ?? 0), {
        trigger: BigInt(trigger),
        exit: BigInt(exit),
        tsi: BigInt(maxShare),
      });
      return {
        detail: `${money(shown.payout.amount)} to ${nameOf(node, shown.payout.to)} in the transaction that made the decision final`,
        id: policy,
        amount: shown.payout.amount,
        formula: formula.toString(),
        tx: shown.payout.tx,
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new UnavailableError(`Policy ${policy} was decided but not paid within 30 seconds.`);
}

interface Listed {
  readonly risks: readonly { readonly id: string; readonly region: string | null }[];
  readonly policies: readonly { readonly id: string; readonly risk: string }[];
}

interface Shown {
  readonly policy: {
    readonly premium: string;
    readonly sumInsured: string;
    readonly trigger: string;
    readonly exit: string;
    readonly maxShare: string;
  } | null;
  readonly risk: {
    readonly maturity: string;
    readonly now: string;
    readonly decisionId: string | null;
    readonly score: string | null;
  };
  readonly payout: { readonly to: string; readonly amount: string; readonly tx: string } | null;
}

interface ShownDecision {
  readonly answer: {
    readonly output: string;
    readonly confidenceBps: number;
    readonly signers: readonly string[];
    readonly whyHash: string;
    readonly evidenceRoot: string;
    readonly why: { readonly contributions: readonly { readonly name: string; readonly value: number }[] } | null;
  };
  readonly challenges: readonly { readonly challenger: string; readonly ruling: string | null }[];
  readonly slashes: readonly { readonly account: string; readonly amount: string; readonly burned: string }[];
}

function score(wad: bigint): string {
  return (Number(wad) / 1e18).toFixed(3);
}
