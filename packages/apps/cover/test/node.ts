// A node in a temporary folder with the real store, database, embedded chain, runtime, and the contracts that cover
// stands on. The oracle's answers are put in by the test, signed by one operator: models are the oracle's business.
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";
import { oracle } from "@protocols/oracle";
import { assets } from "@records/assets";
import { type Hex, parseEventLogs } from "viem";
import { cover } from "../src/index.ts";

export const WAD = 10n ** 18n;
export const names = ["underwriter", "owner", "investor", "farmer", "operator", "keeper"] as const;

export interface CoverNode extends TestNode {
  readonly policyId: Hex;
  balance(name: string): Promise<bigint>;
  /** Answers an open request with `output`, waits out the window and makes it final; gives the gas of that. */
  decide(requestId: string, output: bigint): Promise<bigint>;
}

/** Starts a node; `keeper` does the product's jobs when it is named. */
export async function startNode(keeper?: string): Promise<CoverNode> {
  const node = await startTestNode({
    capabilities: [assets, oracle, cover],
    names,
    funds: 1_000_000n * WAD,
    settings: ({ address }) => ({ underwriter: address, coverLimits: "devnet" }),
    duties: { keeper },
  });
  const { chain, context, currency, db, identity } = node;
  const first = identity();
  const operator = identity("operator");
  const hub = context.contracts.get("Oracle");
  await chain.write(operator.account, currency, "approve", [hub.address, 100_000n * WAD]);
  await chain.write(operator.account, hub, "deposit", [operator.address, 100_000n * WAD]);
  const registered = await chain.write(first.account, hub, "registerPolicy", [
    {
      operators: [operator.address],
      threshold: 1,
      window: 600,
      courtTime: 1200,
      bond: 20_000n * WAD,
      royaltyBps: 0,
      arbiter: currency.address,
    },
  ]);
  await context.indexed(registered.blockNumber);
  const [policy] = parseEventLogs({ abi: hub.abi, logs: registered.logs, eventName: "PolicyRegistered" });
  return {
    ...node,
    policyId: (policy as unknown as { args: { policyId: Hex } }).args.policyId,
    balance: (name) => chain.read(currency, "balanceOf", [identity(name).address]) as Promise<bigint>,
    async decide(requestId, output) {
      const row = await db.kysely
        .selectFrom("ix_oracle_requests")
        .select("request_json")
        .where("request_id", "=", requestId)
        .executeTakeFirstOrThrow();
      const request = JSON.parse(row["request_json"] as string);
      const { timestamp } = await chain.head();
      const zero = `0x${"0".repeat(64)}`;
      const answer = {
        output,
        confidenceBps: 9_000,
        whyHash: zero,
        evidenceRoot: zero,
        producedAt: timestamp,
        validUntil: timestamp + 86_400n,
      };
      await chain.write(operator.account, hub, "submit", [request, answer, "0x"]);
      await chain.dev?.advance(601);
      const receipt = await chain.write(first.account, hub, "finalize", [request, answer, [operator.address]]);
      await context.indexed(receipt.blockNumber);
      return receipt.gasUsed;
    },
  };
}

/** A model asset of the owner, on chain only: running models is tested in the oracle's room. Gives its id. */
export async function publishModel(node: CoverNode, parent: string): Promise<bigint> {
  const { context } = node;
  const root = await context.store.put(new TextEncoder().encode("a model's bundle"));
  const publication = { kind: 3, root, statement: root, price: 0n, royaltyBps: 0, parents: [BigInt(parent)], uri: "" };
  const contract = context.contracts.get("Assets");
  const receipt = await context.chain.write(context.identities.get("owner").account, contract, "publish", [
    publication,
  ]);
  await context.indexed(receipt.blockNumber);
  const [event] = parseEventLogs({ abi: contract.abi, logs: receipt.logs, eventName: "Published" });
  return (event as unknown as { args: { id: bigint } }).args.id;
}
