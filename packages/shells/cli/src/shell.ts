// Commands that are no action of a room: they start, look after or check a node.
import type { Config } from "@shells/node/config.ts";
import type { Command } from "commander";
import type { Run, RunMaker } from "./program.ts";

/** What the entry point hands in. */
export interface ShellOptions {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  configOf(globals: Readonly<Record<string, unknown>>, more?: Readonly<Record<string, unknown>>): Promise<Config>;
}

/** Flags that say what a node is; the same names as its settings. */
const nodeFlags: readonly (readonly [string, string])[] = [
  ["--host <address>", "Address to listen on; 127.0.0.1 unless said."],
  ["--port <number>", "Port of API and dashboard; 4280 unless said, 0 takes a free one."],
  ["--rpc-port <number>", "Port of the embedded chain's JSON-RPC."],
  ["--chain <kind>", "embedded, anvil or rpc."],
  ["--chain-id <number>", "Refuse any other chain."],
  ["--operators <names...>", "Keys that answer decisions."],
  ["--watchers <names...>", "Keys that re-execute answers and challenge wrong ones."],
  ["--panelists <names...>", "Keys that sit on the re-execution panel."],
  ["--policies <ids...>", "Oracle policies to stake under; any with sound terms unless said."],
  ["--peers <addresses...>", "Other nodes' API addresses."],
  ["--deployment <file>", "File with the addresses of contracts that another node deployed."],
  ["--currency <address>", "ERC-20 that everything is paid in."],
  ["--no-keeper", "Do not finalize, deliver and settle what is due."],
];

/** Adds up, node, deploy, doctor and keys to the program. */
export function shellCommands(program: Command, run: RunMaker, options: ShellOptions): void {
  const { configOf, version } = options;
  const own = program.commandsGroup("Node:");

  const up = own
    .command("up")
    .description("Start everything, run the loop on real weather, and keep serving.")
    .option("--once", "Stop when the loop is done instead of serving.")
    .option("--fresh", "Forget the data folder and begin anew.");
  withNodeFlags(up).action(
    run(async (context: Run, flags: Record<string, unknown>) => {
      const { up: start } = await import("@shells/node/up.ts");
      const { once, fresh, ...settings } = flags;
      const config = await configOf(context.globals, settings);
      await start({
        config,
        version,
        once: once === true,
        fresh: fresh === true,
        json: context.json,
        print: context.print,
        io: context.io,
      });
    }),
  );

  const serve = own.command("serve").description("Run a node and serve: no loop, only its duties.");
  withNodeFlags(serve).action(
    run(async (context: Run, flags: Record<string, unknown>) => {
      const { serveForever } = await import("@shells/node/up.ts");
      await serveForever({
        config: await configOf(context.globals, flags),
        version,
        json: context.json,
        print: context.print,
        io: context.io,
      });
    }),
  );

  const deploy = own.command("deploy").description("Deploy the contracts on the configured chain.");
  withNodeFlags(deploy).action(
    run(async (context: Run, flags: Record<string, unknown>) => {
      const { deployOnly } = await import("@shells/node/up.ts");
      context.print(await deployOnly(await configOf(context.globals, flags), context.onProgress));
    }),
  );

  own
    .command("doctor")
    .description("Say what is wrong with a set-up, and what to do.")
    .action(
      run(async (context: Run) => {
        const { doctor } = await import("@shells/node/doctor.ts");
        const report = await doctor(() => configOf(context.globals));
        context.print(report, report.text);
        if (!report.ok) process.exitCode = 2;
      }),
    );

  const keys = own.command("keys").description("List this folder's keys, or make one.");
  keys.action(
    run(async (context: Run) => {
      const { listKeys } = await import("@shells/node/keys.ts");
      context.print(listKeys(await configOf(context.globals)));
    }),
  );
  keys
    .command("new")
    .argument("<name>", "Lower-case letters, digits and dashes.")
    .description("Make a key, encrypted at rest.")
    .action(
      run(async (context: Run, name: string) => {
        const { newKey } = await import("@shells/node/keys.ts");
        context.print(newKey(await configOf(context.globals), name));
      }),
    );
}

function withNodeFlags(command: Command): Command {
  for (const [flags, description] of nodeFlags) command.option(flags, description);
  return command;
}
