import { BaseError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Address, Hex } from "viem";
import { clampRatio, payoutOf } from "./payout.ts";
import type { PolicyStatus, RiskStatus } from "./terms.ts";

/** A risk as the index knows it; ratios WAD, money in units of the asset, instants Unix seconds. */
export interface RiskState {
  readonly id: bigint;
  readonly status: RiskStatus;
  readonly region: string | null;
  readonly seasonFrom: string;
  readonly seasonTo: string;
  readonly model: bigint;
  readonly inputHash: Hex;
  readonly trigger: bigint;
  readonly exit: bigint;
  readonly maxShare: bigint;
  readonly premiumRate: bigint;
  readonly cap: bigint;
  readonly salesStart: bigint;
  readonly salesEnd: bigint;
  readonly maturity: bigint;
  readonly claimDeadline: bigint;
  readonly insured: bigint;
  readonly capital: bigint;
  readonly policies: number;
  readonly settled: number;
  readonly decisionId: Hex | null;
  readonly output: bigint | null;
  readonly score: bigint | null;
  readonly share: bigint | null;
}

/** A payout or refund as it was made. */
export interface PayoutState {
  readonly to: Address;
  readonly amount: bigint;
  readonly delivered: boolean;
  readonly kind: "paid" | "refunded";
  readonly tx: Hex;
  readonly at: bigint;
}

/** A policy as the index knows it. */
export interface PolicyState {
  readonly id: bigint;
  readonly risk: RiskState;
  readonly state: PolicyStatus;
  readonly holder: Address;
  readonly sumInsured: bigint;
  readonly premium: bigint;
  readonly payout: PayoutState | null;
  readonly tx: Hex;
}

type Row = Readonly<Record<string, string>>;
type Needs = Pick<Context, "db" | "store">;

/** Rows of an index table where `column` is one of `values`, oldest first. */
async function rowsOf(context: Needs, table: string, column: string, values: readonly string[]): Promise<Row[]> {
  if (values.length === 0) return [];
  const rows = await context.db.kysely
    .selectFrom(table)
    .selectAll()
    .where(column, "in", values)
    .orderBy("block")
    .orderBy("log_index")
    .execute();
  return rows as Row[];
}

const newest = (rows: readonly Row[], column: string) => new Map(rows.map((row) => [row[column] as string, row]));

/** Risks by id, in the order given; ids that the index does not know are left out. */
export async function riskStates(context: Needs, ids: readonly string[]): Promise<RiskState[]> {
  const of = (table: string) => rowsOf(context, table, "risk_id", ids);
  const [created, policies, requests, decisions, expiries, payouts] = await Promise.all([
    of("ix_cover_risks"),
    of("ix_cover_policies"),
    of("ix_cover_requests"),
    of("ix_cover_decisions"),
    of("ix_cover_expiries"),
    of("ix_cover_payouts"),
  ]);
  const [byId, asked, decided, expired] = [created, requests, decisions, expiries].map((rows) =>
    newest(rows, "risk_id"),
  );
  const states: RiskState[] = [];
  for (const id of ids) {
    const row = byId?.get(id);
    if (!row) continue;
    const own = policies.filter((policy) => policy["risk_id"] === id);
    const decision = decided?.get(id);
    const status = decision ? "decided" : expired?.has(id) ? "expired" : asked?.has(id) ? "requested" : "open";
    const lapsed = decision?.["share"] === "0";
    states.push({
      id: BigInt(id),
      status,
      region: await regionOf(context, row["label"] as Hex),
      seasonFrom: row["season_from"] as string,
      seasonTo: row["season_to"] as string,
      model: BigInt(row["model_id"] as string),
      inputHash: row["input_hash"] as Hex,
      trigger: BigInt(row["trigger_wad"] as string),
      exit: BigInt(row["exit_wad"] as string),
      maxShare: BigInt(row["tsi_wad"] as string),
      premiumRate: BigInt(row["premium_rate"] as string),
      cap: BigInt(row["cap"] as string),
      salesStart: BigInt(row["sales_start"] as string),
      salesEnd: BigInt(row["sales_end"] as string),
      maturity: BigInt(row["maturity"] as string),
      claimDeadline: BigInt(row["claim_deadline"] as string),
      insured: sum(own, "sum_insured"),
      capital: sum(own, "capital"),
      policies: own.length,
      settled: lapsed ? own.length : payouts.filter((payout) => payout["risk_id"] === id).length,
      decisionId: (asked?.get(id)?.["request_id"] as Hex | undefined) ?? null,
      output: decision ? BigInt(decision["output"] as string) : null,
      score: decision ? BigInt(decision["ratio"] as string) : null,
      share: decision ? BigInt(decision["share"] as string) : null,
    });
  }
  return states;
}

/** Policies from their rows of `ix_cover_policies`, with what came after. */
export async function policyStates(context: Needs, bought: readonly Row[]): Promise<PolicyState[]> {
  const ids = bought.map((row) => row["policy_id"] as string);
  const [owners, payouts] = await Promise.all([
    rowsOf(context, "ix_cover_owners", "policy_id", ids),
    rowsOf(context, "ix_cover_payouts", "policy_id", ids),
  ]);
  const risks = await riskStates(context, [...new Set(bought.map((row) => row["risk_id"] as string))]);
  const [holder, paid] = [newest(owners, "policy_id"), newest(payouts, "policy_id")];
  return bought.flatMap((row) => {
    const id = row["policy_id"] as string;
    const risk = risks.find((candidate) => candidate.id === BigInt(row["risk_id"] as string));
    if (!risk) return [];
    const payout = paid.get(id);
    return [
      {
        id: BigInt(id),
        risk,
        state: policyState(risk, payout),
        holder: (holder.get(id)?.["owner"] ?? row["owner"]) as Address,
        sumInsured: BigInt(row["sum_insured"] as string),
        premium: BigInt(row["premium"] as string),
        payout: payout ? payoutState(payout) : null,
        tx: row["tx"] as Hex,
      },
    ];
  });
}

/** One policy; throws NotFoundError for an id that was never sold. */
export async function policyById(context: Needs, id: bigint): Promise<PolicyState> {
  const [state] = await policyStates(context, await rowsOf(context, "ix_cover_policies", "policy_id", [id.toString()]));
  if (state) return state;
  throw new NotFoundError(`there is no policy ${id}`, {
    hints: ["`assay cover list` shows the policies."],
    data: { policy: id.toString() },
  });
}

/** What a policy gets by the decision, in units of the asset: paid already or not; null while there is none. */
export function payoutDue(policy: PolicyState): bigint | null {
  if (policy.payout) return policy.payout.amount;
  const { output, trigger, exit, maxShare } = policy.risk;
  if (output === null) return null;
  return payoutOf(policy.sumInsured, clampRatio(output), { trigger, exit, tsi: maxShare });
}

/** A policy the way `cover.list` and `cover.show` give it. */
export function policyLine(policy: PolicyState) {
  const { risk } = policy;
  return {
    id: policy.id,
    risk: risk.id,
    state: policy.state,
    holder: policy.holder,
    seasonFrom: risk.seasonFrom,
    seasonTo: risk.seasonTo,
    sumInsured: policy.sumInsured,
    premium: policy.premium,
    trigger: risk.trigger,
    exit: risk.exit,
    maxShare: risk.maxShare,
    score: risk.score,
    payout: payoutDue(policy),
    decisionId: risk.decisionId,
    tx: policy.tx,
  };
}

/** A risk the way `cover.list` gives it. */
export function riskLine(risk: RiskState) {
  const { output: _output, share: _share, inputHash: _inputHash, cap: _cap, ...line } = risk;
  return line;
}

function policyState(risk: RiskState, payout: Row | undefined): PolicyStatus {
  if (payout) return payout["kind"] === "paid" ? "paid" : "refunded";
  if (risk.status === "decided") return risk.share === 0n ? "lapsed" : "claimed";
  return risk.status === "expired" ? "refundable" : "active";
}

function payoutState(row: Row): PayoutState {
  return {
    to: row["recipient"] as Address,
    amount: BigInt(row["amount"] as string),
    delivered: row["delivered"] === "yes",
    kind: row["kind"] === "paid" ? "paid" : "refunded",
    tx: row["tx"] as Hex,
    at: BigInt(row["at"] as string),
  };
}

/** The region's name behind a label, where this node has it. */
async function regionOf(context: Needs, label: Hex): Promise<string | null> {
  try {
    const value = (await context.store.getJson(label)) as { region?: unknown } | null;
    return typeof value?.region === "string" ? value.region : null;
  } catch (error) {
    if (error instanceof BaseError) return null;
    throw error;
  }
}

function sum(rows: readonly Row[], column: string): bigint {
  return rows.reduce((total, row) => total + BigInt(row[column] as string), 0n);
}
