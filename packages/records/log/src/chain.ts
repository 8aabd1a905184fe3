import type { Hash } from "@base/bytes/hash.ts";
import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { AnchorChain, AnchorScope } from "@machines/log/anchor.ts";
import { keeperOf } from "./keeper.ts";

type Needs = Pick<Context, "chain" | "contracts" | "db" | "identities" | "duties" | "indexed" | "records">;

/** The contract Anchor on this node's chain; events come from the index, what the contract holds from the chain itself. */
function anchorChain(context: Needs, signer: string): AnchorChain {
  const { chain, db } = context;
  const contract = context.contracts.get("Anchor");
  return {
    signer: signer as Hash,
    read: (functionName, args) => chain.read(contract, functionName, args),
    async write(functionName, args) {
      const identity = context.identities.list().find(({ address }) => address.toLowerCase() === signer.toLowerCase());
      if (!identity) throw new NotFoundError(`This node has no key of ${signer}.`);
      const receipt = await chain.write(identity.account, contract, functionName, args);
      return { transactionHash: receipt.transactionHash, blockNumber: receipt.blockNumber };
    },
    async events(fromBlock, toBlock) {
      await context.indexed(toBlock);
      const rows = await db.kysely
        .selectFrom("ix_log_anchors")
        .selectAll()
        .where("block", ">=", Number(fromBlock))
        .where("block", "<=", Number(toBlock))
        .orderBy("block")
        .orderBy("log_index")
        .execute();
      return rows.map((row) => ({
        name: "Anchored" as const,
        signer: row["signer"] as Hash,
        log: row["log"] as Hash,
        before: row["before"] as Hash,
        size: BigInt(row["size"]),
        root: row["root"] as Hash,
        accumulator: row["accumulator"] as Hash,
        blockNumber: BigInt(row["block"]),
        blockHash: row["tx"] as Hash,
      }));
    },
    settled: () => chain.settled(),
    head: async () => (await chain.head()).number,
  };
}

/**
 * Whose anchors count for this node's log: those of `as`, else of its keeper, else of the identity that acts by default.
 * Throws NotFoundError when the contract Anchor is not deployed or there is no such key.
 */
export function anchorScope(context: Needs, as?: string): AnchorScope {
  const { address } = context.identities.get(as ?? context.duties.keeper);
  const { block } = context.contracts.get("Anchor");
  const signer = address.toLowerCase();
  return { chain: anchorChain(context, signer), origin: keeperOf(context).log.origin, fromBlock: block };
}
