import type { Chain, Receipt, WriteOptions } from "@machines/chain";
import type { Database, Migration } from "@machines/store";
import type { LocalAccount } from "viem";

/** Every transaction this node has sent, with its gas: what people see under "Activity". */
export const ledgerMigration: Migration = {
  id: "node/ledger/1",
  async up(db) {
    await db.schema
      .createTable("node_transactions")
      .addColumn("tx", "text", (c) => c.primaryKey())
      .addColumn("sender", "text", (c) => c.notNull())
      .addColumn("action", "text", (c) => c.notNull())
      .addColumn("gas", "bigint", (c) => c.notNull())
      .addColumn("block", "bigint", (c) => c.notNull())
      .addColumn("sent_at", "bigint", (c) => c.notNull())
      .execute();
  },
};

/** A transaction this node sent: `action` is `Contract.function`, `gas` is what the whole transaction used. */
export interface SentTransaction {
  readonly tx: string;
  readonly sender: string;
  readonly action: string;
  readonly gas: number;
  readonly block: number;
  readonly sent_at: number;
}

/**
 * The same chain, with every sent transaction noted. A note can be lost in a crash right after the transaction
 * (the chain has it all the same); nothing but the display depends on it.
 *
 * @param nameOf the contract's name by its address.
 */
export function recording(chain: Chain, db: Database, nameOf: (address: string) => string, clock: () => number): Chain {
  const note = async (account: LocalAccount, action: string, receipt: Receipt) => {
    await db.kysely
      .insertInto("node_transactions")
      .values({
        tx: receipt.transactionHash,
        sender: account.address,
        action,
        gas: Number(receipt.gasUsed),
        block: Number(receipt.blockNumber),
        sent_at: clock(),
      })
      .onConflict((c) => c.column("tx").doNothing())
      .execute();
  };
  const recorded: Pick<Chain, "write" | "deploy"> = {
    async write(account, contract, functionName, args?: readonly unknown[], options?: WriteOptions) {
      const receipt = await chain.write(account, contract, functionName, args, options);
      await note(account, `${nameOf(contract.address)}.${functionName}`, receipt);
      return receipt;
    },
    async deploy(account, contract) {
      const receipt = await chain.deploy(account, contract);
      await note(account, "deploy", receipt);
      return receipt;
    },
  };
  return new Proxy(chain, {
    get(target, key) {
      if (key === "write" || key === "deploy") return recorded[key];
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The newest transactions this node sent, newest first. */
export async function sentTransactions(db: Database, limit: number): Promise<SentTransaction[]> {
  const rows = await db.kysely
    .selectFrom("node_transactions")
    .selectAll()
    .orderBy("sent_at", "desc")
    .orderBy("block", "desc")
    .limit(limit)
    .execute();
  return rows.map(
    (row) =>
      ({
        ...row,
        gas: Number(row["gas"]),
        block: Number(row["block"]),
        sent_at: Number(row["sent_at"]),
      }) as SentTransaction,
  );
}
