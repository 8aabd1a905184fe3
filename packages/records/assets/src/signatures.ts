import type { Context } from "@kernel/capability";
import { type Address, type Hex, isHex } from "viem";
import { lower, type SignedStatement } from "./sign.ts";

/** Remembers who signed a statement, so that receipts can carry the signature. Safe to repeat. */
export async function rememberSignature(context: Pick<Context, "db">, signed: SignedStatement): Promise<void> {
  await context.db.kysely
    .insertInto("signatures")
    .values({ hash: signed.hash, signer: lower(signed.signer), signature: signed.signature })
    .onConflict((conflict) => conflict.columns(["hash", "signer"]).doNothing())
    .execute();
}

/** The signature of a statement that this node knows, `by` one signer if given; undefined when it knows none. */
export async function findSignature(
  context: Pick<Context, "db">,
  hash: string,
  by?: string,
): Promise<{ signer: Address; signature: Hex } | undefined> {
  let query = context.db.kysely.selectFrom("signatures").select(["signer", "signature"]).where("hash", "=", hash);
  if (by !== undefined) query = query.where("signer", "=", lower(by));
  const row = await query.orderBy("signer").executeTakeFirst();
  return row && isHex(row.signature) ? { signer: row.signer, signature: row.signature } : undefined;
}
