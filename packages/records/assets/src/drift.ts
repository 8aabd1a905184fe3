import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { type ColumnDrift, drift as driftOf } from "@machines/formats";
import { profile } from "./profile.ts";

export interface DriftInput {
  /** The earlier version: an asset's id or a file. */
  readonly before: string;
  /** The later version: an asset's id or a file. */
  readonly after: string;
}

/** How each column moved, and the names of those that did. */
export interface DriftResult {
  readonly rows: [before: number, after: number];
  readonly columns: Pick<ColumnDrift, keyof ColumnDrift>[];
  readonly drifted: string[];
}

type Needs = Pick<Context, "store" | "chain" | "contracts" | "signal" | "progress"> & Partial<Pick<Context, "vault">>;

/** How a table's columns moved between two versions, from their profiles alone. Throws InvalidInputError where one is no table. SPEC S16. */
export async function drift(context: Needs, { before, after }: DriftInput): Promise<DriftResult> {
  const [old, now] = [await profile(context, { file: before }), await profile(context, { file: after })];
  const found = driftOf(old, now);
  if (found)
    return {
      rows: [...found.rows],
      columns: found.columns.map((column) => ({ ...column })),
      drifted: [...found.drifted],
    };
  throw new InvalidInputError(`${old.table ? after : before} is no table: only tables drift`);
}
