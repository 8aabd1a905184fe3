// Raw logs to typed events. The ABI is prepared once, so a log costs one table look-up and one decode.
import { BugError } from "@base/errors";
import type { Capability, Deployed, EventHandler, EventObserver, IndexedEvent, WrittenRow } from "@kernel/capability";
import { type AbiParameter, decodeAbiParameters, type Hex, toEventSelector } from "viem";

/** A contract as the index follows it. */
export interface FollowedContract extends Deployed {
  readonly name: string;
}

/** A log as `eth_getLogs` answers it (Ethereum JSON-RPC: quantities and data as hex). */
export interface RawLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
  readonly logIndex: Hex;
  readonly blockTimestamp?: Hex | null;
}

/** What turns one kind of log of one contract into a call of its handler. */
interface Decoder {
  readonly contract: string;
  readonly event: string;
  readonly indexed: readonly (AbiParameter & { readonly word: boolean })[];
  readonly plain: readonly AbiParameter[];
  readonly names: readonly string[];
  readonly handler: EventHandler;
}

/** Prepared decoders: by address, then by the event's selector. */
export interface Decoders {
  readonly addresses: readonly Hex[];
  readonly selectors: readonly Hex[];
  find(log: RawLog): Decoder | undefined;
}

/** A value that fits one 32-byte topic; others (strings, arrays, structs) are indexed as their hash only. */
const isWord = (type: string) => /^(u?int\d*|address|bool|bytes([1-9]|[12]\d|3[0-2]))$/.test(type);

/** Prepares the decoders of all events that have a handler, keyed `Contract.Event`. */
export function prepareDecoders(
  contracts: readonly FollowedContract[],
  handlers: ReadonlyMap<string, EventHandler>,
): Decoders {
  const table = new Map<string, Map<string, Decoder>>();
  const selectors = new Set<Hex>();
  for (const contract of contracts) {
    const events = new Map<string, Decoder>();
    for (const item of contract.abi) {
      if (item.type !== "event" || item.anonymous) continue;
      const handler = handlers.get(`${contract.name}.${item.name}`);
      if (!handler) continue;
      const selector = toEventSelector(item);
      selectors.add(selector);
      const named = item.inputs.map((input, at) => ({ ...input, name: input.name || String(at) }));
      events.set(selector, {
        contract: contract.name,
        event: item.name,
        indexed: named.filter((input) => input.indexed).map((input) => ({ ...input, word: isWord(input.type) })),
        plain: named.filter((input) => !input.indexed),
        names: named.map((input) => input.name),
        handler,
      });
    }
    if (events.size > 0) table.set(contract.address.toLowerCase(), events);
  }
  return {
    addresses: [...table.keys()] as Hex[],
    selectors: [...selectors],
    find: (log) => table.get(log.address.toLowerCase())?.get(log.topics[0] ?? ""),
  };
}

/** Decodes one log. Throws BugError when the log contradicts the ABI: the contract is not the one configured. */
export function decodeLog(decoder: Decoder, log: RawLog, timestamp: bigint): IndexedEvent {
  const args: Record<string, unknown> = {};
  try {
    decoder.indexed.forEach((input, at) => {
      const topic = log.topics[at + 1];
      if (topic === undefined) throw new BugError(`topic ${at + 1} is missing`);
      args[input.name as string] = input.word ? decodeAbiParameters([input], topic)[0] : topic;
    });
    if (decoder.plain.length > 0) {
      const values = decodeAbiParameters(decoder.plain, log.data);
      decoder.plain.forEach((input, at) => {
        args[input.name as string] = values[at];
      });
    }
  } catch (cause) {
    throw new BugError(`A log of ${decoder.contract}.${decoder.event} at ${log.address} does not fit its ABI.`, {
      cause,
      data: { transaction: log.transactionHash, logIndex: Number(log.logIndex) },
      hints: ["The address holds another contract, or the ABI is of another version: deploy again or correct it."],
    });
  }
  return {
    contract: decoder.contract,
    name: decoder.event,
    address: log.address,
    args,
    block: BigInt(log.blockNumber),
    blockHash: log.blockHash,
    timestamp,
    transactionHash: log.transactionHash,
    logIndex: Number(log.logIndex),
  };
}

/** Loads the event handlers of the capabilities, keyed `Contract.Event`; a bare `Event` is spread over the room's contracts. */
export async function gatherHandlers(capabilities: readonly Capability[]): Promise<ReadonlyMap<string, EventHandler>> {
  const handlers = new Map<string, EventHandler>();
  const observers: EventObserver[] = [];
  for (const { observe } of capabilities) if (observe) observers.push(await observe());
  for (const capability of capabilities) {
    const own = capability.contracts ?? [];
    for (const [key, handler] of Object.entries((await capability.events?.()) ?? {})) {
      const dot = key.includes(".");
      const keys = dot
        ? [key]
        : own
            .filter(({ abi }) => abi.some((item) => item.type === "event" && item.name === key))
            .map(({ name }) => `${name}.${key}`);
      if (keys.length === 0)
        throw new BugError(`The handler "${key}" of ${capability.name} fits no event of its contracts.`);
      for (const full of keys) {
        if (handlers.has(full)) throw new BugError(`Two handlers for the event ${full}.`);
        handlers.set(full, observers.length === 0 ? handler : observed(handler, observers));
      }
    }
  }
  return handlers;
}

/** The handler, then every observer with the rows that the handler wrote. */
function observed(handler: EventHandler, observers: readonly EventObserver[]): EventHandler {
  return (event, writer) => {
    const rows: WrittenRow[] = [];
    handler(event, {
      insert(table, row) {
        rows.push({ table, row });
        writer.insert(table, row);
      },
      onSettled: (kind, key, payload) => writer.onSettled(kind, key, payload),
    });
    for (const observe of observers) observe(event, writer, rows);
  };
}
