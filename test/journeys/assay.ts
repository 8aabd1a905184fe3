import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, inject } from "vitest";

const command = join(process.cwd(), "tools", "assay.mjs");

/** What a finished command left: its exit code and what it printed. */
export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON object on stdout, of a command with --json. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what a test checks
  readonly json: any;
}

const children = new Set<ChildProcess>();
const folders: string[] = [];

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that is removed when the tests are over. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "assay-"));
  folders.push(made);
  return made;
}

/** Starts `assay` with these arguments, as a user would. */
export function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** Runs `assay` to its end; `killAfter` ends it with SIGKILL after so many milliseconds. */
export async function assay(
  args: readonly string[],
  options: { env?: Record<string, string>; killAfter?: number } = {},
): Promise<Done> {
  const child = start(args, options.env);
  const timer = options.killAfter === undefined ? undefined : setTimeout(() => killTree(child), options.killAfter);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (text) => {
    stdout += text;
  });
  child.stderr?.on("data", (text) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((done) => child.once("close", done));
  clearTimeout(timer);
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch {
    json = undefined;
  }
  return { code, stdout, stderr, json };
}

/** Puts a node whose loop has run into `dir`: `assay up --once` runs once for all files, each gets a copy. What it told. */
export async function looped(dir: string): Promise<Done> {
  const template = join(inject("shared"), "looped");
  const told = `${template}.json`;
  if (!existsSync(told)) {
    const done = await assay(["up", "--once", "--json", "--dir", template, "--port", "0"]);
    writeFileSync(told, JSON.stringify(done));
  }
  cpSync(template, dir, { recursive: true });
  return JSON.parse(readFileSync(told, "utf8")) as Done;
}

/** Ends the command and the process it runs in, both at once, as a power cut would. */
export function killTree(child: ChildProcess): void {
  const inner = child.pid === undefined ? [] : childrenOf(child.pid);
  for (const pid of inner) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it ended by itself in the meantime
    }
  }
  child.kill("SIGKILL");
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Waits until `text` matches what the process has printed on either stream, and returns the match. */
export function printed(child: ChildProcess, text: RegExp, milliseconds = 60_000): Promise<RegExpMatchArray> {
  return new Promise((done, failed) => {
    let seen = "";
    const timer = setTimeout(
      () => failed(new Error(`${text} was not printed in time; there was:\n${seen}`)),
      milliseconds,
    );
    const look = (chunk: Buffer) => {
      seen += chunk;
      const match = seen.match(text);
      if (!match) return;
      clearTimeout(timer);
      done(match);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("exit", (code) => {
      clearTimeout(timer);
      failed(new Error(`the process ended with ${code}; there was:\n${seen}`));
    });
  });
}
