import { sha256Hex } from "@base/bytes/hash.ts";
import { merkleRoot } from "@base/bytes/merkle.ts";
import { BaseError, IntegrityError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { type Abi, type Address, type Hex, parseEventLogs } from "viem";
import type { Opened, ProvenEvent } from "./provenEvents.ts";
import type { Receipt } from "./receiptFile.ts";

/** A check asks for the chain's state, which no event in the receipt proves. */
export class NeedsChainError extends BaseError {
  override name = "NeedsChainError";
}

interface ParsedLog {
  readonly eventName: string;
  readonly args: Readonly<Record<string, unknown>> | undefined;
}

/** ABIs by the contract's name. */
export type Abis = Readonly<Record<string, Abi>>;

/** What to compute with: another clock or a way to stop, where somebody waits. */
export interface OfflineOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Context["progress"] | undefined;
}

/**
 * A context without a node: the chain is what the receipt's events prove, the store is what the receipt carries. Asked
 * for anything else it throws NeedsChainError or NotFoundError. SPEC R3.
 */
export function offlineContext(receipt: Receipt, opened: Opened, abis: Abis, options: OfflineOptions = {}): Context {
  const deployed = (name: string) => {
    const [address, abi] = [receipt.contracts[name], abis[name]];
    if (!address || !abi) throw new NeedsChainError(`the receipt does not say where ${name} stands`);
    return { address: address as Address, abi, block: 0n };
  };
  const logs = (events: readonly ProvenEvent[]) =>
    events.map((event) => ({
      ...event,
      topics: event.topics as [Hex],
      blockNumber: event.block,
      blockHash: null,
      transactionHash: null,
      transactionIndex: null,
      removed: false,
    }));
  const at = (address: string) =>
    opened.events.filter((event) => event.address.toLowerCase() === address.toLowerCase());
  const parsed = (address: string, abi: Abi, eventName?: string, args: Readonly<Record<string, unknown>> = {}) => {
    const found = parseEventLogs({ abi, logs: logs(at(address)) as never }) as unknown as readonly ParsedLog[];
    const same = (a: unknown, b: unknown) => String(a).toLowerCase() === String(b).toLowerCase();
    return found.filter(
      (log) =>
        (eventName === undefined || log.eventName === eventName) &&
        Object.entries(args).every(([name, value]) => same(log.args?.[name], value)),
    );
  };
  const read = async ({ address }: { address: string }, name: string, args: readonly unknown[] = []) => {
    const assets = deployed("Assets");
    if (address === assets.address && (name === "asset" || name === "exists")) {
      const [event] = parsed(address, assets.abi, "Published", { id: args[0] });
      if (event) return name === "exists" ? true : { ...event.args, state: 0 };
      throw new NeedsChainError(`no event in the receipt proves asset ${String(args[0])}`);
    }
    throw new NeedsChainError(`${name} is state of the chain, which the receipt's events do not prove`);
  };
  const client = {
    getLogs: async (wanted: { address: string; event?: unknown; args?: Readonly<Record<string, unknown>> }) =>
      wanted.event === undefined
        ? logs(at(wanted.address))
        : parsed(wanted.address, [wanted.event as Abi[number]], undefined, wanted.args),
    getContractEvents: async (wanted: {
      address: string;
      abi: Abi;
      eventName: string;
      args?: Readonly<Record<string, unknown>>;
    }) => parsed(wanted.address, wanted.abi, wanted.eventName, wanted.args),
  };
  return {
    chain: { kind: "rpc", chainId: receipt.chainId, client, read, settled: async () => opened.last?.number ?? 0n },
    contracts: { get: deployed },
    store: offlineStore(receipt),
    signal: options.signal ?? new AbortController().signal,
    progress: options.progress ?? (() => {}),
    clock: () => 0,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  } as unknown as Context;
}

/** Blobs of the receipt and nothing else, each hashed before it is used. */
function offlineStore(receipt: Receipt): Pick<Context["store"], "get" | "getJson" | "has" | "readFileBytes"> {
  const get = async (hash: Hex): Promise<Uint8Array> => {
    const text = receipt.blobs?.[hash];
    if (text === undefined) throw new NotFoundError(`the receipt does not carry the bytes ${hash}`, { data: { hash } });
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    if (sha256Hex(bytes) !== hash)
      throw new IntegrityError(`the bytes ${hash} in the receipt are others`, { data: { hash } });
    return bytes;
  };
  return {
    get,
    has: async (hash) => receipt.blobs?.[hash] !== undefined,
    getJson: async (hash) => JSON.parse(new TextDecoder().decode(await get(hash))) as never,
    readFileBytes: async (manifest) => {
      const chunks: Uint8Array[] = [];
      for (const chunk of manifest.chunks) chunks.push(await get(chunk));
      if (merkleRoot(chunks) !== manifest.root) throw new IntegrityError("the chunks do not have the file's root");
      const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      let to = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, to);
        to += chunk.length;
      }
      return bytes;
    },
  };
}
