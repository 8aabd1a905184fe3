import { bytesToHex } from "@base/bytes/hex.ts";
import type { Hash } from "@base/bytes/hash.ts";
import type { Context } from "@kernel/capability";

/** A new secret for row hashes, kept by this node under the root that it went into. */
export function drawSalt(context: Pick<Context, "random">): Hash {
  return bytesToHex(context.random(32));
}

/** Keeps the salt of a row set: without it nothing can be proved of the set. */
export async function keepSalt(context: Pick<Context, "db">, root: Hash, salt: Hash): Promise<void> {
  await context.db.kysely
    .insertInto("row_salts")
    .values({ root, salt })
    .onConflict((conflict) => conflict.column("root").doNothing())
    .execute();
}

/** The salt of a row set, where this node has it; a receipt without a node brings none. */
export async function findSalt(context: Partial<Pick<Context, "db">>, root: string): Promise<Hash | undefined> {
  const row = await context.db?.kysely
    .selectFrom("row_salts")
    .select("salt")
    .where("root", "=", root)
    .executeTakeFirst();
  return row?.salt as Hash | undefined;
}
