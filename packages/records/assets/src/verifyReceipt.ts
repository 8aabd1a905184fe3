import { sha256Hex } from "@base/bytes/hash.ts";
import { BaseError, NotFoundError } from "@base/errors";
import type { Check, Context, Verifier } from "@kernel/capability";
import type { Store } from "@machines/store";
import { decodeHeader } from "@machines/chain/proof/header.ts";
import { key } from "./lineage.ts";
import { type Anchor, openEvidence } from "./provenEvents.ts";
import { type Evidence, parseReceipt, type Receipt, type ReceiptEntry } from "./receiptFile.ts";
import { lower, recoverSigner, scopeOf, statementHash } from "./sign.ts";
import { type AssetStatement, assetTypes, parseAssetStatement, parseStatement, statementType } from "./statements.ts";
import { type Lineage, type LineageEdge, lineageOf, MAX_DEPTH } from "./trace.ts";
import { type Finding, same, verifyAsset } from "./verifyAsset.ts";

/** Verifiers of all rooms by statement type; `transform:<id>` repeats a transform of derived tables. */
export type Verifiers = Readonly<Record<string, () => Promise<Verifier>>>;

/** One check, with the node that it is about. */
export interface ReceiptCheck extends Finding {
  readonly about: string;
}

/** Outcome of a verification: verified only when every check that ran holds. */
export interface VerifyReport {
  readonly subject: string;
  readonly verified: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly checks: ReceiptCheck[];
}

/**
 * Checks every statement of a receipt: canonical hash, signature, chain, parents, bytes at hand, and what the rooms'
 * verifiers add (a training run is trained again). What the receipt itself claims about contracts is never trusted.
 *
 * Throws InvalidInputError when it is no receipt; what does not hold is reported, not thrown. SPEC S11.
 */
export async function verifyReceipt(context: Context, receipt: unknown, verifiers: Verifiers): Promise<VerifyReport> {
  const parsed = parseReceipt(receipt);
  const checks: ReceiptCheck[] = [];
  const total = parsed.statements.length;
  for await (const check of wholeChecks(context, parsed)) checks.push(told("receipt", check));
  const inner: Context = { ...context, store: withStatements(context.store, parsed) };
  const foreign = checks.some(({ name, ok }) => !ok && (name === "chain" || name === "Assets contract"));
  // On another chain or contract nothing can hold: saying so once is clearer than a page of failures.
  if (!foreign) {
    for (const [index, entry] of parsed.statements.entries()) {
      context.signal.throwIfAborted();
      context.progress({ label: `verifying ${key(entry.node)}`, done: index, total, unit: "statements" });
      for await (const check of guarded("statement", entryChecks(inner, parsed, entry, verifiers))) {
        checks.push(told(key(entry.node), check));
      }
    }
  }
  const failed = checks.filter((check) => !check.ok).length;
  const skipped = checks.filter((check) => check.skipped).length;
  return {
    subject: key(parsed.subject),
    verified: failed === 0,
    passed: checks.length - failed - skipped,
    failed,
    skipped,
    checks,
  };
}

/** A check with what it is about; one that was not made says so in its words. */
function told(about: string, { name, ok, skipped, detail }: Finding): ReceiptCheck {
  return skipped ? { about, name, ok, skipped, detail: `not checked: ${detail}` } : { about, name, ok, detail };
}

async function* wholeChecks(context: Context, receipt: Receipt): AsyncIterable<Finding> {
  const scope = scopeOf(context);
  yield same("chain", String(receipt.chainId), String(scope.chainId));
  yield same("Assets contract", receipt.contracts["Assets"] ?? "none", scope.assets);
  for (const [name, address] of Object.entries(receipt.contracts))
    if (name !== "Assets") yield* guarded(`${name} contract`, contractCheck(context, name, address));
  yield* carriedChecks(context, receipt);
  const entries = new Set<string>();
  for (const { node } of receipt.statements) {
    if (entries.has(key(node))) yield { name: "statements", ok: false, detail: `${key(node)} has two statements` };
    entries.add(key(node));
  }
  const stated = entries.has(key(receipt.subject));
  yield { name: "subject", ok: stated, detail: `${key(receipt.subject)} has ${stated ? "a" : "no"} statement` };
  const next = new Map<string, string[]>();
  for (const { from, to } of receipt.edges) next.set(key(from), [...(next.get(key(from)) ?? []), key(to)]);
  const reached = new Set([key(receipt.subject)]);
  for (const at of reached) for (const to of next.get(at) ?? []) reached.add(to);
  const loose = receipt.nodes.map(key).filter((node) => !reached.has(node));
  yield {
    name: "lineage",
    ok: loose.length === 0,
    detail: loose.length === 0 ? `${reached.size} nodes hang together` : `${loose.join(", ")} hang loose`,
  };
  yield* completeness(context, receipt);
}

/** Another contract that a receipt names is this node's too; without a node, the reader says which they know. */
async function* contractCheck(context: Context, name: string, address: string): AsyncIterable<Finding> {
  if (online(context)) yield same(`${name} contract`, address, context.contracts.get(name).address);
}

/** Bytes that the receipt carries have the hashes that it names; its headers are this chain's. */
async function* carriedChecks(context: Context, receipt: Receipt): AsyncIterable<Finding> {
  const blobs = Object.entries(receipt.blobs ?? {});
  const wrong = blobs.find(([hash, text]) => sha256Hex(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))) !== hash);
  if (wrong) yield { name: "bytes in the receipt", ok: false, detail: `the bytes ${wrong[0]} are others` };
  if (!receipt.evidence || !online(context)) return;
  yield* guarded("block headers", evidenceChecks(context, receipt.evidence));
}

async function* evidenceChecks(context: Context, evidence: Evidence): AsyncIterable<Finding> {
  const numbers = evidence.headers.map((encoded) => decodeHeader(encoded).number);
  const anchors: Anchor[] = [];
  // Neighbours vouch for each other: one question a run of blocks is enough.
  for (const number of numbers.filter((one, at) => numbers[at + 1] !== one + 1n)) {
    const block = await context.chain.client.getBlock({ blockNumber: number });
    anchors.push({ hash: block.hash, number, source: "this node's chain" });
  }
  for (const check of openEvidence(evidence, anchors).checks) yield check;
}

/** A context without a node has no index. */
const online = (context: Context) => (context as Partial<Context>).db !== undefined;

/** What this node's own index knows the subject to stand on must all be in the receipt: nothing is left out. */
async function* completeness(context: Partial<Pick<Context, "db">>, receipt: Receipt): AsyncIterable<Finding> {
  const { db } = context;
  if (!db) {
    const detail = "no index of a node is at hand: what a room's verifier does not ask for may be missing";
    return yield { name: "complete", ok: true, skipped: true, detail };
  }
  let own: Lineage;
  try {
    own = await lineageOf({ db }, { id: key(receipt.subject), direction: "sources", depth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const detail = `${key(receipt.subject)} is not in this node's index: what a room's verifier does not ask for may be missing`;
    return yield { name: "complete", ok: true, skipped: true, detail };
  }
  const stated = new Set<string>(receipt.statements.map(({ node }) => key(node)));
  const link = ({ from, to }: Pick<LineageEdge, "from" | "to">) => `${key(from)} -> ${key(to)}`;
  const edges = new Set(receipt.edges.map(link));
  const lost = [
    ...own.nodes.filter((node) => (node.statement ?? node.facts) !== null && !stated.has(key(node))).map(key),
    ...own.edges.map(link).filter((edge) => !edges.has(edge)),
  ];
  const detail =
    lost.length === 0 ? `${own.nodes.length} nodes, as in this node's index` : `left out: ${lost.join(", ")}`;
  yield { name: "complete", ok: lost.length === 0, detail };
}

async function* entryChecks(
  context: Context,
  receipt: Receipt,
  entry: ReceiptEntry,
  verifiers: Verifiers,
): AsyncIterable<Finding> {
  yield same("canonical hash", statementHash(entry.statement), entry.hash);
  const type = statementType(entry.statement);
  yield* guarded("signature", signatureChecks(context, entry));
  if ((assetTypes as readonly string[]).includes(type)) {
    const statement = parseAssetStatement(entry.statement);
    yield same("node", entry.node.kind, "asset");
    yield* linkChecks(receipt, statement);
    yield* verifyAsset(context, entry);
    if (statement.type === "assay/derived/1") {
      const repeat = verifiers[`transform:${statement.transform.id}`];
      const lacking = !online(context);
      if (repeat) yield* guarded("transform", run(await repeat(), context, statement), lacking);
      else
        yield {
          name: "transform",
          ok: true,
          skipped: true,
          detail: `nobody here can repeat ${statement.transform.id}`,
        };
    }
  } else if (type === "assay/run/1") {
    yield same("node", key(entry.node), `run:${entry.hash}`);
  } else {
    // `assay/payout/1` speaks about a payout and names its id: a receipt cannot pass off one payout for another.
    yield same("node", entry.node.kind, type.split("/").at(-2) ?? type);
    yield { name: "names its node", ok: names(entry.statement, entry.node.id), detail: entry.node.id };
    yield* groundChecks(receipt, entry.statement);
  }
  const load = verifiers[type];
  // Without a node, bytes that the receipt does not carry are missing, not wrong.
  const lacking = !online(context);
  if (load) yield* guarded(type, run(await load(), context, entry.statement), lacking);
  else if (!(assetTypes as readonly string[]).includes(type))
    yield { name: "verifier", ok: false, detail: `this node cannot check ${type}` };
}

async function* signatureChecks(context: Context, entry: ReceiptEntry): AsyncIterable<Finding> {
  const { signer, signature, hash, statement } = entry;
  const creator = (statement as { creator?: unknown }).creator;
  if (signer === undefined || signature === undefined) {
    // What repeats an event has no creator: the chain alone vouches for it, and its room's verifier asks the chain.
    if (typeof creator !== "string") return;
    const detail = "the receipt has none: the publisher's transaction, or the model's statement, vouches for it";
    return yield { name: "signature", ok: true, skipped: true, detail };
  }
  const found = await recoverSigner(scopeOf(context), { statement, hash, signer, signature });
  if (typeof creator === "string") yield same("signature", found, lower(creator));
  else yield { name: "signature", ok: true, detail: `by ${found}` };
}

/** Whatever an asset's statement names must be in the receipt too, and be the same. */
function* linkChecks(receipt: Receipt, statement: AssetStatement): Iterable<Finding> {
  const byNode = new Map(receipt.statements.map((entry) => [key(entry.node), entry]));
  for (const parent of "parents" in statement ? statement.parents : []) {
    yield same(
      `link to asset ${parent.asset}`,
      byNode.get(`asset:${parent.asset}`)?.hash ?? "nothing in the receipt",
      parent.statement,
    );
  }
  if (statement.type !== "assay/model/1") return;
  const run = byNode.get(`run:${statement.run}`);
  yield same("link to its training run", run?.hash ?? "nothing in the receipt", statement.run);
  if (!run) return;
  const trained = parseStatement("assay/run/1", run.statement);
  yield same("run: model", trained.model, statement.root);
  const data = (parents: readonly { asset: string; root: string }[]) =>
    parents.map(({ asset, root }) => `${asset} ${root}`).join(", ");
  yield same("run: data", data(trained.data), data(statement.parents));
}

/** A payout's decision and a decision's model must be in the receipt too: else nobody looks at them. */
function* groundChecks(receipt: Receipt, statement: unknown): Iterable<Finding> {
  const { decision, request } = statement as { decision?: unknown; request?: { modelId?: unknown } };
  const model = request?.modelId;
  const grounds = [
    ...(typeof decision === "string" ? [`decision:${decision.toLowerCase()}`] : []),
    ...(model === undefined || String(model) === "0" ? [] : [`asset:${model}`]),
  ];
  const stated = new Set<string>(receipt.statements.map(({ node }) => key(node).toLowerCase()));
  for (const ground of grounds) {
    const ok = stated.has(ground);
    yield { name: `rests on ${ground}`, ok, detail: `${ok ? "in" : "not in"} the receipt` };
  }
}

/** By its own `id` alone: whoever asks for a decision chooses other fields, and could put another's id there. */
function names(statement: unknown, id: string): boolean {
  const own = (statement as { id?: unknown } | null)?.id;
  return own !== undefined && String(own).toLowerCase() === id.toLowerCase();
}

async function* run(verifier: Verifier, context: Context, statement: unknown): AsyncIterable<Check> {
  yield* verifier(context, statement);
}

/** Turns what a check throws into a check that failed; only "try again" errors and bugs go on. */
async function* guarded(name: string, checks: AsyncIterable<Finding>, lacking = false): AsyncIterable<Finding> {
  try {
    yield* checks;
  } catch (error) {
    if (!(error instanceof BaseError) || error.kind !== "user") throw error;
    const skipped = error.name === "NeedsChainError" || (lacking && error.name === "NotFoundError");
    yield { name, ok: skipped, ...(skipped ? { skipped } : {}), detail: error.shortMessage };
  }
}

/** The store, with the receipt's statements as blobs: a receipt stands for itself on a node that has never seen it. */
function withStatements(store: Store, receipt: Receipt): Store {
  const carried = new Map(receipt.statements.map((entry) => [entry.hash as string, entry.statement as unknown]));
  return new Proxy(store, {
    get(target, property) {
      if (property === "getJson") {
        return async (hash: `0x${string}`) => {
          const statement = carried.get(hash);
          return statement !== undefined && statementHash(statement) === hash ? statement : target.getJson(hash);
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
