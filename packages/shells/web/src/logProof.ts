// A proof of the node's log, checked in this page: nothing of the node is believed but its keys.
import type { Hash } from "@base/bytes/hash.ts";
import { leafHash, verifyInclusion } from "@base/bytes/merkle.ts";
import type { Check } from "./reads.ts";
import { t } from "./strings.ts";

/** What `log.prove` answers, as far as the page checks it. */
export interface LogProof {
  readonly origin: string;
  readonly index: number;
  /** Base64. */
  readonly record: string;
  readonly proof: readonly Hash[];
  readonly checkpoint: string;
  readonly keys: readonly string[];
  readonly anchor: { readonly block: string; readonly head: { readonly size: number } } | null;
}

const l = t.log;
/** The path is walked in groups to time it, for clocks of pages are coarse; the fastest group is the least disturbed. */
const GROUPS = 20;
const WALKS = 20;

const bytes = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const hex = (raw: Uint8Array): Hash => `0x${Array.from(raw, (b) => b.toString(16).padStart(2, "0")).join("")}`;

/** Checks the record's path and the head's Ed25519 signature here; says what a page cannot check. */
export async function checkLogProof(proof: LogProof): Promise<{ checks: Check[]; ms: number }> {
  const split = proof.checkpoint.lastIndexOf("\n\n");
  const body = proof.checkpoint.slice(0, split + 1);
  const [origin, count, root = ""] = body.split("\n");
  const size = Number(count);
  const claim = { index: proof.index, size, proof: proof.proof, root: hex(bytes(root)) };
  const record = bytes(proof.record);
  let holds = false;
  let ms = Number.POSITIVE_INFINITY;
  for (let group = 0; group < GROUPS; group++) {
    const began = performance.now();
    for (let walk = 0; walk < WALKS; walk++) holds = verifyInclusion({ ...claim, leaf: leafHash(record) });
    ms = Math.min(ms, (performance.now() - began) / WALKS);
  }
  const checks: Check[] = [{ name: l.path, ok: holds, detail: l.pathDetail(proof.index, size, proof.proof.length) }];
  checks.push({ name: l.origin, ok: origin === proof.origin, detail: proof.origin });
  checks.push(await signature(proof, body, proof.checkpoint.slice(split + 2)));
  checks.push({ name: l.postQuantum, ok: true, skipped: true, detail: l.postQuantumDetail });
  const { anchor } = proof;
  checks.push({
    name: l.anchor,
    ok: true,
    skipped: true,
    detail: anchor ? l.anchorDetail(anchor.head.size, anchor.block) : l.anchorNone,
  });
  return { checks, ms };
}

/** The plain Ed25519 signature of the log under the note (C2SP signed-note). */
async function signature({ keys }: LogProof, body: string, lines: string): Promise<Check> {
  const name = l.signature;
  const key = keys
    .map((text) => /^(\S+)\+([0-9a-f]{8})\+(\S+)$/.exec(text))
    .find((m) => m && bytes(m[3] ?? "")[0] === 1);
  if (!key || !globalThis.crypto?.subtle) return { name, ok: true, skipped: true, detail: l.signatureAway };
  const [, signer = "", id, raw = ""] = key;
  const line = lines
    .split("\n")
    .find((text) => text.startsWith(`— ${signer} `) && hex(bytes(text.split(" ")[2] ?? "")).slice(2, 10) === id);
  try {
    const imported = await crypto.subtle.importKey("raw", bytes(raw).slice(1), "Ed25519", false, ["verify"]);
    const signed = bytes(line?.split(" ")[2] ?? "").slice(4);
    const ok = await crypto.subtle.verify("Ed25519", imported, signed, new TextEncoder().encode(body));
    return { name, ok, detail: `${signer} ${id}` };
  } catch {
    return { name, ok: true, skipped: true, detail: l.signatureAway };
  }
}
