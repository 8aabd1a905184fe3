import { isAbsolute, resolve } from "node:path";
import { InvalidInputError } from "@base/errors";
import { z } from "zod";

/** Duties a node can take on besides serving its API. */
export const roles = ["operator", "watcher", "panelist", "keeper"] as const;

const url = z.url({ protocol: /^https?$/ });

const schema = z
  .object({
    /** Data folder: chain log, database, blobs, keys. */
    dir: z.string().min(1).default(".assay"),
    /** Address to listen on; anything but loopback also needs `token`. */
    host: z.string().min(1).default("127.0.0.1"),
    /** Port of the API and dashboard; 0 takes a free one. */
    port: z.coerce.number().int().min(0).max(65_535).default(4280),
    /** Port of the embedded chain's JSON-RPC; 0 takes a free one. */
    rpcPort: z.coerce.number().int().min(0).max(65_535).default(0),
    /** `embedded` unless `rpcUrl` is given; `anvil` starts a throwaway anvil. */
    chain: z.enum(["embedded", "anvil", "rpc"]).optional(),
    rpcUrl: url.optional(),
    /** Refuses to run on any other chain. */
    chainId: z.coerce.number().int().positive().optional(),
    /** Blocks below the head that count as settled where the chain has no `finalized` tag. */
    depth: z.coerce.number().int().min(0).max(10_000).optional(),
    /** PostgreSQL address; the embedded database when absent. */
    databaseUrl: z
      .string()
      .regex(/^postgres(ql)?:\/\//, "must start with postgres://")
      .optional(),
    /** Protects the keys at rest; a random one is kept in the data folder when absent. */
    password: z.string().min(8).optional(),
    /** Key that acts where a command names none; `owner`, or the only one there is, unless said. */
    identity: z.string().optional(),
    /** Bearer token that writes need; required when not on loopback. */
    token: z.string().min(16).optional(),
    /** Names of this node's operators, watchers and panelists, each with a key of its own. */
    operators: z.array(z.string()).default([]),
    watchers: z.array(z.string()).default([]),
    panelists: z.array(z.string()).default([]),
    /** True lets the node finalize, deliver and settle what is due. */
    keeper: z.boolean().default(true),
    /** Other nodes' API addresses: blobs and operators' answers are fetched from them. */
    peers: z.array(url).default([]),
    /** S3-compatible bucket that keeps a copy of every blob: endpoint, bucket and prefix, path style. */
    s3Url: url.optional(),
    s3Region: z.string().min(1).default("us-east-1"),
    s3KeyId: z.string().min(1).optional(),
    s3Secret: z.string().min(1).optional(),
    /** Trustless IPFS gateways that missing blobs are read from. */
    ipfsGateways: z.array(url).default([]),
    /** RPC address of an own IPFS node that takes pinned files. */
    ipfsApi: url.optional(),
    /** Pinning service (IPFS Pinning Service API) and its token. */
    pinningUrl: url.optional(),
    pinningToken: z.string().min(1).optional(),
    /** Ids of the oracle policies to stake under; when empty, any whose court and times are sound. */
    policies: z.array(z.string().regex(/^0x[0-9a-fA-F]{64}$/, "must be ids of policies")).default([]),
    /** File with the addresses of contracts deployed by another node. */
    deployment: z.string().optional(),
    /** ERC-20 that everything is paid in; needed to deploy on a chain that is not a devnet. */
    currency: z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/)
      .optional(),
    /** Keeps a verifiable log of everything that happens. */
    log: z.boolean().default(true),
    /** Name of the log in its signed heads: a URL without scheme where it is public; made from its key when absent. */
    logOrigin: z
      .string()
      .regex(/^[^\s+]{1,200}$/, "must have no spaces and no plus sign")
      .optional(),
    /** Seconds between anchors of the log on chain, where it has grown; 0 anchors on command only. */
    anchorEvery: z.coerce.number().int().min(0).max(31_536_000).default(600),
    /** Nodes that sign this log's heads too: `<verifier key>@<url>`. */
    witnesses: z.array(z.string()).default([]),
    /** Verifier keys of the logs whose heads this node signs as a witness. */
    witnessed: z.array(z.string()).default([]),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("warn"),
  })
  .strict();

/** Every setting of a node, checked and frozen. */
export type Config = Readonly<z.output<typeof schema>> & { readonly chain: "embedded" | "anvil" | "rpc" };

const environment: Record<string, string> = {
  dir: "ASSAY_DIR",
  host: "ASSAY_HOST",
  port: "ASSAY_PORT",
  rpcPort: "ASSAY_RPC_PORT",
  chain: "ASSAY_CHAIN",
  rpcUrl: "ASSAY_RPC_URL",
  chainId: "ASSAY_CHAIN_ID",
  depth: "ASSAY_DEPTH",
  databaseUrl: "DATABASE_URL",
  password: "ASSAY_PASSWORD",
  identity: "ASSAY_AS",
  token: "ASSAY_TOKEN",
  operators: "ASSAY_OPERATORS",
  watchers: "ASSAY_WATCHERS",
  panelists: "ASSAY_PANELISTS",
  keeper: "ASSAY_KEEPER",
  peers: "ASSAY_PEERS",
  policies: "ASSAY_POLICIES",
  s3Url: "ASSAY_S3_URL",
  s3Region: "ASSAY_S3_REGION",
  s3KeyId: "ASSAY_S3_KEY_ID",
  s3Secret: "ASSAY_S3_SECRET",
  ipfsGateways: "ASSAY_IPFS_GATEWAYS",
  ipfsApi: "ASSAY_IPFS_API",
  pinningUrl: "ASSAY_PINNING_URL",
  pinningToken: "ASSAY_PINNING_TOKEN",
  deployment: "ASSAY_DEPLOYMENT",
  currency: "ASSAY_CURRENCY",
  log: "ASSAY_LOG",
  logOrigin: "ASSAY_LOG_ORIGIN",
  anchorEvery: "ASSAY_ANCHOR_EVERY",
  witnesses: "ASSAY_WITNESSES",
  witnessed: "ASSAY_WITNESSED",
  logLevel: "ASSAY_LOG_LEVEL",
};
const lists = new Set([
  "operators",
  "watchers",
  "panelists",
  "peers",
  "policies",
  "witnesses",
  "witnessed",
  "ipfsGateways",
]);
const switches = new Set(["keeper", "log"]);

/**
 * Reads the settings: flags win over the environment, the environment over the defaults.
 *
 * @throws InvalidInputError that names the setting, where it came from and what it should be.
 */
export function readConfig(
  flags: Readonly<Record<string, unknown>> = {},
  env: Readonly<Record<string, string | undefined>> = {},
): Config {
  const given: Record<string, unknown> = {};
  for (const [key, name] of Object.entries(environment)) {
    const value = env[name];
    if (value === undefined || value === "") continue;
    given[key] = lists.has(key)
      ? value.split(",").filter(Boolean)
      : switches.has(key)
        ? value !== "0" && value !== "false"
        : value;
  }
  for (const [key, value] of Object.entries(flags)) if (value !== undefined) given[key] = value;
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = String(issue?.path[0] ?? (issue as { keys?: string[] })?.keys?.[0] ?? "?");
    throw new InvalidInputError(`The setting "${key}" is not usable: ${issue?.message ?? "invalid"}.`, {
      hints: [
        `Set it by --${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} or ${environment[key] ?? "the environment"}.`,
      ],
      data: { setting: key },
    });
  }
  const config = parsed.data;
  const chain = config.chain ?? (config.rpcUrl ? "rpc" : "embedded");
  if (chain === "rpc" && !config.rpcUrl) {
    throw new InvalidInputError('The setting "rpcUrl" is missing: chain is "rpc".', {
      hints: ["Set --rpc-url or ASSAY_RPC_URL."],
    });
  }
  for (const [address, needed] of [
    ["s3Url", ["s3KeyId", "s3Secret"]],
    ["pinningUrl", ["pinningToken"]],
  ] as const) {
    const missing = config[address] ? needed.find((key) => config[key] === undefined) : undefined;
    if (missing) {
      throw new InvalidInputError(`The setting "${missing}" is missing: "${address}" needs it.`, {
        hints: [`Set it by ${environment[missing]}.`],
        data: { setting: missing },
      });
    }
  }
  const loopback = ["127.0.0.1", "localhost", "::1"].includes(config.host);
  if (!loopback && !config.token) {
    throw new InvalidInputError(`Listening on ${config.host} without a token would let anybody write.`, {
      hints: ["Set ASSAY_TOKEN to a secret of 16 characters or more, or listen on 127.0.0.1."],
      data: { setting: "token" },
    });
  }
  return Object.freeze({ ...config, chain, dir: isAbsolute(config.dir) ? config.dir : resolve(config.dir) });
}
