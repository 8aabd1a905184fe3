import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { encodeHeader, encodeReceipt } from "@machines/chain/proof/header.ts";
import { IndexTrie } from "@machines/chain/proof/trie.ts";
import { encodeEventTopics, type Hex, numberToHex, pad } from "viem";
import type { NodeRef } from "./lineage.ts";
import type { Evidence } from "./receiptFile.ts";

type Needs = Pick<Context, "chain" | "contracts">;
type Raw = Readonly<Record<string, unknown>>;

/** Blocks between the first and the last event whose headers all go into a receipt, so that one of them vouches for all. */
const MAX_SPAN = 1_024;
/** Events that one receipt carries at most. */
const MAX_EVENTS = 1_000;

/**
 * Headers and transaction receipts that prove what the chain says about things: publications of assets, and every
 * event of the other contracts that is about one of them. Undefined where a chain's headers cannot be encoded. SPEC R3.
 */
export async function gatherEvidence(context: Needs, nodes: readonly NodeRef[]): Promise<Evidence | undefined> {
  const places = new Map<string, { block: bigint; index: number }>();
  for (const log of await logsAbout(context, nodes)) {
    const [block, index] = [BigInt(String(log["blockNumber"])), Number(log["transactionIndex"])];
    places.set(`${block} ${index}`, { block, index });
  }
  if (places.size === 0 || places.size > MAX_EVENTS) return undefined;
  const all = [...places.values()].sort((a, b) => Number(a.block - b.block) || a.index - b.index);
  const [first, last] = [(all[0] as { block: bigint }).block, (all.at(-1) as { block: bigint }).block];
  const span = Number(last - first) + 1;
  const blocks =
    span <= MAX_SPAN
      ? Array.from({ length: span }, (_, step) => first + BigInt(step))
      : [...new Set(all.map(({ block }) => block))];
  try {
    const headers: Hex[] = [];
    for (const block of blocks) headers.push(encodeHeader(await blockAt(context, block)));
    const receipts: Evidence["receipts"] = [];
    const tries = new Map<bigint, { trie: IndexTrie; values: Hex[] }>();
    for (const { block, index } of all) {
      const found = tries.get(block) ?? (await receiptsOf(context, block));
      tries.set(block, found);
      receipts.push({
        block: Number(block),
        index,
        receipt: found.values[index] as Hex,
        path: found.trie.prove(index),
      });
    }
    return { headers, receipts };
  } catch (error) {
    if (error instanceof BaseError && error.kind === "user") return undefined;
    throw error;
  }
}

async function logsAbout(context: Needs, nodes: readonly NodeRef[]): Promise<Raw[]> {
  const topic = (id: string) =>
    /^0x[0-9a-f]{64}$/.test(id) ? (id as Hex) : pad(numberToHex(BigInt(id)), { size: 32 });
  const idsOf = (wanted: (kind: string) => boolean) =>
    nodes.filter(({ kind, id }) => wanted(kind) && /^(\d+|0x[0-9a-f]{64})$/.test(id)).map(({ id }) => topic(id));
  const published = encodeEventTopics({ abi: context.contracts.get("Assets").abi, eventName: "Published" })[0] ?? null;
  const logs: Raw[] = [];
  for (const name of context.contracts.list?.() ?? ["Assets"]) {
    const { address, block } = context.contracts.get(name);
    const ids = idsOf((kind) => (kind === "asset") === (name === "Assets"));
    if (ids.length === 0) continue;
    const topics = [name === "Assets" ? published : null, ids];
    logs.push(...((await ask(context, "eth_getLogs", [{ address, fromBlock: numberToHex(block), topics }])) as Raw[]));
  }
  return logs;
}

async function blockAt(context: Needs, block: bigint): Promise<Raw> {
  return (await ask(context, "eth_getBlockByNumber", [numberToHex(block), false])) as Raw;
}

async function receiptsOf(context: Needs, block: bigint): Promise<{ trie: IndexTrie; values: Hex[] }> {
  const { transactions } = await blockAt(context, block);
  const values: Hex[] = [];
  for (const hash of transactions as Hex[])
    values.push(encodeReceipt((await ask(context, "eth_getTransactionReceipt", [hash])) as Raw));
  return { trie: new IndexTrie(values), values };
}

async function ask({ chain }: Needs, method: string, params: readonly unknown[]): Promise<unknown> {
  return chain.client.request({ method, params } as never);
}
