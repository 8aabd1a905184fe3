// The `assay` command: settings from flags and environment, actions from the rooms, plus what only a shell can do.
import { capabilities } from "@shells/node/capabilities.ts";
import type { Config } from "@shells/node/config.ts";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { connect as connectTo } from "./connect.ts";
import { type Connection, type GlobalOption, type Io, runCli } from "./program.ts";
import { renderProfile } from "./profile.ts";
import { render } from "./render.ts";
import { shellCommands } from "./shell.ts";

const { env, stderr, stdout } = process;
const version = (
  JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

const io: Io = {
  stdout: (text) => void stdout.write(text),
  stderr: (text) => void stderr.write(text),
  interactive: Boolean(stderr.isTTY) && env["CI"] === undefined,
  color: Boolean(stdout.isTTY) && !env["NO_COLOR"],
  columns: stdout.columns ?? 100,
  cwd: process.cwd(),
  clock: Date.now,
};

const globals: readonly GlobalOption[] = [
  { flags: "--dir <folder>", description: "Data folder; .assay unless said (ASSAY_DIR)." },
  { flags: "--url <address>", description: "Talk to a node elsewhere (ASSAY_URL)." },
  { flags: "--identity <name>", description: "Key that acts where a command names none (ASSAY_AS)." },
  { flags: "--rpc-url <address>", description: "Use this EVM chain instead of the embedded one (ASSAY_RPC_URL)." },
];

/** Settings from the global flags and the environment; loaded only when a command runs. */
export async function configOf(
  given: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Config> {
  const { readConfig } = await import("@shells/node/config.ts");
  const { withDevnetDuties } = await import("@shells/node/duties.ts");
  const { url: _url, ...flags } = given;
  return withDevnetDuties(readConfig({ ...flags, ...more }, env));
}

/** Opens the rooms in this process, for a command without a running node. */
async function openHere(given: Readonly<Record<string, unknown>>): Promise<Connection> {
  const { openNode } = await import("@shells/node/node.ts");
  const node = await openNode(await configOf(given));
  await node.runtime.start();
  await node.runtime.context.indexed((await node.chain.head()).number);
  return {
    call: (name, input, onProgress) => node.runtime.call(name, input, { onProgress }),
    close: async () => {
      await node.runtime.stop();
      await node.close();
    },
  };
}

/** Exit code of a receipt that does not hold: the same as for any other broken integrity. */
const NOT_VERIFIED = 4;
let verified = true;

/** Notes a verification that failed: its report is printed like any result, but the command must not exit with 0. */
function noticing(connection: Connection): Connection {
  return {
    ...connection,
    call: async (name, input, onProgress) => {
      const result = await connection.call(name, input, onProgress);
      if (["assets.verify", "log.verify", "report.verify"].includes(name))
        verified = (result as { verified: boolean }).verified;
      return result;
    },
  };
}

/** What is told of a receipt; the rest is for programs. */
interface ReceiptParts {
  readonly subject: { readonly kind: string; readonly id: string };
  readonly nodes: readonly { readonly kind: string; readonly id: string; readonly label: string }[];
  readonly statements: readonly unknown[];
  readonly evidence?: { readonly headers: readonly unknown[] };
  readonly blobs?: Readonly<Record<string, string>>;
}

/** `assay verify --watch` is `assay disputes watch`: to verify for as long as one watches. */
function expanded(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf("verify");
  if (at < 0 || !argv.includes("--watch", at) || argv.slice(0, at).some((one) => !one.startsWith("-"))) return argv;
  return [...argv.slice(0, at), "disputes", "watch", ...argv.slice(at + 1).filter((one) => one !== "--watch")];
}

const code = await runCli(expanded(process.argv.slice(2)), {
  version,
  capabilities,
  io,
  globals,
  shortcuts: {
    list: "assets.list",
    show: "assets.show",
    buy: "assets.buy",
    withdraw: "assets.withdraw",
    run: "training.run",
    explain: "training.explain",
    status: "node.status",
    verify: "assets.verify",
    export: "assets.export",
    dossier: "dossier.write",
    fairness: "report.fairness",
    influence: "report.influence",
  },
  connect: (given) =>
    connectTo({
      dir: resolve(String(given["dir"] ?? env["ASSAY_DIR"] ?? ".assay")),
      url: (given["url"] as string | undefined) ?? env["ASSAY_URL"],
      token: env["ASSAY_TOKEN"],
      open: () => openHere(given),
    }).then(noticing),
  renderers: {
    "assets.export": ({ document }: { document: unknown }) =>
      typeof document === "string" ? document : JSON.stringify(document, null, 2),
    "log.head": ({ note, keys, ...head }: { note: string; keys: readonly string[] }, colors) => {
      const short = (key: string) => (key.length > 120 ? `${key.slice(0, 60)}… (--json tells the whole key)` : key);
      return render(
        { ...head, signatures: note.split("\n").filter((line) => line.startsWith("— ")).length, keys: keys.map(short) },
        colors,
      );
    },
    "disputes.claims": ({ claims }: { claims: readonly Record<string, string | boolean | null>[] }, colors) => {
      const lines = claims.map(({ claim = null, about, status = null, checked = null, aboutHolds }) => ({
        claim,
        about: aboutHolds === false ? `not what it says: ${about}` : (about ?? "a run"),
        status,
        checked,
      }));
      return render({ claims: lines }, colors);
    },
    "dossier.write": ({ html, files }: { html: string; files: string[] }) =>
      files.length === 0 ? html : files.map((name) => `wrote ${name}`).join("\n"),
    "assets.receipt": ({ subject, nodes, statements, evidence, blobs }: ReceiptParts, colors) =>
      render(
        {
          subject: `${subject.kind}:${subject.id}`,
          nodes: nodes.map(
            ({ kind, id, label }) => `${kind}:${id.length > 20 ? `${id.slice(0, 18)}...` : id} ${label}`,
          ),
          statements: statements.length,
          chainEvidence: evidence === undefined ? "none" : `${evidence.headers.length} block headers`,
          bytes: `${Object.keys(blobs ?? {}).length} files`,
          whole: "--json prints the receipt, --out keeps it, `assay verify` checks it",
        },
        colors,
      ),
    "assets.profile": renderProfile,
    "assets.trace": ({ tree }: { tree: string }) => tree,
    "row.prove": ({ text }: { text: string }) => text,
    "report.fairness": ({ text }: { text: string }) => text,
    "report.influence": ({ text }: { text: string }) => text,
  },
  extend: (program, run) => shellCommands(program, run, { configOf, version, env }),
});
process.exitCode = code === 0 && !verified ? NOT_VERIFIED : process.exitCode || code;
// Everything is closed by now; a library's leftover timer must not keep the command alive.
process.exit();
