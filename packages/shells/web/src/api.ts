/**
 * Every shape that the dashboard expects from a node's API, and how it is called. reads.ts makes of them what the pages
 * draw (model.ts). Reads are `GET /v1/<room>/<verb>?…`; whole numbers beyond 2^53 travel as decimal strings.
 */
import { BaseError } from "@base/errors";
import type { Hex, ModelCard, PolicyState, Pool, Reason, SeasonDay, Step, Transaction, Wad } from "./model.ts";

// ---------------------------------------------------------------- wire shapes

/** Whole number as the node writes it. */
export type Int = string | number;

/** One line of `assets.list`. */
export interface WireAsset {
  readonly id: string;
  readonly kind: string;
  readonly name: string | null;
  readonly owner: Hex;
  readonly publisher: Hex;
  readonly price: Wad;
  readonly state: string;
  readonly royaltyBps: number;
  readonly root: Hex;
  readonly parents: readonly string[];
  readonly at: string;
}

/** `assets.show` of a model. */
export interface WireModel {
  readonly kind: string;
  readonly name: string | null;
  readonly document: Pick<ModelCard, "task" | "target" | "metrics" | "createdAt"> | null;
}

export interface WireRef {
  readonly kind: string;
  readonly id: string;
}

/** `assets.trace?id=kind:id`: an edge's `from` was made from, decided by or paid because of its `to`. */
export interface WireTrace {
  readonly subject: WireRef;
  readonly nodes: readonly (WireRef & {
    readonly label: string | null;
    readonly statement: string | null;
    readonly facts: unknown;
    readonly block: Int | null;
    readonly tx: string | null;
  })[];
  readonly edges: readonly { readonly from: WireRef; readonly to: WireRef; readonly role: string }[];
}

/** `log.head`. */
export interface WireLogHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Hex;
  readonly keys: readonly string[];
  readonly witnesses: readonly { readonly name: string; readonly signed: boolean; readonly problem: string | null }[];
  readonly anchors: {
    readonly count: number;
    readonly newest: readonly {
      readonly size: number;
      readonly root: Hex;
      readonly block: Int;
      readonly settled: boolean;
    }[];
  } | null;
}

/** One line of `log.list`, and `log.show`. */
export interface WireLogRecord {
  readonly index: number;
  readonly kind: string;
  readonly about: string;
  readonly leaf: Hex;
  readonly value: unknown;
}

/** `disputes.show`, and one line of `disputes.list`. */
export interface WireGame {
  readonly game: Int;
  readonly claim: string;
  readonly claimant: Hex;
  readonly challenger: Hex;
  readonly about: string | null;
  readonly job: Hex;
  readonly result: Hex;
  readonly openedAt: Int;
  readonly waitsFor: string | null;
  readonly turn: "defender" | "challenger" | null;
  readonly deadline: Int | null;
  readonly step: Int | null;
  readonly operator: string | null;
  readonly element: Int | null;
  readonly claimed: string | null;
  readonly truth: string | null;
  readonly winner: "defender" | "challenger" | null;
  readonly reward: Wad | null;
  readonly burned: Wad | null;
  readonly moves: readonly {
    readonly by: "defender" | "challenger" | "chain";
    readonly text: string;
    readonly at: Int;
    readonly tx: Hex;
  }[];
}

/** One line of `disputes.claims`. */
export interface WireClaim {
  readonly claim: string;
  readonly claimant: Hex;
  readonly job: Hex;
  readonly result: Hex;
  readonly at: Int;
  readonly tx: Hex;
  readonly status: "none" | "standing" | "final" | "defeated";
  readonly checked: "agrees" | "differs" | null;
  readonly about: string | null;
  readonly aboutHolds: boolean | null;
}

/** One line of `oracle.list`. */
export interface WireDecisionLine {
  readonly id: Hex;
  readonly status: string;
  readonly model: Int;
  readonly requester: Hex;
  readonly askedAt: Int;
  readonly output: Wad | null;
  readonly deadline: Int | null;
  readonly challenged: boolean;
}

export interface WireAnswer {
  readonly output: Wad;
  readonly confidenceBps: number;
  readonly whyHash: Hex;
  readonly evidenceRoot: Hex;
  readonly producedAt: Int;
  readonly why: { readonly base: number; readonly contributions: readonly Reason[] } | null;
}

/** `oracle.show?id=…`; fields with a question mark are used when the node gives them. */
export interface WireDecision {
  readonly id: Hex;
  readonly status: string;
  readonly request: { readonly requester: Hex; readonly modelId: Int; readonly inputHash: Hex; readonly fee: Wad };
  readonly policy: { readonly threshold: number; readonly window: number; readonly bond: Wad };
  readonly askedAt: Int;
  readonly askedTx: Hex;
  readonly now: Int;
  readonly input: { readonly select: { readonly from?: string; readonly to?: string } } | null;
  readonly answer: (WireAnswer & { readonly signers: readonly Hex[]; readonly deadline: Int; readonly tx: Hex }) | null;
  /** Every answer that was ever submitted, in order. */
  readonly answers?: readonly (WireAnswer & {
    readonly signers: readonly Hex[];
    readonly tx: Hex;
    readonly at?: Int;
  })[];
  readonly challenges: readonly {
    readonly challenger: Hex;
    readonly disputeId: Int;
    readonly claim: WireAnswer;
    readonly deadline: Int;
    readonly tx: Hex;
    readonly at?: Int;
    readonly ruling: string | null;
    readonly resolvedTx: Hex | null;
    readonly resolvedAt?: Int;
  }[];
  readonly final: {
    readonly output: Wad;
    readonly delivered: boolean;
    readonly royalty: Wad;
    readonly tx: Hex;
    readonly at?: Int;
  } | null;
  readonly royalties: readonly { readonly owner: Hex; readonly amount: Wad; readonly tx: Hex }[];
  readonly slashes: readonly { readonly account: Hex; readonly amount: Wad; readonly burned: Wad; readonly tx: Hex }[];
}

/** `arbitration.list` and `arbitration.show`: the panel's side of a dispute. */
export interface WireDispute {
  readonly id: Int;
  readonly client: Hex;
  /** Id of the decision. */
  readonly subject: Hex;
  readonly defence: Hex;
  readonly claim: Hex;
  readonly openedAt: Int;
  readonly tx: Hex;
  readonly moves: readonly {
    readonly move: "commit" | "reveal";
    readonly member: Hex;
    readonly result: Hex | null;
    readonly tx: Hex;
    readonly at?: Int;
  }[];
  readonly ruling: {
    readonly ruling: string;
    readonly result: Hex;
    readonly reward: Wad;
    readonly burned: Wad;
    readonly tx: Hex;
    readonly at?: Int;
  } | null;
}

/** `node.status`, or what the runtime tells at `/v1/status`; balances in base units. */
export interface WireStatus {
  readonly version?: string;
  readonly currency?: string;
  readonly chain: {
    readonly id: number;
    readonly kind: string;
    readonly head: Int;
    readonly settled: Int;
    readonly timestamp?: Int;
  };
  readonly index?: { readonly block: Int };
  readonly contracts?: readonly { readonly name: string; readonly address: Hex; readonly block: Int }[];
  readonly identities: readonly { readonly name: string; readonly address: Hex; readonly currency?: Wad }[];
  readonly duties?: {
    readonly operators: readonly string[];
    readonly watchers: readonly string[];
    readonly panelists: readonly string[];
    readonly keeper?: string | null;
  };
  readonly jobs: Readonly<Record<string, Int | undefined>>;
  readonly disk?: { readonly bytes: number; readonly blobs?: number };
}

/** A row of `node.transactions`. */
export type WireTransaction = Omit<Transaction, "senderName">;

/** A policy in `cover.list` and `cover.show`. */
export interface WirePolicy {
  readonly id: Int;
  readonly risk: Int;
  readonly state: PolicyState;
  readonly holder: Hex;
  readonly seasonFrom: string;
  readonly seasonTo: string;
  readonly sumInsured: Wad;
  readonly premium: Wad;
  readonly trigger: Wad;
  readonly exit: Wad;
  readonly maxShare: Wad;
  readonly score: Wad | null;
  readonly payout: Wad | null;
  readonly decisionId: Hex | null;
  readonly tx: Hex;
}

/** `cover.list`. */
export interface WireCover {
  readonly policies: readonly WirePolicy[];
  readonly risks: readonly { readonly id: Int; readonly region: string | null }[];
  readonly pool: Pool;
}

/** `cover.show?id=…` of a policy. */
export interface WirePolicyDetail {
  readonly policy: WirePolicy | null;
  readonly risk: { readonly id: Int; readonly region: string | null };
  readonly payout: { readonly amount: Wad; readonly tx: Hex; readonly at: Int } | null;
  readonly season: readonly SeasonDay[];
}

/** A step of `node.story`; ids and gas may stand in `result`. */
export interface WireStep extends Omit<Step, "ids" | "gas"> {
  readonly ids?: Readonly<Record<string, string>>;
  readonly gas?: Int;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** A row of `jobs.list`. */
export interface WireJob {
  readonly kind: string;
  readonly key: string;
  readonly state: string;
  readonly attempts: number;
  readonly updated?: number;
  readonly error: string | null;
}

// ---------------------------------------------------------------- calls

/** What a node answers when it refuses, and what happens when it cannot be reached. */
export class ApiError extends BaseError {
  override name = "ApiError";
  /** Name of the node's error, e.g. `NotFoundError`. */
  readonly code: string;
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;
  constructor(message: string, code: string, status: number, hints: readonly string[] = []) {
    super(message, { hints, kind: status === 0 || status >= 500 ? "retryable" : "user" });
    this.code = code;
    this.status = status;
  }
}

export type Query = Readonly<Record<string, string | undefined>>;

/** Calls an action; rejects with {@link ApiError}. */
export async function call(method: "GET" | "POST", action: string, input: unknown): Promise<unknown> {
  let url = `/v1/${action.replace(".", "/")}`;
  const init: RequestInit = { method, headers: { accept: "application/json" } };
  if (method === "GET") {
    const pairs = Object.entries(input as Query).filter((p): p is [string, string] => p[1] !== undefined);
    if (pairs.length > 0) url += `?${new URLSearchParams(pairs)}`;
  } else {
    init.body = JSON.stringify(input);
    init.headers = { accept: "application/json", "content-type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    throw new ApiError(`The node does not answer (${String(cause)}).`, "Unreachable", 0);
  }
  const text = await response.text();
  let body: unknown;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    throw new ApiError(
      `The node answered ${response.status} with something that is not JSON.`,
      "NotJson",
      response.status,
    );
  }
  if (response.ok) return body;
  const problem = (body ?? {}) as Record<string, unknown>;
  const message =
    problem["message"] ?? problem["detail"] ?? problem["title"] ?? `The node answered ${response.status}.`;
  const hints = Array.isArray(problem["hints"]) ? problem["hints"].map(String) : [];
  throw new ApiError(String(message), String(problem["name"] ?? "HttpError"), response.status, hints);
}

/** Reads from an action by GET; rejects with {@link ApiError}. */
export const read = <T>(action: string, query: Query = {}): Promise<T> => call("GET", action, query) as Promise<T>;

/** Lists come as an array, or as a page that holds one. */
export function rows<T>(body: unknown, field: string): readonly T[] {
  if (Array.isArray(body)) return body as T[];
  const found = (body as Record<string, unknown> | null)?.[field];
  return Array.isArray(found) ? (found as T[]) : [];
}

/** Address of the live event stream. */
export const eventsUrl = "/v1/events";
