// What the pages draw. How a node says it on the wire is in api.ts.

/** Lower-case `0x` hex of any length: hashes, addresses, transaction ids. */
export type Hex = string;
/** Amount or ratio scaled by 1e18, as a decimal string. */
export type Wad = string;
/** Seconds since 1970 in chain time. */
export type Seconds = number;

/** How far a fact may be relied on: only `final` ones move money. */
export type Finality = "provisional" | "final" | "disputed" | "overturned" | "failed";

/** Where something is written on the chain. */
export interface Anchor {
  readonly tx?: Hex;
  readonly block?: number;
  readonly at?: Seconds;
}

/** A data set, derived data set or model on chain. */
export interface Asset extends Anchor {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly owner: Hex;
  readonly ownerName?: string;
  readonly root: Hex;
  readonly finality: Finality;
  readonly licence?: string;
  readonly price?: Wad;
  readonly royaltyBps?: number;
  readonly parents?: readonly string[];
  readonly size?: number;
  readonly rows?: number;
}

/** A model with what its training and its test said. */
export interface ModelCard {
  readonly id: string;
  readonly name: string;
  readonly task: string;
  readonly target: string;
  readonly createdAt?: string;
  readonly metrics: {
    readonly trainRows: number;
    readonly testRows: number;
    readonly rmse: number;
    readonly mae: number;
    readonly baselineRmse: number;
    readonly binary?: { readonly logLoss: number; readonly accuracy: number; readonly auc: number | null };
    readonly report?: ModelReport;
  };
}

type Pair = readonly [x: number, y: number];
type Bins = readonly { readonly rows: number; readonly said: number; readonly seen: number }[];
type Counts = readonly (readonly number[])[];

/** Curves and tables of a model's test, as the engine's report. */
export interface ModelReport {
  readonly validRows: number;
  readonly learning: {
    readonly epochs: number;
    readonly best: number;
    readonly curve: readonly { readonly epoch: number; readonly train: number; readonly valid?: number }[];
  };
  readonly binary?: {
    readonly f1: number;
    readonly brier: number;
    readonly averagePrecision: number | null;
    readonly calibrationError: number;
    readonly calibration: Bins;
    readonly confusion: Counts;
    readonly roc?: readonly Pair[];
    readonly precisionRecall?: readonly Pair[];
  };
  readonly classes?: {
    readonly labels: readonly string[];
    readonly accuracy: number;
    readonly guess: number;
    readonly macroF1: number;
    readonly logLoss: number;
    readonly calibration: Bins;
    readonly confusion: Counts;
  };
  readonly regression?: { readonly r2: number | null; readonly pairs: readonly Pair[] };
  readonly crossValidation?: {
    readonly metric: string;
    readonly mean: number | null;
    readonly deviation: number | null;
  };
}

/** One outcome of checking a claim. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What it is about, e.g. `asset:1`. */
  readonly about?: string;
  /** True when nobody here could check it. */
  readonly skipped?: boolean;
}

/** A thing in the lineage: data, derived, run, model, decision, policy, payout, dispute. */
export interface TraceNode extends Anchor {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly detail?: string;
  /** Id under which its own page (decisions, cover, disputes) knows it; `id` when absent. */
  readonly ref?: string;
  readonly hash?: Hex;
  readonly finality: Finality;
  readonly checks?: readonly Check[];
}

/** `from` is upstream (the parent), `to` is what came from it. */
export interface TraceEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
}

/** What of a lineage the node is asked for; each as `assets.trace` takes it. */
export type TraceFilter = { readonly [field in "direction" | "depth" | "owner" | "since" | "until"]?: string };

/** What came from what, for drawing: merged from one or more calls of `assets.trace`. */
export interface Trace {
  readonly root?: string;
  readonly nodes: readonly TraceNode[];
  readonly edges: readonly TraceEdge[];
}

/** A party who put its name and bond behind a decision. */
export interface Signer {
  readonly name?: string;
  readonly address: Hex;
  readonly bond?: Wad;
  readonly signedAt?: Seconds;
}

/** One signed term of the explanation; terms and `base` add up to the output. */
export interface Reason {
  readonly name: string;
  readonly value: number;
}

/** Where a decision's fee went. */
export interface Share {
  readonly to: Hex;
  readonly name?: string;
  readonly role: string;
  readonly amount: Wad;
}

export type DecisionState = "requested" | "proposed" | "disputed" | "final" | "expired";

/** One decision; reasons, signers and shares are there when it was asked for by id. */
export interface Decision extends Anchor {
  readonly id: string;
  readonly state: DecisionState;
  readonly finality: Finality;
  readonly modelId: string;
  readonly modelName?: string;
  readonly consumer: Hex;
  readonly consumerName?: string;
  readonly policyId?: string;
  readonly subject?: string;
  /** Chain time of the answer this came in. */
  readonly now?: Seconds;
  readonly inputHash?: Hex;
  readonly whyHash?: Hex;
  readonly evidenceRoot?: Hex;
  readonly output?: Wad;
  readonly confidenceBps?: number;
  readonly tier: string;
  readonly fee?: Wad;
  readonly requestedAt?: Seconds;
  readonly proposedAt?: Seconds;
  readonly windowEndsAt?: Seconds;
  readonly finalizedAt?: Seconds;
  readonly delivered?: boolean;
  readonly disputeId?: string;
  readonly base?: number;
  readonly reasons?: readonly Reason[];
  readonly signers?: readonly Signer[];
  readonly shares?: readonly Share[];
}

/** One move in a dispute, in order. */
export interface Move extends Anchor {
  readonly kind: "answered" | "challenged" | "committed" | "revealed" | "ruled" | "resolved";
  readonly side: "proposer" | "challenger" | "court";
  readonly who: Hex;
  readonly whoName?: string;
  readonly value?: Wad;
  readonly bond?: Wad;
  readonly detail?: string;
}

/** One dispute over a decision. */
export interface Dispute extends Anchor {
  readonly id: string;
  readonly decisionId: string;
  readonly state: "open" | "ruled" | "expired";
  readonly proposer: Hex;
  readonly proposerName?: string;
  readonly challenger: Hex;
  readonly challengerName?: string;
  readonly claimed?: Wad;
  readonly recomputed?: Wad;
  readonly bond?: Wad;
  readonly deadline?: Seconds;
  readonly winner?: "proposer" | "challenger";
  readonly ruling?: Wad;
  readonly votesFor?: number;
  readonly votesAgainst?: number;
  readonly moves?: readonly Move[];
  readonly flows?: readonly Share[];
}

/** One day of the insured season; `score` is the index up to that day, 0 to 1. */
export interface SeasonDay {
  readonly date: string;
  readonly precipitation: number;
  readonly score?: number;
}

export type PolicyState = "none" | "active" | "claimed" | "paid" | "lapsed" | "refundable" | "refunded";

/** One policy; the season's days are there when it was asked for by id. */
export interface Policy extends Anchor {
  readonly id: string;
  readonly name?: string;
  readonly state: PolicyState;
  readonly finality: Finality;
  readonly holder: Hex;
  readonly holderName?: string;
  readonly seasonFrom: string;
  readonly seasonTo: string;
  readonly sumInsured: Wad;
  readonly premium: Wad;
  readonly trigger: Wad;
  readonly exit: Wad;
  readonly maxShare: Wad;
  readonly score?: Wad;
  readonly payout?: Wad;
  readonly decisionId?: string;
  readonly region?: string;
  readonly season?: readonly SeasonDay[];
}

/** The capital behind the policies, in the currency of the deployment. */
export interface Pool {
  readonly address: Hex;
  readonly assets: Wad;
  readonly locked: Wad;
  readonly shares: Wad;
  readonly premiums: Wad;
  readonly payouts: Wad;
}

export interface CoverList {
  readonly policies: readonly Policy[];
  readonly pool?: Pool;
}

/** A transaction that this node sent; `sentAt` in milliseconds since 1970. */
export interface Transaction {
  readonly tx: Hex;
  readonly sender: Hex;
  readonly senderName?: string;
  readonly action: string;
  readonly gas: number;
  readonly block: number;
  readonly sentAt: number;
}

export interface JobRow {
  readonly kind: string;
  readonly key: string;
  readonly state: "queued" | "running" | "done" | "failed";
  readonly attempts: number;
  readonly updatedAt?: number;
  readonly error?: string;
}

/** The node and its chain. */
export interface NodeStatus {
  readonly version: string;
  readonly currency?: string;
  readonly chain: {
    readonly kind: string;
    readonly chainId: number;
    readonly head: number;
    readonly settled: number;
    readonly indexed: number;
    readonly timestamp?: Seconds;
  };
  readonly contracts: readonly { readonly name: string; readonly address: Hex; readonly block?: number }[];
  readonly identities: readonly {
    readonly name: string;
    readonly address: Hex;
    readonly role?: string;
    readonly balance?: Wad;
  }[];
  readonly jobs: {
    readonly queued: number;
    readonly running: number;
    readonly done: number;
    readonly failed: number;
  };
  readonly disk?: { readonly bytes: number; readonly blobs?: number };
}

export type StepStatus = "waiting" | "running" | "done" | "failed";

/** A step of the loop; `startedAt` in milliseconds since 1970. */
export interface Step {
  readonly id: string;
  readonly title: string;
  readonly detail?: string;
  readonly status: StepStatus;
  readonly startedAt?: number;
  readonly ms?: number;
  readonly ids?: Readonly<Record<string, string>>;
  readonly gas?: number;
}

/** One live event; `at` in milliseconds since 1970. */
export interface LiveEvent {
  readonly id: string;
  readonly type: string;
  readonly at?: number;
  readonly block?: number;
  readonly tx?: Hex;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The newest head of the node's log and who vouches for it. */
export interface LogHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Hex;
  readonly keys: readonly string[];
  readonly witnesses: readonly { readonly name: string; readonly signed: boolean; readonly problem: string | null }[];
  readonly anchorCount: number;
  /** Newest first. */
  readonly anchors: readonly {
    readonly size: number;
    readonly root: Hex;
    readonly block: number;
    readonly settled: boolean;
  }[];
}

/** A record of the log. */
export interface LogRecord {
  readonly index: number;
  readonly kind: string;
  /** The event's or the kind's name. */
  readonly what: string;
  readonly about: string;
  readonly leaf: Hex;
  readonly value: unknown;
}

/** What a model does to each group, as `report.list` has it; rates are null where nobody is there to count. */
export interface FairnessReport {
  readonly statement: Hex;
  readonly id: Hex;
  readonly signer: Hex;
  readonly createdAt: string;
  readonly data: { readonly asset: string };
  readonly group: string;
  readonly threshold: number;
  readonly part: string;
  readonly rows: number;
  readonly left: number;
  readonly trained: number | null;
  readonly groups: readonly {
    readonly group: string;
    readonly rows: number;
    readonly selectionRate: number;
    readonly truePositiveRate: number | null;
    readonly falsePositiveRate: number | null;
    readonly precision: number | null;
    readonly accuracy: number;
    readonly said: number;
    readonly seen: number;
  }[];
  readonly disparateImpact: number | null;
  readonly fourFifths: boolean | null;
  readonly demographicParityDifference: number;
  readonly truePositiveDifference: number | null;
  readonly equalisedOddsDifference: number | null;
  readonly calibration: readonly {
    readonly group: string;
    readonly bins: readonly {
      readonly from: number;
      readonly rows: number;
      readonly said: number;
      readonly seen: number;
    }[];
    readonly expectedError: number;
  }[];
}

/** A training row that moved an answer. */
export interface TracedRow {
  readonly row: number;
  readonly asset: string;
  readonly at: number;
  readonly value: number;
  readonly share: number;
  readonly hash: Hex | null;
}

/** An answer traced to the rows that trained the model. */
export interface InfluenceTrace {
  readonly statement: Hex;
  readonly id: Hex;
  readonly signer: Hex;
  readonly createdAt: string;
  readonly method: string;
  readonly unit: string;
  readonly answer: string;
  readonly samples: number;
  readonly for: readonly TracedRow[];
  readonly against: readonly TracedRow[];
}

/** `report.list`, the newest first. */
export interface ModelReports {
  readonly fairness: readonly FairnessReport[];
  readonly influence: readonly InfluenceTrace[];
}
