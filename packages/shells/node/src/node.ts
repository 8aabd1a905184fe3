import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@base/errors";
import type { Capability, Duties, Logger } from "@kernel/capability";
import { createLogger, createRuntime, gatherMigrations, type Listening, listen, type Runtime } from "@kernel/runtime";
import { type Chain, openChain } from "@machines/chain";
import { type Database, lockFolder, openDatabase, openStore, type Store, type StoreOptions } from "@machines/store";
import { capabilities, devnetCurrency } from "./capabilities.ts";
import type { Config } from "./config.ts";
import { Deployment } from "./deployment.ts";
import { fund, paying } from "./fund.ts";
import { Keystore } from "./keystore.ts";
import { recording } from "./ledger.ts";
import { openRecords } from "./records.ts";
import { deploymentSettings } from "./settings.ts";

/** A node with all its machines open. */
export interface Node {
  readonly config: Config;
  readonly runtime: Runtime;
  readonly chain: Chain;
  readonly db: Database;
  readonly store: Store;
  readonly keys: Keystore;
  readonly deployment: Deployment;
  readonly log: Logger;
  /** Identities that are off duty for now: add an operator's name to take it out of the rota. */
  readonly resting: Set<string>;
  /** Starts index and workers and listens; tells other commands in this folder where. */
  serve(): Promise<Listening>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Told what is being done, for people who wait. */
  readonly onStep?: (label: string, done?: number, total?: number) => void;
  /** Folder of the built dashboard. */
  readonly staticDir?: string;
  readonly version?: string;
  /** Deploys what is missing also where the chain is not a development chain. */
  readonly deploy?: boolean;
}

/**
 * Opens everything a node needs in its data folder: keys, chain, database, blobs, contracts.
 *
 * On a development chain missing identities and contracts are made; elsewhere they must be there or be made by `deploy`.
 *
 * @throws UnavailableError when another process has the folder; WrongChainError, IntegrityError, InvalidInputError.
 */
export async function openNode(config: Config, options: OpenOptions = {}): Promise<Node> {
  const step = options.onStep ?? (() => {});
  const open: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of open.splice(0).reverse()) await end();
  };
  try {
    mkdirSync(config.dir, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(config.dir);
    open.push(() => lock.release());
    const log = createLogger({
      level: config.logLevel,
      clock: Date.now,
      write: (line) => process.stderr.write(`${line}\n`),
    });
    const keys = new Keystore(join(config.dir, "keys"), config.password);

    step("opening the chain");
    const opened = await openChain(chainOptions(config));
    open.push(() => opened.close());
    const raw = paying(opened, keys);
    const dev = raw.dev !== undefined;
    const rooms: readonly Capability[] = dev ? [devnetCurrency, ...capabilities] : capabilities;

    step("opening the database");
    const db = await openDatabase(
      config.databaseUrl ? { url: config.databaseUrl } : { dir: join(config.dir, "database") },
      gatherMigrations(rooms),
    );
    open.push(() => db.close());
    const store = await openStore({ dir: join(config.dir, "blobs"), remotes: [...config.peers], ...elsewhere(config) });

    const records = config.log ? await openRecords(config, log, Date.now) : undefined;
    if (records) open.push(() => records.keeper.close());

    const path = config.deployment ?? join(config.dir, `deployment-${raw.chainId}.json`);
    const deployment = new Deployment(path, raw, rooms);
    const names = new Map<string, string>();
    const chain = recording(raw, db, (address) => names.get(address.toLowerCase()) ?? address, Date.now);

    const resting = new Set<string>();
    const duties = dutiesOf(config, resting);
    const wanted = [duties.operators, duties.watchers, duties.panelists, duties.keeper ?? []].flat();
    for (const name of wanted) keys.ensure(name);
    const deploys = !deployment.complete && config.deployment === undefined && (dev || options.deploy === true);
    // Whom the settings name is made with them: everybody must be there before the ether is handed out.
    const settings = deploys ? deploymentSettings(config, keys, raw) : undefined;
    const deployer = deploys ? keys.ensure("keeper") : undefined;
    if (dev) await fund(raw, keys);
    if (settings && deployer) {
      await deployment.deploy(deployer.account, settings, (name, done, total) =>
        step(`deploying ${name}`, done, total),
      );
      // The settings made keys of their own: who has one can pay from the first start on.
      if (dev) await fund(chain, keys);
    }
    await deployment.check();
    for (const [name, { address }] of deployment.entries()) names.set(address.toLowerCase(), name);

    const runtime = await createRuntime({
      capabilities: rooms,
      store,
      db,
      chain,
      contracts: Object.fromEntries(deployment.entries()),
      identities: {
        get: (name) => keys.get(name ?? config.identity ?? defaultName(keys)),
        list: () => keys.names().map((name) => keys.get(name)),
      },
      duties,
      records: records?.keeper,
      signers: records?.signers,
      vault: keys.vault(),
      log,
      clock: Date.now,
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      api: {
        host: config.host,
        ...(config.token === undefined ? {} : { token: config.token }),
        ...(options.staticDir && existsSync(options.staticDir) ? { staticDir: options.staticDir } : {}),
        ...(options.version === undefined ? {} : { version: options.version }),
      },
    });

    return {
      config,
      runtime,
      chain,
      db,
      store,
      keys,
      deployment,
      log,
      resting,
      async serve() {
        await runtime.start();
        open.push(() => runtime.stop());
        const listening = await listen(runtime.app, { host: config.host, port: config.port });
        open.push(() => listening.close());
        const beacon = join(config.dir, "node.json");
        writeFileSync(beacon, `${JSON.stringify({ url: listening.url, pid: process.pid })}\n`, { mode: 0o600 });
        open.push(async () => rmSync(beacon, { force: true }));
        return listening;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where blobs lie besides the folder, by the settings. */
function elsewhere(config: Config): Omit<StoreOptions, "dir" | "remotes"> {
  const { s3Url, s3Region, s3KeyId, s3Secret, ipfsGateways, ipfsApi, pinningUrl, pinningToken } = config;
  return {
    ...(s3Url && s3KeyId && s3Secret
      ? { s3: { url: s3Url, region: s3Region, accessKeyId: s3KeyId, secretAccessKey: s3Secret } }
      : {}),
    gateways: ipfsGateways,
    pinning: {
      api: ipfsApi,
      ...(pinningUrl && pinningToken ? { service: { url: pinningUrl, token: pinningToken } } : {}),
    },
  };
}

function chainOptions(config: Config): Parameters<typeof openChain>[0] {
  const chainId = config.chainId === undefined ? {} : { chainId: config.chainId };
  const depth = config.depth === undefined ? {} : { depth: config.depth };
  if (config.chain === "rpc") return { kind: "rpc", url: config.rpcUrl as string, ...chainId, ...depth };
  if (config.chain === "anvil") return { kind: "anvil", ...chainId };
  return { kind: "embedded", dir: join(config.dir, "chain"), port: config.rpcPort, ...chainId };
}

/** What the node does by itself, from its settings; who is in `resting` is left out for as long as it is there. */
function dutiesOf(config: Config, resting: ReadonlySet<string>): Duties {
  const awake = (names: readonly string[]) => names.filter((name) => !resting.has(name));
  return {
    get operators() {
      return awake(config.operators);
    },
    get watchers() {
      return awake(config.watchers);
    },
    get panelists() {
      return awake(config.panelists);
    },
    keeper: config.keeper ? "keeper" : undefined,
    peers: config.peers,
    policies: config.policies,
  };
}

function defaultName(keys: Keystore): string {
  const names = keys.names();
  const [only] = names;
  if (keys.has("owner")) return "owner";
  if (only !== undefined && names.length === 1) return only;
  throw new InvalidInputError("Say which identity acts.", {
    hints: [
      `Add --as NAME, or set ASSAY_AS. Known: ${names.join(", ") || "none"}.`,
      "Or make a key of your own: `assay keys new owner`; that one acts wherever none is named.",
    ],
  });
}
