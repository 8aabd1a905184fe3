import { log } from "./fixture.log.ts";
import { models } from "./fixture.models.ts";
import { reports } from "./fixture.reports.ts";
import { profiles } from "./fixture.profiles.ts";
import {
  hash,
  ids,
  payoutOf,
  type receipt,
  scores,
  seasons,
  start,
  terms,
  trace,
  tx,
  wad,
  who,
} from "./fixture.data.ts";

const at = (name: string) => who[name] as string;
const day = 86_400;
const policyId = hash("oracle policy");
const oraclePolicy = {
  operators: [at("operator-1"), at("operator-2"), at("operator-3")],
  threshold: 2,
  window: 3600,
  courtTime: day,
  bond: wad(250),
  royaltyBps: 3000,
  arbiter: at("panel-1"),
};
const now = start + 160 * day;
const panel = hash("Panel").slice(0, 42);
const cover = hash("Cover").slice(0, 42);
const oracle = hash("Oracle").slice(0, 42);
const claimHash = hash("result right");
const wrongHash = hash("result wrong");

function reasons(score: number) {
  const names = ["precipitation", "temp_max", "temp_min", "wind"];
  const parts = names.flatMap((name, n) =>
    Array.from({ length: 6 }, (_, bin) => ({
      name: `${name}, days ${bin * 15 + 1} to ${bin * 15 + 15}`,
      value: Math.sin(n * 7.3 + bin * 2.1) * ([0.2, 0.09, 0.03, 0.012][n] ?? 0),
    })),
  );
  const rest = score - 0.6412 - parts.reduce((sum, p) => sum + p.value, 0);
  const first = parts[0] as { name: string; value: number };
  parts[0] = { ...first, value: first.value + rest };
  return { type: "assay/why/1", base: 0.6412, contributions: parts };
}

const answer = (score: number, name: string) => ({
  output: wad(score),
  value: score,
  confidenceBps: 8740,
  whyHash: hash(`why ${name}`),
  evidenceRoot: hash(`evidence ${name}`),
  producedAt: String(now - 40 * day),
  validUntil: String(now + 400 * day),
  why: reasons(score),
});

interface Told {
  readonly id: string;
  readonly status: string;
  readonly score: number;
  readonly askedAt: number;
  readonly from: string;
  readonly to: string;
}
const told: readonly Told[] = [
  { id: ids.c, status: "answered", score: 0.6083, askedAt: now - 900, from: "2015-10-01", to: "2015-12-29" },
  { id: ids.b, status: "final", score: scores.b, askedAt: now - 40 * day, from: "2015-07-01", to: "2015-09-28" },
  { id: ids.a, status: "final", score: scores.a, askedAt: now - 90 * day, from: "2015-04-01", to: "2015-06-29" },
];

function decision(d: Told) {
  const disputed = d.id === ids.b;
  const final = d.status === "final";
  const signers = disputed ? [at("watcher")] : [at("operator-1"), at("operator-3")];
  return {
    id: d.id,
    status: d.status,
    request: {
      requester: cover,
      policyId,
      modelId: "3",
      inputHash: hash(`input ${d.id}`),
      valueAtRisk: wad(750),
      fee: wad(4),
      callbackGas: 300_000,
      expiry: String(now + day),
      salt: hash("salt"),
    },
    policy: oraclePolicy,
    askedAt: String(d.askedAt),
    askedTx: tx(`ask ${d.id}`),
    now: String(now),
    input: {
      type: "assay/input/1",
      data: { asset: "1", root: hash("root weather"), statement: hash("s") },
      select: { by: "date", from: d.from, to: d.to },
    },
    answer: {
      ...answer(d.score, d.id),
      producedAt: String(d.askedAt + 120),
      signers,
      deadline: String(d.askedAt + 120 + 3600),
      tx: tx(`answer ${d.id}`),
    },
    answers: [
      {
        ...answer(disputed ? scores.cheat : d.score, d.id),
        signers: disputed ? [at("operator-2")] : signers,
        tx: tx(`answer ${d.id}`),
        at: String(d.askedAt + 120),
      },
    ],
    challenges: disputed
      ? [
          {
            challenger: at("watcher"),
            arbiter: panel,
            disputeId: "1",
            claim: answer(d.score, "claim"),
            deadline: String(d.askedAt + day),
            tx: tx("challenge"),
            at: String(d.askedAt + 700),
            ruling: "claim",
            resolvedTx: tx("resolve"),
            resolvedAt: String(d.askedAt + 5200),
          },
        ]
      : [],
    checks: [{ watcher: "watcher", answer: wrongHash, own: claimHash, agrees: !disputed, at: now }],
    final: final
      ? {
          output: wad(d.score),
          delivered: true,
          royalty: wad(1.2),
          tx: tx(`final ${d.id}`),
          at: String(d.askedAt + (disputed ? 9000 : 3900)),
        }
      : null,
    royalties: final
      ? [
          { owner: at("modeller"), amount: wad(0.96), tx: tx(`final ${d.id}`) },
          { owner: at("owner"), amount: wad(0.24), tx: tx(`final ${d.id}`) },
        ]
      : [],
    slashes: disputed ? [{ account: at("operator-2"), amount: wad(250), burned: wad(125), tx: tx("resolve") }] : [],
  };
}

const dispute = {
  id: "1",
  client: oracle,
  subject: ids.b,
  defence: wrongHash,
  claim: claimHash,
  openedAt: String(now - 40 * day + 700),
  tx: tx("challenge"),
  moves: [
    ...["panel-1", "panel-2", "panel-3"].map((name) => ({
      move: "commit",
      member: at(name),
      result: null,
      tx: tx(`commit ${name}`),
    })),
    ...["panel-1", "panel-2", "panel-3"].map((name) => ({
      move: "reveal",
      member: at(name),
      result: claimHash,
      tx: tx(`reveal ${name}`),
    })),
  ],
  ruling: { ruling: "claim", result: claimHash, reward: wad(6), burned: wad(0), tx: tx("ruling") },
};

const claimOfRun = {
  claim: `0@${at("operator-1")}`,
  claimant: at("operator-1"),
  job: claimHash,
  result: wrongHash,
  manifest: claimHash,
  at: String(now - 3_600),
  tx: tx("claim of a run"),
  status: "defeated",
  checked: "differs",
  about: null,
  aboutHolds: null,
};

const claimOfAnswer = {
  ...claimOfRun,
  claim: `4@${at("operator-2")}`,
  claimant: at("operator-2"),
  tx: tx("claim of an answer"),
  status: "standing",
  checked: "agrees",
  about: "answer of model 3 for row 12 of asset 1",
  aboutHolds: true,
};

const gameMoves: [by: string, text: string][] = [
  ["challenger", "opened: of 4097 steps one must be wrong"],
  ["defender", "gave 15 states between 0 and 4097"],
  ["challenger", "disputes states 2816 to 3072"],
  ["defender", "gave 15 states between 2816 and 3072"],
  ["challenger", "disputes step 2867"],
  ["defender", "gave the roots of all 69 values of the step"],
  ["challenger", "disputes value 63: sub (v41)"],
  ["defender", "gave 49 nodes below"],
  ["challenger", "disputes leaf 30"],
  ["defender", "revealed the leaf"],
  ["chain", "computed 0.0316 (0x3d0174a9) where the defender said 0.0317 (0x3d0174aa)"],
];

const game = {
  game: "68365257935152496880711383464174385121069188289465858815854921265715368992043",
  claim: claimOfRun.claim,
  claimant: claimOfRun.claimant,
  challenger: at("watcher"),
  about: null,
  job: claimHash,
  result: wrongHash,
  openedAt: String(now - 3_500),
  waitsFor: null,
  turn: null,
  deadline: null,
  step: "2867",
  operator: "sub (v41)",
  element: "31415",
  claimed: "0.03160541504621506 (0x3d0174aa)",
  truth: "0.03160541132092476 (0x3d0174a9)",
  winner: "challenger",
  reward: wad(350),
  burned: wad(350),
  moves: gameMoves.map(([by, text], n) => ({ by, text, at: String(now - 3_500 + 20 * n), tx: tx(`game ${n}`) })),
};

const policy = (
  id: string,
  risk: string,
  seasonFrom: string,
  seasonTo: string,
  score: number | undefined,
  decisionId: string,
) => ({
  id,
  risk,
  state: score === undefined ? "active" : payoutOf(score) > 0 ? "paid" : "lapsed",
  holder: at("farmer"),
  seasonFrom,
  seasonTo,
  sumInsured: wad(terms.insured),
  premium: wad(86.4),
  trigger: wad(terms.trigger),
  exit: wad(terms.exit),
  maxShare: wad(terms.most),
  score: score === undefined ? null : wad(score),
  payout: score === undefined ? null : wad(payoutOf(score)),
  decisionId,
  tx: tx(`buy ${id}`),
});
const policies = [
  policy("1000001", "1", "2015-04-01", "2015-06-29", scores.a, ids.a),
  policy("2000001", "2", "2015-07-01", "2015-09-28", scores.b, ids.b),
  policy("3000001", "3", "2015-10-01", "2015-12-29", undefined, ids.c),
];
const risks = policies.map((p) => ({ id: p.risk, region: "Seattle, rain-fed maize" }));
const total = (of: (p: (typeof policies)[number]) => string | null) =>
  policies.reduce((sum, p) => sum + BigInt(of(p) ?? 0), 0n).toString();

const asset = (id: string, kind: string, name: string, owner: string, parents: string[]) => ({
  id,
  kind,
  name,
  owner: at(owner),
  publisher: at(owner),
  price: wad(kind === "data" ? 5 : 0),
  state: "active",
  royaltyBps: kind === "data" ? 1000 : 2000,
  root: hash(`root ${name}`),
  parents,
  at: "2026-01-31T12:00:00.000Z",
});

const story: readonly [string, string, string, number, number, Record<string, string>][] = [
  [
    "up",
    "Chain, contracts and identities",
    "Embedded devnet 31337; Assets, Oracle, Panel, Cover, CoverPool deployed",
    2840,
    9_214_551,
    { assets: hash("Assets").slice(0, 42), oracle, cover },
  ],
  [
    "publish",
    "Weather published",
    "Seattle daily weather 2012–2015: 1 461 rows, 3 chunks, licence CC-BY-4.0, price 5 aUSD",
    610,
    236_118,
    { data: "1", tx: tx("publish") },
  ],
  [
    "derive",
    "Water requirement index computed",
    "WRSI label for each day by FAO's soil-water balance",
    420,
    214_307,
    { derived: "2", tx: tx("derive") },
  ],
  [
    "train",
    "Model trained in the bit-exact engine",
    "2 400 steps on 2012–2014; test 2015: error 0.061 against 0.148 for the plain baseline",
    9120,
    0,
    { run: ids.run },
  ],
  [
    "model",
    "Model published",
    "Its parent is the labelled data; royalty 20 %",
    350,
    248_990,
    { model: "3", tx: tx("model") },
  ],
  [
    "pool",
    "Capital and cover",
    "Investor put 10 000 aUSD in the pool; the farmer bought both seasons",
    520,
    412_204,
    { policy: "1", tx: tx("buy 1") },
  ],
  [
    "season-a",
    "Season A decided and paid",
    `Score ${scores.a.toFixed(4)}, two signatures, window passed, ${payoutOf(scores.a).toFixed(2)} aUSD paid`,
    2210,
    148_733,
    { decision: ids.a, payout: "1" },
  ],
  [
    "season-b",
    "A cheat, caught",
    `operator-2 said ${scores.cheat}; the watcher re-ran the model and challenged; the panel agreed`,
    4830,
    671_902,
    { decision: ids.b, dispute: "1", payout: "2" },
  ],
  [
    "verify",
    "Receipts verified",
    "Every hash, signature, anchor and re-run of the chain of receipts holds",
    5130,
    0,
    { receipt: hash("receipt") },
  ],
];

const jobs = [
  ["oracle.finalize", `${ids.c}:0`, "ready", 0],
  ["oracle.watch", `${ids.c}:0`, "done", 1],
  ["oracle.answer", ids.c, "done", 1],
  ["arbitration.settle", "1", "done", 2],
  ["arbitration.reveal", "1", "done", 1],
  ["oracle.watch", `${ids.b}:0`, "done", 1],
  ["assets.describe", "3", "done", 1],
].map(([kind, key, state, attempts]) => ({
  kind,
  key,
  state,
  attempts,
  runAfter: 0,
  updated: Date.now() - 60_000,
  error: null,
}));

const names = ["Assets", "Oracle", "Panel", "Cover", "CoverPool", "TestToken"];
const status = {
  chain: { kind: "embedded", id: 31337, url: null, head: "63", settled: "63", timestamp: String(now) },
  contracts: names.map((name, n) => ({ name, address: hash(name).slice(0, 42), block: String(n + 1) })),
  identities: Object.entries(who).map(([name, address], n) => ({
    name,
    address,
    wei: wad(10),
    currency: wad(1000 - n * 41.5),
  })),
  duties: {
    operators: ["operator-1", "operator-2", "operator-3"],
    watchers: ["watcher"],
    panelists: ["panel-1", "panel-2", "panel-3"],
    keeper: "owner",
    peers: [],
  },
  database: "sqlite",
  jobs: { ready: 1, done: 41 },
};
const transactions = (
  [
    ["Oracle.finalize", "owner", 61_204, 62],
    ["Panel.settle", "owner", 98_311, 45],
    ["Panel.reveal", "panel-3", 61_077, 44],
    ["Oracle.challenge", "watcher", 214_903, 41],
    ["Oracle.submit", "operator-2", 58_420, 40],
    ["Cover.buy", "farmer", 171_552, 25],
    ["Assets.publish", "owner", 236_118, 12],
  ] as const
).map(([action, sender, gas, block], n) => ({
  tx: tx(`sent ${n}`),
  sender: at(sender),
  action,
  gas,
  block,
  sentAt: Date.now() - n * 9000,
}));

/** What a node that knows nothing yet answers. */
export const blank: Answers = {
  "log.head": () => ({ ...log.head, size: 0, witnesses: [], anchors: null }),
  "log.list": () => ({ records: [], total: 0, next: null }),
  "node.status": () => status,
  "node.story": () => ({ steps: [] }),
  "jobs.list": () => ({ jobs: [] }),
  "assets.list": () => ({ assets: [], next: null }),
  "oracle.list": () => ({ decisions: [] }),
  "arbitration.list": () => ({ disputes: [] }),
  "disputes.list": () => ({ games: [] }),
  "disputes.claims": () => ({ claims: [] }),
  "cover.list": () => ({
    policies: [],
    risks: [],
    pool: {
      address: hash("CoverPool").slice(0, 42),
      assets: "0",
      locked: "0",
      free: "0",
      shares: "0",
      unearned: "0",
      claims: "0",
      premiums: "0",
      payouts: "0",
    },
    next: null,
  }),
  "node.transactions": () => ({ transactions: [] }),
};

export type Answers = Readonly<Record<string, (input: URLSearchParams, body?: unknown) => unknown>>;

/** What a node answers after the loop has run, by action; undefined means not found. */
export const answers: Answers = {
  "log.head": () => log.head,
  "log.list": () => log.list(),
  "log.show": (input) => log.show(Number(input.get("record"))),
  "log.prove": (input) => log.prove(Number(input.get("record"))),
  "node.status": () => status,
  "node.story": () => ({
    steps: story.map(([id, title, detail, ms, gas, known], n) => ({
      id,
      title,
      detail,
      status: "done",
      startedAt: Date.now() - 100_000 + n * 8000,
      ms,
      result: { ...known, gas },
    })),
  }),
  "jobs.list": () => ({ jobs }),
  "assets.list": () => ({
    assets: [
      asset("1", "data", "Seattle daily weather 2012–2015", "owner", []),
      asset("2", "derived", "Seattle weather with WRSI", "modeller", ["1"]),
      asset("3", "model", "Dry season score", "modeller", ["2"]),
      asset("4", "model", "Heart disease", "modeller", ["2"]),
      asset("5", "model", "Digits", "modeller", ["2"]),
    ],
    next: null,
  }),
  "assets.profile": (input) => profiles[input.get("asset") ?? ""],
  "assets.show": (input) => {
    const found = models[input.get("id") ?? ""];
    return found && { ...asset(input.get("id") ?? "", "model", found.name, "modeller", ["2"]), document: found };
  },
  "report.list": (input) => reports[input.get("model") ?? ""] ?? { fairness: [], influence: [] },
  "assets.trace": (input) => trace(input.get("id") ?? "", input.get("direction") ?? "both"),
  "assets.verify": (_input, body) => verify((body as { receipt: ReturnType<typeof receipt> }).receipt),
  "oracle.list": () => ({
    decisions: told.map((d) => ({
      id: d.id,
      status: d.status,
      model: "3",
      requester: cover,
      askedAt: String(d.askedAt),
      output: wad(d.score),
      value: d.score,
      deadline: String(d.askedAt + 3720),
      challenged: d.id === ids.b,
    })),
  }),
  "oracle.show": (input) => {
    const found = told.find((d) => d.id === input.get("id"));
    return found && decision(found);
  },
  "arbitration.list": () => ({ disputes: [dispute] }),
  "disputes.list": () => ({ games: [game] }),
  "disputes.show": () => game,
  "disputes.claims": () => ({ claims: [claimOfAnswer, claimOfRun] }),
  "arbitration.show": (input) => (input.get("id") === "1" ? dispute : undefined),
  "cover.list": () => ({
    policies,
    risks,
    pool: {
      address: hash("CoverPool").slice(0, 42),
      assets: wad(9611.25),
      locked: wad(750),
      free: wad(8861.25),
      shares: wad(10_000),
      unearned: wad(86.4),
      claims: "0",
      premiums: wad(259.2),
      payouts: total((p) => p.payout),
    },
    next: null,
  }),
  "cover.show": (input) => {
    const found = policies.find((p) => p.id === input.get("id"));
    const season = { "1": seasons.a, "2": seasons.b }[found?.risk ?? ""] ?? [];
    return (
      found && { policy: found, risk: { id: found.risk, region: "Seattle, rain-fed maize" }, payout: null, season }
    );
  },
  "node.transactions": () => ({ transactions }),
};

function verify(given: ReturnType<typeof receipt>) {
  const checks = given.statements.flatMap((s) => [
    { about: `${s.node.kind}:${s.node.id}`, name: "canonical hash", ok: true, detail: s.hash },
    { about: `${s.node.kind}:${s.node.id}`, name: "on chain", ok: true, detail: `block ${s.block}` },
  ]);
  const skipped = {
    about: "asset:2",
    name: "transform",
    ok: true,
    skipped: true,
    detail: "nobody here can repeat cover/wrsi/1",
  };
  return {
    subject: "payout:2000001",
    verified: true,
    passed: checks.length,
    failed: 0,
    skipped: 1,
    checks: [...checks, skipped],
  };
}
