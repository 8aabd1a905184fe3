import { type ErrorOptions, UnavailableError } from "@base/errors";
import type { Chain } from "@machines/chain";
import type { LogKeeper } from "@machines/log/keeper.ts";
import type { StatementSigner } from "@machines/statements";
import type { Database, Migration, Store } from "@machines/store";
import type { Abi, Address, Hex, LocalAccount } from "viem";
import type { z } from "zod";

/** One step of a long action, for progress bars, SSE and logs. `done`/`total` are in `unit`s. */
export interface Progress {
  readonly label: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: string;
  /** What else is worth seeing, e.g. a loss; unlike the label it may change with every step. */
  readonly note?: string;
}

/** A named account that can sign: an operator, an owner, a farmer. The key stays inside `account`. */
export interface Identity {
  readonly name: string;
  readonly address: Address;
  /** viem account: signMessage, signTypedData, signTransaction. */
  readonly account: LocalAccount;
}

/** Where a room's contract stands on this chain. */
export interface Deployed {
  readonly address: Address;
  readonly abi: Abi;
  /** Block of its deployment: the indexer starts here. */
  readonly block: bigint;
}

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** What this node does by itself, and under which of its identities. */
export interface Duties {
  /** Identities that answer decisions. */
  readonly operators: readonly string[];
  /** Identities that re-execute others' answers and challenge wrong ones. */
  readonly watchers: readonly string[];
  /** Identities that sit on a re-execution panel. */
  readonly panelists: readonly string[];
  /** Identity that pays the gas of what is due: finalize, deliver, settle; none when absent. */
  readonly keeper?: string | undefined;
  /** Other nodes' API addresses, asked for blobs and signatures. */
  readonly peers: readonly string[];
  /** Oracle policies that operators and watchers stake under; when absent or empty, any with sound terms. */
  readonly policies?: readonly string[] | undefined;
}

/** Keys of 32 bytes by name, wrapped by the node's keystore; they never leave the node. */
export interface Vault {
  /** The key of this name, made at random and kept durably where there is none. */
  ensure(name: string): Promise<Uint8Array>;
  /** The key of this name; throws NotFoundError where this node does not hold it. */
  open(name: string): Promise<Uint8Array>;
}

/** What the shell hands to every action: take `Pick<Context, ...>` of what you need. */
export interface Context {
  readonly store: Store;
  readonly db: Database;
  readonly chain: Chain;
  /** Contract by name, e.g. `contracts.get("Oracle")`; throws NotFoundError. */
  readonly contracts: {
    get(name: string): Deployed;
    /** Names of all that are deployed; absent where only some are known. */
    list?(): readonly string[];
  };
  /** Identity by name; throws NotFoundError that lists the names. */
  readonly identities: { get(name?: string): Identity; list(): readonly Identity[] };
  readonly duties: Duties;
  readonly log: Logger;
  /** Milliseconds since 1970. Chain time comes from blocks, never from here. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly progress: (step: Progress) => void;
  readonly signal: AbortSignal;
  /** Puts a job in the queue of this node (kernel/runtime), once per key. */
  readonly enqueue: (kind: string, key: string, payload: unknown, runAfter?: number) => Promise<void>;
  /** This node's verifiable log of everything that happens; absent where a node keeps none. */
  readonly records?: LogKeeper | undefined;
  /** The node's own keys for statements: Ed25519 and, where it can, ML-DSA-44, to be used together. */
  readonly signers?: readonly StatementSigner[] | undefined;
  /** Every room's verifiers by statement type; absent where a room runs alone. */
  readonly verifiers?: Readonly<Record<string, () => Promise<Verifier>>>;
  /** Secrets that the node's keystore wraps; absent where a room runs alone. */
  readonly vault?: Vault;
  /** What checks receipts without a chain: ABIs by contract, verifiers by statement type; absent where a room runs alone. */
  readonly offline?: {
    readonly abis: Readonly<Record<string, Abi>>;
    readonly verifiers: Readonly<Record<string, () => Promise<Verifier>>>;
  };
  /** Resolves once the indexer has handled `block`. */
  readonly indexed: (block: bigint) => Promise<void>;
}

/** The logic of an action, loaded only when it is called. */
export type Handler<I, O> = (context: Context, input: I) => Promise<O>;

/** One thing people can do: from this definition come the CLI command, HTTP route, MCP tool and SDK method. */
export interface Action<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  /** `room.verb`, e.g. `assets.publish`. */
  readonly name: string;
  readonly summary: string;
  readonly kind: "read" | "write";
  readonly input: I;
  readonly output: O;
  /** Input fields that the command line takes by position, in order. */
  readonly positional?: readonly string[];
  /** Names of the errors a caller should expect. */
  readonly errors?: readonly string[];
  readonly load: () => Promise<Handler<z.output<I>, z.input<O>>>;
}

/** A decoded contract event on its way to the index. */
export interface IndexedEvent {
  readonly contract: string;
  readonly name: string;
  readonly address: Address;
  readonly args: Readonly<Record<string, unknown>>;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly timestamp: bigint;
  readonly transactionHash: Hex;
  readonly logIndex: number;
}

/**
 * What an event handler may do: insert rows, and queue a job for when the event is settled.
 * Index tables are append-only, so undoing a block is deleting its rows; the current state of a
 * thing is its newest row.
 */
export interface IndexWriter {
  /**
   * Adds the columns `block` (BIGINT), `log_index` (INTEGER) and `tx` (TEXT) to the row by itself.
   * The table's name begins with `ix_`: that is how a fork knows which tables to roll back. A bigint is
   * written as its decimal digits, so it fits TEXT (uint256) and BIGINT columns on every database.
   */
  insert(table: string, row: Record<string, string | number | bigint | null>): void;
  /** The job is started once the block is settled (never on a block that may still vanish). */
  onSettled(kind: string, key: string, payload: unknown): void;
}

export type EventHandler = (event: IndexedEvent, writer: IndexWriter) => void;

/** A row that an event's handler wrote. */
export interface WrittenRow {
  readonly table: string;
  readonly row: Readonly<Record<string, string | number | bigint | null>>;
}

/** Looks at every event that any room indexes, after the room's own handler and with the rows that it wrote. */
export type EventObserver = (event: IndexedEvent, writer: IndexWriter, rows: readonly WrittenRow[]) => void;

/** An HTTP route whose path and bodies somebody else's protocol prescribes; what is Assay's own is an action. */
export interface Route {
  readonly method: "GET" | "POST";
  /** From the root, e.g. `/log/checkpoint`; a trailing `*` takes all that begins so. */
  readonly path: string;
  /** A write needs the node's token, where one is set. */
  readonly kind: "read" | "write";
  readonly summary: string;
  readonly load: () => Promise<(context: Context, request: Request) => Promise<Response>>;
}

/** A job that a node runs in the background, retried with growing pauses. */
export interface Job {
  readonly kind: string;
  /**
   * Must be safe to run again: a node that dies in the middle runs it anew. A retryable error (or one from outside
   * Assay) is tried again after a growing pause, NotYetError at the time it names, a user error or bug is parked.
   */
  readonly load: () => Promise<(context: Context, payload: never) => Promise<void>>;
  /** Attempts before it is parked as failed; 8 unless said. */
  readonly attempts?: number;
  /** It adds rows to index tables: when the index is made anew, what was done of it is done again. */
  readonly indexes?: boolean;
  /** Only nodes with this role run it; every node unless said. */
  readonly role?: string;
}

/** A contract that a room deploys. */
export interface ContractDefinition {
  readonly name: string;
  readonly abi: Abi;
  /** Creation bytecode; read when deploying. */
  readonly bytecode: () => Promise<Hex>;
  /** Constructor arguments, given the addresses deployed before it. */
  readonly args?: (
    addresses: Readonly<Record<string, Address>>,
    settings: Readonly<Record<string, unknown>>,
  ) => readonly unknown[];
}

/** A job came too early: run it again at `retryAt` (milliseconds since 1970), not counted as an attempt. */
export class NotYetError extends UnavailableError {
  override name = "NotYetError";
  constructor(shortMessage: string, retryAt: number, options: Omit<ErrorOptions, "kind"> = {}) {
    super(shortMessage, { ...options, data: { ...options.data, retryAt } });
  }
}

/** Outcome of one check of a receipt, in words that a person reads. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Checks one kind of statement inside a receipt against chain and bytes. */
export type Verifier = (context: Context, statement: unknown) => AsyncIterable<Check>;

/** Everything a room gives to the shells. Definition only: no logic is imported here. */
export interface Capability {
  readonly name: string;
  readonly summary: string;
  readonly contracts?: readonly ContractDefinition[];
  readonly migrations?: readonly Migration[];
  /** By `Contract.Event`; a bare `Event` means the one of this capability's own contracts. */
  readonly events?: () => Promise<Readonly<Record<string, EventHandler>>>;
  /** Sees the events of all rooms. */
  readonly observe?: () => Promise<EventObserver>;
  readonly actions?: readonly Action[];
  readonly routes?: readonly Route[];
  readonly jobs?: readonly Job[];
  /** By statement type, e.g. `assay/run/1`. */
  readonly verifiers?: Readonly<Record<string, () => Promise<Verifier>>>;
  /** Verifiers that ask the chain for events alone, for receipts that prove these without a node; by statement type. */
  readonly offline?: Readonly<Record<string, () => Promise<Verifier>>>;
}

/** An action that remembers its name and schemas for the types of the SDK. */
export type TypedAction<
  N extends string = string,
  I extends z.ZodType = z.ZodType,
  O extends z.ZodType = z.ZodType,
> = Action & {
  readonly name: N;
  /** Types only, never a value: what callers give and get. */
  readonly types?: { readonly input: z.input<I>; readonly output: z.output<O>; readonly parsed: z.output<I> };
};

/** Types an action by its schemas; changes nothing at run time. */
export function defineAction<const N extends string, I extends z.ZodType, O extends z.ZodType>(
  action: Action<I, O> & { readonly name: N },
): TypedAction<N, I, O> {
  return action as unknown as TypedAction<N, I, O>;
}

/** Types a capability and keeps its actions' types; changes nothing at run time. */
export function defineCapability<const C extends Capability>(capability: C): C & Capability {
  return capability;
}
