import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { decodeBundle } from "../model/bundle.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { Table } from "../table/table.ts";
import type { RunCommitment, TrainOptions } from "./run.ts";
import { train } from "./train.ts";

/** What a repetition of a run found. */
export interface RunVerdict {
  /** True when every root and every byte of the bundle are the same. */
  readonly ok: boolean;
  /** The first thing that differs, in the order in which a run produces it. */
  readonly mismatch?: {
    readonly what: string;
    readonly step?: number;
    readonly claimed: string;
    readonly found: string;
  };
  /** SHA-256 of the given bundle and of the repeated one. */
  readonly claimed: Hash;
  readonly found: Hash;
}

/** Trains again from table and recipe and compares every committed root and the bundle's bytes. */
export async function verifyRun(
  bundle: Uint8Array,
  table: Table,
  recipe: Recipe,
  options: Pick<TrainOptions, "onProgress" | "signal"> = {},
): Promise<RunVerdict> {
  const claimed = decodeBundle(bundle);
  const again = await train(table, recipe, options);
  const mismatch = firstMismatch(claimed.run, again.run);
  const roots = { claimed: sha256Hex(bundle), found: again.modelRoot };
  if (mismatch !== undefined) return { ok: false, mismatch, ...roots };
  if (roots.claimed !== roots.found) return { ok: false, mismatch: { what: "model bundle", ...roots }, ...roots };
  return { ok: true, ...roots };
}

/** The first root in which two runs differ, or undefined. */
export function firstMismatch(claimed: RunCommitment, found: RunCommitment): RunVerdict["mismatch"] {
  for (const what of ["table", "recipe", "graph", "dataRoot", "job", "initialRoot"] as const)
    if (claimed[what] !== found[what]) return { what, claimed: String(claimed[what]), found: String(found[what]) };
  const count = Math.max(claimed.checkpoints.length, found.checkpoints.length);
  for (let index = 0; index < count; index++) {
    const [left, right] = [claimed.checkpoints[index], found.checkpoints[index]];
    if (left?.step !== right?.step || left?.root !== right?.root)
      return {
        what: "checkpoint",
        step: (right ?? left)?.step ?? 0,
        claimed: left?.root ?? "none",
        found: right?.root ?? "none",
      };
  }
  if (claimed.finalRoot !== found.finalRoot)
    return { what: "finalRoot", claimed: claimed.finalRoot, found: found.finalRoot };
  return undefined;
}
