import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import type { Check } from "./reads.ts";
import { short } from "./format.ts";
import { t } from "./strings.ts";

interface Entry {
  readonly node?: { readonly kind: string; readonly id: string };
  readonly hash: string;
  readonly statement: { readonly type?: string; readonly parents?: readonly { readonly statement?: string }[] };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // The browser's own digest exists on https and localhost only; elsewhere the portable one gives the same.
  if (!globalThis.crypto?.subtle) {
    const { sha256Hex } = await import("@base/bytes/hash.ts");
    return sha256Hex(bytes);
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `0x${Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("")}`;
}

/** True when the value has statements to check. */
export function isReceipt(value: unknown): value is { readonly statements: readonly Entry[] } {
  const statements = (value as { statements?: unknown } | null)?.statements;
  return (
    Array.isArray(statements) &&
    statements.length > 0 &&
    statements.every((e) => typeof e?.hash === "string" && typeof e?.statement === "object" && e.statement !== null)
  );
}

/**
 * Computes what needs no server: each statement's SHA-256 over its canonical JSON (RFC 8785), and whether
 * the parents that it names are in the file under the hash that it names.
 */
export async function checkReceipt(receipt: { readonly statements: readonly Entry[] }): Promise<readonly Check[]> {
  const known = new Set<string>();
  const checks: Check[] = [];
  for (const entry of receipt.statements) {
    const found = await sha256(canonicalJsonBytes(entry.statement));
    known.add(found);
    const ok = found === entry.hash.toLowerCase();
    const name = nameOf(entry);
    checks.push({
      name: ok ? t.verify.hashOk(name) : t.verify.hashBad(name),
      ok,
      detail: ok ? short(found, 14, 8) : `${short(found, 10, 6)} ≠ ${short(entry.hash, 10, 6)}`,
    });
  }
  for (const entry of receipt.statements) {
    const parents = (entry.statement.parents ?? []).flatMap((p) => (p.statement ? [p.statement.toLowerCase()] : []));
    if (parents.length === 0) continue;
    const missing = parents.find((p) => !known.has(p));
    const name = nameOf(entry);
    checks.push({
      name: missing ? t.verify.parentsBad(name) : t.verify.parentsOk(name),
      ok: !missing,
      detail: short(missing ?? (parents[0] as string), 14, 8),
    });
  }
  return checks;
}

function nameOf(entry: Entry): string {
  const type = entry.statement.type?.split("/")[1] ?? entry.node?.kind ?? "statement";
  return entry.node ? `${type} ${short(entry.node.id)}` : type;
}
