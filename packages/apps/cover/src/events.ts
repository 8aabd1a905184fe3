import type { EventHandler, IndexedEvent, IndexWriter } from "@kernel/capability";
import { addEdge, addNode } from "@records/assets/lineage.ts";
import { dateOf, type Terms } from "./terms.ts";

const text = (event: IndexedEvent, field: string) => String(event.args[field]);
const lower = (event: IndexedEvent, field: string) => text(event, field).toLowerCase();
/** One key for each occurrence. */
const turn = (event: IndexedEvent, id: string) => `${id}:${event.transactionHash}:${event.logIndex}`;

function row(event: IndexedEvent, writer: IndexWriter, table: string, columns: Record<string, string>): void {
  writer.insert(table, { ...columns, at: event.timestamp });
}

/** A payout or refund: its row, its place in the lineage, and the statement that receipts carry. */
function settled(event: IndexedEvent, writer: IndexWriter, kind: "paid" | "refunded"): void {
  const [policy, risk, recipient, amount] = [
    text(event, "policyId"),
    text(event, "riskId"),
    lower(event, "to"),
    text(event, "amount"),
  ];
  const decision = kind === "paid" ? lower(event, "requestId") : "";
  row(event, writer, "ix_cover_payouts", {
    policy_id: policy,
    risk_id: risk,
    recipient,
    amount,
    kind,
    delivered: event.args["delivered"] ? "yes" : "no",
    request_id: decision,
  });
  const payout = { kind: "payout", id: policy };
  addNode(writer, payout, {
    label: kind === "paid" ? `payout of policy ${policy}` : `refund of policy ${policy}`,
    facts: {
      type: "assay/payout/1",
      id: policy,
      policy,
      risk,
      kind,
      recipient,
      amount,
      ...(decision === "" ? {} : { decision }),
    },
  });
  addEdge(writer, payout, "of", { kind: "policy", id: policy });
  if (decision !== "") addEdge(writer, payout, "decided by", { kind: "decision", id: decision });
}

/** Index handlers of the product's events. */
export const events: Readonly<Record<string, EventHandler>> = {
  "Cover.RiskCreated"(event, writer) {
    const id = text(event, "riskId");
    const terms = event.args["terms"] as Terms;
    row(event, writer, "ix_cover_risks", {
      risk_id: id,
      cluster_id: terms.clusterId,
      model_id: String(terms.modelId),
      policy_id: terms.policyId,
      label: terms.label,
      input_hash: terms.inputHash,
      season_from: dateOf(terms.seasonStart),
      season_to: dateOf(terms.seasonEnd),
      sales_start: String(terms.salesStart),
      sales_end: String(terms.salesEnd),
      maturity: String(terms.maturity),
      claim_deadline: String(terms.claimDeadline),
      trigger_wad: String(terms.trigger),
      exit_wad: String(terms.exit),
      tsi_wad: String(terms.tsi),
      premium_rate: String(terms.premiumRate),
      cap: String(terms.cap),
      cluster_cap: String(terms.clusterCap),
      oracle_fee: String(terms.oracleFee),
    });
    const risk = { kind: "risk", id };
    addNode(writer, risk, { label: `risk ${id}: season ${dateOf(terms.seasonStart)} to ${dateOf(terms.seasonEnd)}` });
    addEdge(writer, risk, "judged by", { kind: "asset", id: String(terms.modelId) });
    writer.onSettled("cover.decide", id, { risk: id });
    writer.onSettled("cover.expire", id, { risk: id });
  },

  "Cover.PolicyBought"(event, writer) {
    const [id, risk] = [text(event, "policyId"), text(event, "riskId")];
    row(event, writer, "ix_cover_policies", {
      policy_id: id,
      risk_id: risk,
      owner: lower(event, "owner"),
      payer: lower(event, "payer"),
      sum_insured: text(event, "sumInsured"),
      premium: text(event, "premium"),
      capital: text(event, "capital"),
    });
    const policy = { kind: "policy", id };
    addNode(writer, policy, { label: `policy ${id}` });
    addEdge(writer, policy, "covers", { kind: "risk", id: risk });
  },

  "Cover.Transfer"(event, writer) {
    row(event, writer, "ix_cover_owners", { policy_id: text(event, "tokenId"), owner: lower(event, "to") });
  },

  "Cover.DecisionRequested"(event, writer) {
    const [risk, request] = [text(event, "riskId"), lower(event, "requestId")];
    row(event, writer, "ix_cover_requests", { risk_id: risk, request_id: request, fee: text(event, "fee") });
    addEdge(writer, { kind: "decision", id: request }, "asked for", { kind: "risk", id: risk });
  },

  "Cover.SeasonDecided"(event, writer) {
    const risk = text(event, "riskId");
    row(event, writer, "ix_cover_decisions", {
      risk_id: risk,
      request_id: lower(event, "requestId"),
      output: text(event, "output"),
      ratio: text(event, "ratio"),
      share: text(event, "share"),
      claims: text(event, "claims"),
    });
    if (text(event, "share") !== "0") writer.onSettled("cover.settle", turn(event, risk), { risk });
  },

  "Cover.RiskExpired"(event, writer) {
    const risk = text(event, "riskId");
    row(event, writer, "ix_cover_expiries", { risk_id: risk, refunds: text(event, "refunds") });
    if (text(event, "refunds") !== "0") writer.onSettled("cover.settle", turn(event, risk), { risk });
  },

  "Cover.PolicyPaid"(event, writer) {
    settled(event, writer, "paid");
  },

  "Cover.PolicyRefunded"(event, writer) {
    settled(event, writer, "refunded");
  },

  "Cover.RiskClosed"(event, writer) {
    row(event, writer, "ix_cover_closed", { risk_id: text(event, "riskId"), remainder: text(event, "remainder") });
  },
};
