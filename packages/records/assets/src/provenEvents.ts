// Opens the evidence of a receipt: which events are proved, by which block headers. Nothing here needs a node.
import { BaseError, InvalidInputError } from "@base/errors";
import {
  decodeHeader,
  decodeReceipt,
  encodeHeader,
  type Header,
  type ProvenLog,
} from "@machines/chain/proof/header.ts";
import { verifyIndex } from "@machines/chain/proof/trie.ts";
import type { Hex } from "viem";
import type { Evidence } from "./receiptFile.ts";
import type { Finding } from "./verifyAsset.ts";

/** A log that a header's receipts root stands for. */
export interface ProvenEvent extends ProvenLog {
  readonly block: bigint;
  readonly logIndex: number;
}

/** What the reader trusts: a block's hash from a source of their own, with its number where they know it. */
export interface Anchor {
  readonly hash: Hex;
  readonly number?: bigint | undefined;
  /** Where it comes from, in words. */
  readonly source: string;
}

/** Events that hold, and what was checked to know it. */
export interface Opened {
  readonly checks: Finding[];
  readonly events: readonly ProvenEvent[];
  readonly last: Header | undefined;
  /** True when an anchor vouches for the headers. */
  readonly anchored: boolean;
}

/**
 * Anchors from the JSON of one block header or several, as `eth_getBlockByNumber` gives it. Throws InvalidInputError
 * where a header does not hash to the hash that it names: then it is no source to trust.
 */
export function anchorsOf(value: unknown, source: string): Anchor[] {
  const given = (Array.isArray(value) ? value : [value]) as unknown[];
  return given.flatMap((entry) => {
    const block = ((entry as { result?: unknown } | null)?.result ?? entry) as Readonly<Record<string, unknown>>;
    if (typeof block !== "object" || block === null || typeof block["hash"] !== "string")
      throw new InvalidInputError(`${source} holds no block header`, { hints: ["Ask a node: eth_getBlockByNumber."] });
    const { hash, parent, number } = decodeHeader(encodeHeader(block));
    return [
      { hash, number, source: `block ${number} of ${source}` },
      { hash: parent, number: number - 1n, source: `the parent of block ${number} of ${source}` },
    ];
  });
}

/**
 * Checks headers, their order, each receipt's path, and whether what the reader trusts is among the headers. Events are
 * given out only when all of it holds. SPEC R3.
 */
export function openEvidence(evidence: Evidence | undefined, anchors: readonly Anchor[]): Opened {
  const checks: Finding[] = [];
  const none = (finding: Finding): Opened => ({
    checks: [...checks, finding],
    events: [],
    last: undefined,
    anchored: false,
  });
  if (!evidence)
    return none({ name: "events", ok: true, skipped: true, detail: "the receipt carries no block headers" });
  const headers: Header[] = [];
  for (const encoded of evidence.headers) {
    try {
      headers.push(decodeHeader(encoded));
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      return none({ name: "block headers", ok: false, detail: error.shortMessage });
    }
  }
  const byNumber = new Map(headers.map((header) => [header.number, header]));
  const broken = headers.find((header, at) => {
    const before = headers[at - 1];
    return (
      before !== undefined &&
      (header.number <= before.number || (header.number === before.number + 1n && header.parent !== before.hash))
    );
  });
  if (broken)
    return none({
      name: "block headers",
      ok: false,
      detail: `block ${broken.number} does not follow the one before it`,
    });
  const [first, last] = [headers[0], headers.at(-1)];
  checks.push({
    name: "block headers",
    ok: true,
    detail: `${headers.length} headers, blocks ${first?.number} to ${last?.number}`,
  });
  const anchor = checkAnchors(headers, anchors);
  checks.push(anchor.finding);
  if (!anchor.finding.ok) return { checks, events: [], last, anchored: false };
  const events: ProvenEvent[] = [];
  for (const { block, index, receipt, path } of evidence.receipts) {
    const header = byNumber.get(BigInt(block));
    if (!header) return none({ name: "events", ok: false, detail: `block ${block} of an event has no header` });
    try {
      if (verifyIndex(header.receiptsRoot, index, path) !== receipt)
        return none({
          name: "events",
          ok: false,
          detail: `receipt ${index} of block ${block} is not the one of its path`,
        });
      for (const [logIndex, log] of decodeReceipt(receipt).entries())
        events.push({ ...log, block: header.number, logIndex });
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      return none({ name: "events", ok: false, detail: `receipt ${index} of block ${block}: ${error.shortMessage}` });
    }
  }
  checks.push({ name: "events", ok: true, detail: `${events.length} events under the receipts roots of their blocks` });
  return { checks, events, last, anchored: anchor.anchored };
}

/** One trusted header vouches for all neighbours before it: each names its parent's hash. */
function checkAnchors(headers: readonly Header[], anchors: readonly Anchor[]): { finding: Finding; anchored: boolean } {
  const name = "trusted header";
  if (anchors.length === 0) {
    const detail = `nothing was given to compare with block ${headers.at(-1)?.number} ${headers.at(-1)?.hash}`;
    return { finding: { name, ok: true, skipped: true, detail }, anchored: false };
  }
  const numbers = new Map(headers.map((header) => [header.number, header]));
  for (const { hash, number, source } of anchors) {
    const same = number === undefined ? undefined : numbers.get(number);
    if (same && same.hash !== hash) {
      const detail = `block ${number} is ${hash} by ${source}, and ${same.hash} in the receipt`;
      return { finding: { name, ok: false, detail }, anchored: false };
    }
  }
  const known = new Set(anchors.map(({ hash }) => hash));
  // Walking down from the newest: a header is vouched for when it is trusted or the parent of one that is.
  let vouched = 0;
  let parent: Hex | undefined;
  for (const header of [...headers].reverse()) {
    if (known.has(header.hash) || header.hash === parent) {
      vouched++;
      parent = header.parent;
    } else parent = undefined;
  }
  const ok = vouched === headers.length;
  const from =
    anchors.filter(({ hash }) => headers.some((header) => header.hash === hash))[0]?.source ?? "what you trust";
  const detail = ok
    ? `${from} vouches for all ${headers.length} headers`
    : `${from} vouches for ${vouched} of ${headers.length} headers: none of the others leads to a trusted one`;
  return { finding: { name, ok, detail }, anchored: ok };
}
