// How what a node says (api.ts) becomes what the pages draw (model.ts).

import type { Profile } from "@machines/formats/profile.ts";
import {
  ApiError,
  call,
  type Int,
  read,
  rows,
  type WireAnswer,
  type WireAsset,
  type WireDecision,
  type WireDecisionLine,
  type WireClaim,
  type WireDispute,
  type WireGame,
  type WireJob,
  type WireModel,
  type WireRef,
  type WireStep,
  type WireTrace,
  type WireTransaction,
} from "./api.ts";
import { readCover, readPolicy } from "./coverReads.ts";
import { short, amount } from "./format.ts";
import type {
  Asset,
  Check,
  Decision,
  DecisionState,
  Dispute,
  Finality,
  Hex,
  JobRow,
  ModelCard,
  ModelReports,
  Move,
  Seconds,
  Share,
  Step,
  Trace,
  TraceEdge,
  TraceFilter,
  TraceNode,
  Transaction,
  Wad,
} from "./model.ts";
import { given, int, type Names, names, readStatus } from "./nodeReads.ts";
import { t } from "./strings.ts";

export { ApiError, eventsUrl } from "./api.ts";
export type * from "./model.ts";

/** What an asset holds, and whether its publisher signed that. */
export type DataProfile = Profile & { readonly onRecord: boolean };

/** The calls the pages make; each rejects with {@link ApiError}. */
export const api = {
  status: readStatus,
  story: async () => rows<WireStep>(await read("node.story"), "steps").map(toStep),
  jobs: async () => rows<WireJob>(await read("jobs.list", { limit: "60" }), "jobs").map(toJob),
  assets: readAssets,
  model: readModel,
  reports: (model: string) => read<ModelReports>("report.list", { model }),
  profile: (id: string) => read<DataProfile>("assets.profile", { asset: id }),
  trace: (id?: string, filter?: TraceFilter) => (id === undefined ? traceAll() : traceOne(id, filter)),
  decisions: readDecisions,
  decision: readDecision,
  disputes: readDisputes,
  dispute: readDispute,
  games: async () => rows<WireGame>(await read("disputes.list", { limit: "100" }), "games"),
  game: (id: string) => read<WireGame>("disputes.show", { game: id }),
  claims: async () => rows<WireClaim>(await read("disputes.claims", { limit: "100" }), "claims"),
  cover: readCover,
  policy: readPolicy,
  transactions: readTransactions,
  verify: async (receipt: unknown) => rows<Check>(await call("POST", "assets.verify", { receipt }), "checks"),
};

// ---------------------------------------------------------------- node

async function readTransactions(): Promise<readonly Transaction[]> {
  const [list, nameOf] = await Promise.all([read("node.transactions", { limit: "200" }), names()]);
  return rows<WireTransaction>(list, "transactions").map((row) => ({
    ...row,
    action: row.action.replace(/^0x[0-9a-fA-F]{40}/, (address) => nameOf(address) ?? short(address)),
    ...given({ senderName: nameOf(row.sender) }),
  }));
}

const ID_KEYS = /^(asset|data|derived|weather|labelled|model|run|policy|decision|request|dispute|payout|receipt)(Id)?$/;

/** Gas of a step: one number, or one for each of its transactions. */
function gasIn(value: unknown): number | undefined {
  if (typeof value === "number" || typeof value === "string") return Number(value);
  if (typeof value !== "object" || value === null) return undefined;
  return Object.values(value).reduce<number>((sum, part) => sum + (Number(part) || 0), 0);
}

/** What the plain `id` of a step's result is the id of. */
function idKind(step: string): string {
  return step.startsWith("pay-") ? "payout" : /^(publish|label|train)/.test(step) ? "asset" : step;
}

function toStep({ result, ids, gas, ...step }: WireStep): Step {
  const values = Object.entries(result ?? {}).map(([key, value]): [string, unknown] => [
    key === "id" ? idKind(step.id) : key,
    value,
  ]);
  const found = Object.fromEntries(
    values.flatMap(([key, value]) => {
      const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
      return /^0x[0-9a-f]{40,64}$/i.test(text) || (ID_KEYS.test(key) && /^\d+$/.test(text)) ? [[key, text]] : [];
    }),
  );
  const spent = int(gas) ?? gasIn(result?.["gas"] ?? result?.["gasUsed"]);
  const all = ids ?? Object.fromEntries(Object.entries(found).slice(0, 6));
  return { ...step, ...given({ gas: spent, ids: Object.keys(all).length > 0 ? all : undefined }) };
}

const toJob = (job: WireJob): JobRow => ({
  kind: job.kind,
  key: job.key,
  state: job.state === "ready" ? "queued" : (job.state as JobRow["state"]),
  attempts: job.attempts,
  ...given({ updatedAt: job.updated, error: job.error ?? undefined }),
});

// ---------------------------------------------------------------- assets and lineage

async function readAssets(): Promise<readonly Asset[]> {
  const [list, nameOf] = await Promise.all([read("assets.list", { limit: "500" }), names()]);
  return rows<WireAsset>(list, "assets").map((a) => ({
    id: String(a.id),
    kind: a.kind,
    name: a.name ?? `${a.kind} ${a.id}`,
    owner: a.owner,
    root: a.root,
    parents: a.parents,
    price: a.price,
    royaltyBps: a.royaltyBps,
    // The list comes from the index of a chain whose blocks may still vanish only until they are settled.
    finality: "final",
    at: Date.parse(a.at) / 1000,
    ...given({ ownerName: nameOf(a.owner) }),
  }));
}

async function readModel(id: string): Promise<ModelCard> {
  const wire = await read<WireModel>("assets.show", { id });
  if (wire.kind !== "model" || wire.document == null) throw new ApiError(t.error.notFound, "NotFoundError", 404);
  const { task, target, metrics, createdAt } = wire.document;
  return { id, name: wire.name ?? `model ${id}`, task, target, metrics, ...given({ createdAt }) };
}

const refKey = (ref: WireRef) => `${ref.kind}:${ref.id}`;
const MAX_ROOTS = 12;

/** What a trace itself does not say: kinds of assets, how far decisions and blocks are settled. */
async function traceFacts() {
  const [assets, decisions, status, cover] = await Promise.allSettled([
    readAssets(),
    readDecisions(),
    readStatus(),
    readCover(),
  ]);
  const known = assets.status === "fulfilled" ? assets.value : [];
  const told = decisions.status === "fulfilled" ? decisions.value : [];
  const policies = cover.status === "fulfilled" ? cover.value.policies : [];
  const unit = (status.status === "fulfilled" && status.value.currency) || t.currency;
  return {
    assets: known,
    kinds: new Map(known.map((a) => [a.id, a.kind])),
    decisions: new Map(told.map((d) => [d.id, d.finality])),
    settled: status.status === "fulfilled" ? status.value.chain.settled : 0,
    labels: new Map<string, string>([
      ...told.flatMap((d): [string, string][] => (d.subject ? [[`decision:${d.id}`, d.subject]] : [])),
      ...policies.flatMap((p): [string, string][] => (p.name ? [[`policy:${p.id}`, p.name]] : [])),
      ...policies.flatMap((p): [string, string][] =>
        p.payout ? [[`payout:${p.id}`, `${amount(p.payout)} ${unit}`]] : [],
      ),
    ]),
  };
}

function toTrace(wire: readonly WireTrace[], facts: Awaited<ReturnType<typeof traceFacts>>): Trace {
  const nodes = new Map<string, TraceNode>();
  const edges = new Map<string, TraceEdge>();
  for (const part of wire) {
    for (const n of part.nodes) {
      const block = int(n.block);
      const settled: Finality = block !== undefined && block <= facts.settled ? "final" : "provisional";
      nodes.set(refKey(n), {
        id: refKey(n),
        ref: n.id,
        kind: n.kind === "asset" ? (facts.kinds.get(n.id) ?? "data") : n.kind,
        label: facts.labels.get(refKey(n)) ?? n.label?.replace(/^(data|derived|model|training run): /, "") ?? refKey(n),
        finality: (n.kind === "decision" ? facts.decisions.get(n.id) : undefined) ?? settled,
        ...given({ hash: n.statement ?? undefined, block, tx: n.tx ?? undefined }),
      });
    }
    for (const e of part.edges) {
      edges.set(`${refKey(e.from)} ${refKey(e.to)}`, { from: refKey(e.to), to: refKey(e.from), label: e.role });
    }
  }
  const root = wire.length === 1 && wire[0] ? { root: refKey(wire[0].subject) } : {};
  return { ...root, nodes: [...nodes.values()], edges: [...edges.values()] };
}

async function traceOne(id: string, filter?: TraceFilter): Promise<Trace> {
  const wire = read<WireTrace>("assets.trace", { direction: "both", ...filter, id });
  return toTrace(...(await Promise.all([wire.then((one) => [one]), traceFacts()])));
}

/** Everything that stands on the data of this node, and what else those things stand on. */
async function traceAll(): Promise<Trace> {
  const facts = await traceFacts();
  const roots = facts.assets.filter((a) => !a.parents?.length).slice(0, MAX_ROOTS);
  const down = await Promise.all(
    roots.map((a) => read<WireTrace>("assets.trace", { id: `asset:${a.id}`, direction: "uses" })),
  );
  const ends = down.flatMap((w) => w.nodes.filter((n) => !w.edges.some((e) => refKey(e.to) === refKey(n))));
  const unique = [...new Set(ends.map(refKey))].slice(0, MAX_ROOTS);
  const up = await Promise.all(unique.map((id) => read<WireTrace>("assets.trace", { id, direction: "sources" })));
  return toTrace([...down, ...up], facts);
}

// ---------------------------------------------------------------- decisions

const STATES: Readonly<Record<string, DecisionState>> = {
  open: "requested",
  answered: "proposed",
  disputed: "disputed",
  final: "final",
  undelivered: "final",
  void: "expired",
};

function finalityOf(status: string): Finality {
  if (status === "final" || status === "undelivered") return "final";
  if (status === "disputed") return "disputed";
  return status === "void" ? "failed" : "provisional";
}

async function readDecisions(): Promise<readonly Decision[]> {
  const [list, nameOf, assets, cover] = await Promise.all([
    read("oracle.list", { limit: "200" }),
    names(),
    readAssets().catch(() => []),
    readCover().catch(() => undefined),
  ]);
  return rows<WireDecisionLine>(list, "decisions").map((d) => {
    const policy = cover?.policies.find((p) => p.decisionId === d.id);
    return {
      id: d.id,
      state: STATES[d.status] ?? "requested",
      finality: finalityOf(d.status),
      modelId: String(d.model),
      consumer: d.requester,
      tier: "T2",
      ...given({
        modelName: assets.find((a) => a.id === String(d.model))?.name,
        consumerName: nameOf(d.requester),
        subject: policy?.name,
        policyId: policy?.id,
        requestedAt: int(d.askedAt),
        output: d.output ?? undefined,
        windowEndsAt: int(d.deadline),
      }),
    };
  });
}

async function readDecision(id: string): Promise<Decision> {
  const [d, nameOf, assets, cover] = await Promise.all([
    read<WireDecision>("oracle.show", { id }),
    names(),
    readAssets().catch(() => []),
    readCover().catch(() => undefined),
  ]);
  const policy = cover?.policies.find((p) => p.decisionId === d.id);
  const days = d.input?.select;
  const dispute = d.challenges.at(-1);
  const tier = d.policy.window > 0 ? "T2" : d.policy.threshold > 1 ? "T1" : "T0";
  return {
    id: d.id,
    state: STATES[d.status] ?? "requested",
    finality: finalityOf(d.status),
    modelId: String(d.request.modelId),
    consumer: d.request.requester,
    tier,
    inputHash: d.request.inputHash,
    tx: d.askedTx,
    fee: d.request.fee,
    signers: (d.answer?.signers ?? []).map((address) => ({
      address,
      bond: d.policy.bond,
      ...given({ name: nameOf(address) }),
    })),
    shares: d.final ? sharesOf(d, nameOf, assets) : [],
    ...given({
      modelName: assets.find((a) => a.id === String(d.request.modelId))?.name,
      consumerName: nameOf(d.request.requester),
      subject: policy?.name ?? (days?.from && days.to ? `${days.from} to ${days.to}` : undefined),
      policyId: policy?.id,
      now: int(d.now),
      requestedAt: int(d.askedAt),
      output: d.final?.output ?? d.answer?.output,
      confidenceBps: d.answer?.confidenceBps,
      whyHash: d.answer?.whyHash,
      evidenceRoot: d.answer?.evidenceRoot,
      base: d.answer?.why?.base,
      reasons: d.answer?.why?.contributions,
      proposedAt: int(d.answers?.[0]?.at ?? d.answer?.producedAt),
      windowEndsAt: int(d.answer?.deadline),
      finalizedAt: int(d.final?.at),
      delivered: d.final?.delivered,
      disputeId: dispute === undefined ? undefined : String(dispute.disputeId),
    }),
  };
}

const ROLE_OF_KIND: Readonly<Record<string, string>> = {
  model: "modeller",
  data: "data owner",
  derived: "data preparer",
};

/** The fee as it was paid: royalties by the lineage, the rest to those who signed. */
function sharesOf(d: WireDecision, nameOf: Names, assets: readonly Asset[]): readonly Share[] {
  const paid = d.royalties.reduce((sum, r) => sum + BigInt(r.amount), 0n);
  const signers = d.answer?.signers ?? [];
  const rest = BigInt(d.request.fee) - paid;
  const each = signers.length > 0 ? rest / BigInt(signers.length) : 0n;
  const owns = (owner: Hex, kind: string) =>
    assets.some((a) => a.kind === kind && a.owner.toLowerCase() === owner.toLowerCase());
  const shares = new Map<string, Share>();
  const add = (to: Hex, role: string, amount: bigint) => {
    const key = to.toLowerCase();
    const before = shares.get(key);
    const sum = BigInt(before?.amount ?? 0) + amount;
    shares.set(key, { to, role: before?.role ?? role, amount: sum.toString(), ...given({ name: nameOf(to) }) });
  };
  for (const signer of signers) add(signer, "operator", each);
  for (const { owner, amount } of d.royalties) {
    const kind = ["data", "model", "derived"].find((k) => owns(owner, k));
    add(owner, (kind && ROLE_OF_KIND[kind]) ?? "royalty", BigInt(amount));
  }
  return [...shares.values()];
}

// ---------------------------------------------------------------- disputes

async function readDisputes(): Promise<readonly Dispute[]> {
  const list = rows<WireDispute>(await read("arbitration.list", { limit: "100" }), "disputes");
  return Promise.all(list.map(toDispute));
}

async function readDispute(id: string): Promise<Dispute> {
  return toDispute(await read<WireDispute>("arbitration.show", { id }));
}

/** Joins the panel's record with the oracle's: who claimed what, who was right, where the bond went. */
async function toDispute(wire: WireDispute): Promise<Dispute> {
  const [d, nameOf] = await Promise.all([
    read<WireDecision>("oracle.show", { id: wire.subject }).catch(() => undefined),
    names(),
  ]);
  const challenge = d?.challenges.find((c) => String(c.disputeId) === String(wire.id));
  const first = d?.answers?.[0] ?? (challenge?.ruling === "claim" ? undefined : (d?.answer ?? undefined));
  const proposer = d?.slashes[0]?.account ?? first?.signers[0] ?? wire.client;
  const challenger = challenge?.challenger ?? wire.client;
  const ruling = wire.ruling?.ruling ?? challenge?.ruling ?? null;
  const winner = ruling === "claim" ? "challenger" : ruling === "defence" ? "proposer" : undefined;
  const reveals = wire.moves.filter((m) => m.move === "reveal");
  const slashes = d?.slashes.filter((s) => s.tx === challenge?.resolvedTx) ?? [];
  const gainer = winner === "challenger" ? challenger : proposer;
  const flows = slashes.flatMap((s): Share[] => [
    {
      to: gainer,
      role: winner ?? "winner",
      amount: (BigInt(s.amount) - BigInt(s.burned)).toString(),
      ...given({ name: nameOf(gainer) }),
    },
    { to: "0x0000000000000000000000000000000000000000", role: "burned", amount: s.burned },
  ]);
  const base = { d, wire, nameOf, first, challenge, proposer, challenger };
  return {
    id: String(wire.id),
    decisionId: wire.subject,
    state: wire.ruling ? "ruled" : "open",
    proposer,
    challenger,
    tx: wire.tx,
    at: Number(wire.openedAt),
    votesFor: reveals.filter((m) => m.result === wire.claim).length,
    votesAgainst: reveals.filter((m) => m.result !== wire.claim).length,
    moves: movesOf(base),
    flows,
    ...given({
      proposerName: nameOf(proposer),
      challengerName: nameOf(challenger),
      claimed: first?.output,
      recomputed: challenge?.claim.output,
      bond: d?.policy.bond,
      deadline: int(challenge?.deadline),
      winner,
    }),
  };
}

interface DisputeParts {
  readonly d: WireDecision | undefined;
  readonly wire: WireDispute;
  readonly nameOf: Names;
  readonly first: (WireAnswer & { readonly tx: Hex; readonly at?: Int }) | undefined;
  readonly challenge: WireDecision["challenges"][number] | undefined;
  readonly proposer: Hex;
  readonly challenger: Hex;
}

function movesOf({ d, wire, nameOf, first, challenge, proposer, challenger }: DisputeParts): readonly Move[] {
  const move = (
    kind: Move["kind"],
    side: Move["side"],
    who: Hex,
    more: {
      tx?: Hex | undefined;
      at?: Seconds | undefined;
      value?: Wad | undefined;
      bond?: Wad | undefined;
      detail?: string | undefined;
    },
  ): Move => ({
    kind,
    side,
    who,
    ...given({ whoName: nameOf(who), ...more }),
  });
  const agreed = (result: Hex | null) =>
    result === wire.claim ? "claim" : result === wire.defence ? "defence" : "neither";
  return [
    move("answered", "proposer", proposer, {
      tx: first?.tx,
      at: int(first?.at ?? first?.producedAt),
      value: first?.output,
      bond: d?.policy.bond,
    }),
    move("challenged", "challenger", challenger, {
      tx: wire.tx,
      at: Number(wire.openedAt),
      value: challenge?.claim.output,
      bond: d?.policy.bond,
    }),
    ...wire.moves.map((m) =>
      move(m.move === "commit" ? "committed" : "revealed", "court", m.member, {
        tx: m.tx,
        at: int(m.at),
        ...(m.move === "reveal" ? { detail: agreed(m.result) } : {}),
      }),
    ),
    ...(wire.ruling
      ? [
          move("ruled", "court", wire.client, {
            tx: wire.ruling.tx,
            at: int(wire.ruling.at),
            detail: `ruled${wire.ruling.ruling.charAt(0).toUpperCase()}${wire.ruling.ruling.slice(1)}`,
          }),
        ]
      : []),
    ...(challenge?.resolvedTx
      ? [
          move("resolved", "court", wire.client, {
            tx: challenge.resolvedTx,
            at: int(challenge.resolvedAt),
            detail: challenge.ruling === "claim" ? "corrected" : undefined,
          }),
        ]
      : []),
  ];
}
