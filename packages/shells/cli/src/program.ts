// The command line, derived from the actions: `assay <room> <verb>`, and `assay <verb>` where only one room has it.
import { BaseError, exitCode, InvalidInputError } from "@base/errors";
import type { Action, Capability, Progress } from "@kernel/capability";
import { parseInput } from "@kernel/capability/fields.ts";
import { toWire } from "@kernel/capability/wire.ts";
import { Command, CommanderError, Option } from "commander";
import { createColors } from "picocolors";
import { completionScript } from "./completion.ts";
import { addFields, inputOf } from "./flags.ts";
import { ProgressBar } from "./progress-bar.ts";
import { type Colors, printable, render } from "./render.ts";

/** Where a run writes, and what it may assume of the terminal. Environment variables are read by the caller. */
export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether stderr is a terminal: progress bars are drawn only there. */
  readonly interactive: boolean;
  readonly color: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Folder against which file arguments are resolved. */
  readonly cwd: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** A way to run actions: over HTTP to a node, or in this process. */
export interface Connection {
  call(name: string, input: unknown, onProgress?: (step: Progress) => void): Promise<unknown>;
  close(): Promise<void>;
}

/** An option of every command, given to `connect` and to own commands. */
export interface GlobalOption {
  /** As commander writes it: `--dir <folder>`. */
  readonly flags: string;
  readonly description: string;
}

/** What a command of the shell itself gets. */
export interface Run {
  readonly globals: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  readonly io: Io;
  readonly colors: Colors;
  readonly onProgress: (step: Progress) => void;
  /** Prints a result: JSON with --json, `text` or a rendering of the value otherwise. */
  print(value: unknown, text?: string): void;
}

export interface CliOptions {
  readonly version: string;
  readonly capabilities: readonly Capability[];
  /** Opened when an action runs, not for help. */
  readonly connect: (globals: Readonly<Record<string, unknown>>) => Promise<Connection>;
  readonly io: Io;
  readonly globals?: readonly GlobalOption[];
  /** Which action a short verb means where several rooms have it, e.g. {list: "assets.list"}. */
  readonly shortcuts?: Readonly<Record<string, string>>;
  /** How a person reads the result of an action, where the general form does not do. */
  readonly renderers?: Readonly<Record<string, (result: never, colors: Colors) => string>>;
  /** Adds commands of the shell itself (up, doctor): `program.command(...).action(run(async (run, ...args) => ...))`. */
  readonly extend?: (program: Command, run: RunMaker) => void;
}

/** Wraps the work of an own command, so that its errors and progress look like those of actions. */
export type RunMaker = (work: (run: Run, ...args: never[]) => Promise<void>) => (...args: unknown[]) => Promise<void>;

/**
 * Runs one command line (without `node` and script) and answers its exit code: 0 done, 1 bug, 2 wrong usage or input,
 * 3 not found, 4 integrity, 75 try again. With --json exactly one JSON object goes to stdout, `{"error": ...}` on failure.
 */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<number> {
  const { io } = options;
  const json = argv.includes("--json") && !argv.slice(0, argv.indexOf("--json")).includes("--");
  const colors = createColors(io.color && !argv.includes("--no-color"));
  try {
    const program = buildProgram(options, argv);
    if (argv.length === 0) {
      io.stdout(program.helpInformation());
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    return report(error, io, colors, json);
  }
}

/** Builds the commander program; fields become flags only for commands that `argv` may name, which keeps --help quick. */
export function buildProgram(options: CliOptions, argv: readonly string[]): Command {
  const { io, capabilities } = options;
  const program = new Command("assay")
    .description("Trusted data, verified decisions, automatic execution.")
    .version(options.version, "-V, --version", "Print the version.")
    .helpOption("-h, --help", "Explain the command.")
    .helpCommand(false)
    .option("--json", "Print one JSON object on stdout.")
    .option("-q, --quiet", "Show no progress.")
    .option("--no-color", "Use no colours.")
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: () => undefined, getOutHelpWidth: () => io.columns })
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .showSuggestionAfterError(true);
  for (const { flags, description } of options.globals ?? []) program.addOption(new Option(flags, description));
  const reserved = new Set(program.options.map((option) => option.attributeName()));
  const run = runMaker(program, options);
  options.extend?.(program, run);
  const own = new Set(program.commands.map((command) => command.name()));
  own.add("completion");

  program.commandsGroup("Rooms:");
  for (const capability of capabilities) {
    if (!capability.actions?.length) continue;
    const room = program.command(capability.name).description(capability.summary).helpCommand(false);
    room.configureHelp({ showGlobalOptions: true });
    for (const action of capability.actions) {
      // A shortcut with a room's own name is what the room does when no verb is said.
      const isDefault = options.shortcuts?.[capability.name] === action.name;
      addAction(room.command(verbOf(action), { isDefault }), action, argv, reserved, options, run);
    }
  }
  program.commandsGroup("Verbs:");
  const short = shortVerbs(capabilities, own, options.shortcuts ?? {});
  for (const [verb, action] of short) addAction(program.command(verb), action, argv, reserved, options, run);
  for (const [verb, rooms] of severalRooms(capabilities, short, own)) addAmbiguous(program, verb, rooms);
  program.commandsGroup("Tools:");
  program
    .command("completion")
    .argument("<shell>", "bash, zsh or fish")
    .description("Print a completion script for your shell.")
    .action((shell: string) => io.stdout(completionScript(shell, buildFull(options))));
  return program;
}

const buildFull = (options: CliOptions) =>
  buildProgram(
    options,
    options.capabilities.flatMap((one) => [one.name]),
  );

const verbOf = (action: Pick<Action, "name">) => kebab(action.name.slice(action.name.indexOf(".") + 1));

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Verbs that only one room has, or that `shortcuts` settles, and that name neither a room nor an own command. */
export function shortVerbs(
  capabilities: readonly Capability[],
  taken: ReadonlySet<string>,
  shortcuts: Readonly<Record<string, string>>,
): ReadonlyMap<string, Action> {
  const found = new Map<string, Action[]>();
  for (const action of capabilities.flatMap((capability) => capability.actions ?? [])) {
    found.set(verbOf(action), [...(found.get(verbOf(action)) ?? []), action]);
  }
  const rooms = new Set(capabilities.map(({ name }) => name));
  const short = new Map<string, Action>();
  for (const [verb, actions] of found) {
    const chosen = actions.length === 1 ? actions[0] : actions.find(({ name }) => name === shortcuts[verb]);
    if (chosen && !rooms.has(verb) && !taken.has(verb)) short.set(verb, chosen);
  }
  return short;
}

/** Verbs that several rooms have and no shortcut settles, with these rooms. */
function severalRooms(
  capabilities: readonly Capability[],
  short: ReadonlyMap<string, Action>,
  taken: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name, actions = [] } of capabilities)
    for (const action of actions) found.set(verbOf(action), [...(found.get(verbOf(action)) ?? []), name]);
  for (const verb of [...short.keys(), ...taken, ...capabilities.map(({ name }) => name)]) found.delete(verb);
  return found;
}

/** A short verb that means several things: it says in which full forms. */
function addAmbiguous(program: Command, verb: string, rooms: readonly string[]): void {
  program
    .command(verb, { hidden: true })
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      const forms = rooms.map((room) => `assay ${room} ${verb}`).join(", ");
      program.error(`error: '${verb}' is a verb of several rooms\n(Say which: ${forms})`, { exitCode: 2 });
    });
}

function addAction(
  command: Command,
  action: Action,
  argv: readonly string[],
  reserved: ReadonlySet<string>,
  options: CliOptions,
  run: RunMaker,
): void {
  command.description(action.summary).configureHelp({ showGlobalOptions: true });
  const room = action.name.slice(0, action.name.indexOf("."));
  const named = argv.includes(command.name()) || argv.includes(room);
  if (!named) return;
  const fields = addFields(command, action, reserved);
  if (action.errors?.length) command.addHelpText("after", `\nErrors: ${action.errors.join(", ")}.`);
  command.action(
    run(async (context, ...args: never[]) => {
      const given = command.optsWithGlobals();
      const input = await inputOf(fields, args.slice(0, fields.positional.length), given, context.io.cwd);
      parseInput(action, input);
      const connection = await options.connect(context.globals);
      try {
        const result = await connection.call(action.name, input, context.onProgress);
        const renderer = options.renderers?.[action.name];
        context.print(result, renderer?.(printable(toWire(result)) as never, context.colors));
      } finally {
        await connection.close();
      }
    }),
  );
}

function runMaker(program: Command, { io }: CliOptions): RunMaker {
  return (work) =>
    async (...args) => {
      const { json = false, quiet = false, color = true, ...globals } = program.opts();
      const colors = createColors(io.color && color);
      const bar = io.interactive && !quiet ? new ProgressBar(io, colors) : undefined;
      let printed = false;
      const run: Run = {
        globals,
        json,
        io,
        colors,
        onProgress: (step) => bar?.show(step),
        print: (value, text) => {
          bar?.clear();
          if (json && printed) throw new InvalidInputError("A command prints one JSON object.", { kind: "bug" });
          printed = true;
          io.stdout(`${json ? JSON.stringify(toWire(value)) : (text ?? render(printable(toWire(value)), colors))}\n`);
        },
      };
      try {
        await work(run, ...(args as never[]));
      } finally {
        bar?.clear();
      }
    };
}

/** Tells of an error and answers the exit code. */
function report(error: unknown, io: Io, colors: Colors, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const [message = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
    const hints = [...rest.map((line) => line.replace(/^\((.*)\)$/, "$1")), "Add --help to see how it is used."];
    const usage = { name: "UsageError", message, kind: "user", hints, data: {} };
    if (error.code === "commander.help") io.stderr(error.message);
    else if (json) io.stdout(`${JSON.stringify({ error: usage })}\n`);
    else tell(usage, io, colors);
    return 2;
  }
  const public_ =
    error instanceof BaseError
      ? (toWire(error.toJSON()) as never)
      : { name: "BugError", message: String((error as Error)?.message ?? error), kind: "bug", hints: [], data: {} };
  if (json) io.stdout(`${JSON.stringify({ error: public_ })}\n`);
  else tell(public_, io, colors);
  return codeOf(error);
}

/** Errors that a node told of have the names of those thrown here, but not their classes. */
function codeOf(error: unknown): number {
  const code = exitCode(error);
  if (code !== 2) return code;
  const { name } = error as Error;
  return name === "NotFoundError" ? 3 : name === "IntegrityError" ? 4 : code;
}

function tell(
  error: { readonly name: string; readonly message: string; readonly hints: readonly string[] },
  io: Io,
  colors: Colors,
): void {
  io.stderr(`${colors.red("error")} ${error.message} ${colors.dim(`(${error.name})`)}\n`);
  for (const hint of error.hints) io.stderr(`  ${colors.dim("hint")} ${hint}\n`);
}
