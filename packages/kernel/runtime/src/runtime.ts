// Puts capabilities and machines together: one context, one index, one queue, one API.
import { BugError, NotFoundError } from "@base/errors";
import type { Action, Capability, Context, Deployed, Duties, IndexedEvent, Logger, Vault } from "@kernel/capability";
import { nearest, parseInput } from "@kernel/capability/fields.ts";
import { type Json, toWire } from "@kernel/capability/wire.ts";
import type { Chain } from "@machines/chain";
import type { Database, Store } from "@machines/store";
import { gatherHandlers } from "./decode.ts";
import { type ApiOptions, createApi } from "./http/api.ts";
import { Indexer, type IndexNews } from "./indexer.ts";
import { Jobs } from "./jobs.ts";
import { NewsFeed } from "./news.ts";
import { queue } from "./queue.ts";
import type { CallOptions, Runtime } from "./types.ts";

export interface RuntimeOptions {
  readonly capabilities: readonly Capability[];
  readonly store: Store;
  /** Opened with `gatherMigrations(capabilities)`. */
  readonly db: Database;
  readonly chain: Chain;
  /** By name. */
  readonly contracts: Readonly<Record<string, Deployed>>;
  readonly identities: Context["identities"];
  readonly duties: Duties;
  /** The node's verifiable log; the caller opens and closes it. */
  readonly records?: Context["records"];
  /** The node's own keys for statements. */
  readonly signers?: Context["signers"];
  /** Keys that the caller's keystore wraps. */
  readonly vault?: Vault;
  readonly log: Logger;
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Roles of this node for jobs that name one. */
  readonly roles?: readonly string[];
  /** Runs no jobs: a node that only indexes and answers. */
  readonly jobless?: boolean;
  /** No other process uses the database; true for SQLite unless said. */
  readonly alone?: boolean;
  readonly api?: ApiOptions;
  /** Milliseconds between looks at an idle chain; 200 unless said. */
  readonly poll?: number;
}

/** Composes a node from its capabilities and machines. Throws BugError for capabilities that contradict each other. */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { db, chain, log, clock, random } = options;
  const capabilities = [...options.capabilities, queue];
  const actions = gatherActions(capabilities);
  const news = new NewsFeed(clock);
  const stopped = new AbortController();

  const indexer = new Indexer({
    chain,
    db,
    contracts: Object.entries(options.contracts).map(([name, contract]) => ({ ...contract, name })),
    handlers: await gatherHandlers(capabilities),
    log,
    clock,
    random,
    version: capabilities.flatMap(({ migrations }) => migrations?.map(({ id }) => id) ?? []).join(),
    indexing: gatherJobs(capabilities).flatMap(({ kind, indexes }) => (indexes ? [kind] : [])),
    onNews: (one) => tell(one),
    ...(options.poll === undefined ? {} : { poll: options.poll }),
  });

  const context: Context = {
    store: options.store,
    db,
    chain,
    contracts: {
      get: (name) => contractNamed(options.contracts, name),
      list: () => Object.keys(options.contracts),
    },
    identities: options.identities,
    duties: options.duties,
    records: options.records,
    signers: options.signers,
    ...(options.vault ? { vault: options.vault } : {}),
    log,
    clock,
    random,
    progress: () => undefined,
    signal: stopped.signal,
    enqueue: (kind, key, payload, runAfter) => jobs.enqueue(kind, key, payload, runAfter),
    indexed: (block) => indexer.indexed(block),
    verifiers: Object.assign({}, ...capabilities.map(({ verifiers }) => verifiers ?? {})),
    offline: {
      abis: Object.fromEntries(Object.entries(options.contracts).map(([name, { abi }]) => [name, abi])),
      verifiers: Object.assign({}, ...capabilities.map((one) => ({ ...one.verifiers, ...one.offline }))),
    },
  };

  const jobs: Jobs = new Jobs({
    db,
    jobs: gatherJobs(capabilities),
    log,
    clock,
    random,
    roles: options.roles ?? [],
    alone: options.alone ?? db.kind === "sqlite",
    context: ({ kind, key }, signal) => ({
      ...context,
      signal: AbortSignal.any([signal, stopped.signal]),
      progress: (step) => news.progress({ ...step, call: `${kind}/${key}`, action: kind }),
    }),
    onChange: ({ kind, key, state, attempts, error }) =>
      news.publish("job", { kind, key, state, attempts, ...(error === undefined ? {} : { error }) }),
  });

  function tell(one: IndexNews): void {
    const { type, ...data } = one;
    if (type === "promoted") jobs.poke();
    else if (one.type === "event") news.publish(type, eventNews(one.event));
    else news.publish(type, toWire(data) as Record<string, never>);
  }

  async function call(name: string, input: unknown, { onProgress, signal }: CallOptions = {}): Promise<unknown> {
    const action = actions.get(name) ?? missing(name, [...actions.keys()]);
    const parsed = parseInput(action, input);
    const id = Buffer.from(random(6)).toString("hex");
    const handler = await action.load();
    const result = await handler(
      {
        ...context,
        signal: signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal,
        progress: (step) => {
          onProgress?.(step);
          news.progress({ ...step, call: id, action: name });
        },
      },
      parsed,
    );
    const checked = action.output.safeParse(result);
    if (checked.success) return checked.data;
    throw new BugError(`The result of ${name} does not fit its own description.`, {
      cause: checked.error,
      data: { issues: checked.error.issues.map(({ path, message }) => ({ path: path.join("."), message })) },
    });
  }

  const runtime: Omit<Runtime, "app"> = {
    context,
    capabilities,
    actions,
    indexer,
    jobs,
    news,
    call,
    async start() {
      indexer.start();
      if (!options.jobless) await jobs.start();
    },
    async stop() {
      await jobs.stop();
      stopped.abort();
      await indexer.stop();
    },
  };
  return { ...runtime, app: createApi(runtime, options.api ?? {}) };
}

/** An event as the stream carries it. */
function eventNews({ contract, name, args, block, timestamp, transactionHash }: IndexedEvent) {
  const at = Number(timestamp) * 1_000;
  return toWire({ contract, name, args, block: Number(block), at, tx: transactionHash }) as Record<string, Json>;
}

function missing(name: string, known: readonly string[]): never {
  const near = nearest(name, known);
  throw new NotFoundError(`There is no action "${name}".`, { hints: near ? [`Did you mean "${near}"?`] : [] });
}

function contractNamed(contracts: Readonly<Record<string, Deployed>>, name: string): Deployed {
  const contract = contracts[name];
  if (contract) return contract;
  throw new NotFoundError(`There is no contract "${name}" on this chain.`, {
    hints: [`Known: ${Object.keys(contracts).join(", ") || "none"}.`],
  });
}

/** All actions by name. Throws BugError for a name that two rooms use or that is not room.verb. */
export function gatherActions(capabilities: readonly Capability[]): ReadonlyMap<string, Action> {
  const actions = new Map<string, Action>();
  for (const capability of capabilities) {
    for (const action of capability.actions ?? []) {
      if (actions.has(action.name)) throw new BugError(`Two actions are called ${action.name}.`);
      if (!/^[a-z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*$/.test(action.name)) {
        throw new BugError(`The action "${action.name}" is not called room.verb.`);
      }
      actions.set(action.name, action);
    }
  }
  return actions;
}

function gatherJobs(capabilities: readonly Capability[]) {
  const kinds = new Set<string>();
  const jobs = capabilities.flatMap((capability) => capability.jobs ?? []);
  for (const { kind } of jobs) {
    if (kinds.has(kind)) throw new BugError(`Two jobs are called ${kind}.`);
    kinds.add(kind);
  }
  return jobs;
}
