import { InvalidInputError } from "@base/errors";
import type { Kysely } from "kysely";

/** One SQL layer over two engines; see README for the common ground of types. */
export interface Database {
  // biome-ignore lint/suspicious/noExplicitAny: every room brings tables of its own
  readonly kysely: Kysely<any>;
  readonly kind: "sqlite" | "postgres";
  /**
   * Runs one reading statement past Kysely and gives its rows as lists of values, for reads of thousands of rows.
   * Parameters are written `?` in SQLite and `$1`, `$2`... in PostgreSQL. Waits for a transaction before it, as any query.
   */
  lists(sql: string, parameters: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
  close(): Promise<void>;
}

/** A step of the schema. Never changed once released: a new step follows it. */
export interface Migration {
  /** Unique among all rooms, e.g. "assets-1". */
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: every room brings tables of its own
  up(db: Kysely<any>): Promise<void>;
}

/** What SQL parameters may be, so that both engines store and return the same; throws InvalidInputError otherwise. */
export function sqlValue(value: unknown): string | number | bigint | null | Uint8Array {
  if (value === null || typeof value === "string" || value instanceof Uint8Array) return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "bigint") {
    if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return value;
    throw new InvalidInputError(`${value} is too large for an integer column.`, {
      hints: ["Store it as decimal text."],
    });
  }
  const type =
    typeof value === "object"
      ? `a ${value.constructor?.name ?? "object"}`
      : typeof value === "number"
        ? value
        : typeof value;
  throw new InvalidInputError(`A database column cannot hold ${type}.`, {
    hints: ["Columns hold text, finite numbers, booleans (as 0 and 1), bytes and null."],
  });
}
