import { InvalidInputError, UnavailableError } from "@base/errors";
import type { Progress } from "@kernel/capability";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "./config.ts";
import { buildDashboard } from "./dashboard.ts";
import { droughtCover, type Outcome } from "./loop/droughtCover.ts";
import { Story, type StoryStep } from "./loop/story.ts";
import { type Node, openNode } from "./node.ts";

/** Where a command of the shell writes: progress for people on stderr, the result on stdout. */
export interface Terminal {
  readonly stderr: (text: string) => void;
  readonly stdout: (text: string) => void;
  readonly interactive: boolean;
}

export interface UpOptions {
  readonly config: Config;
  readonly version: string;
  /** Stop when the loop is done. */
  readonly once: boolean;
  /** Forget the data folder first. */
  readonly fresh: boolean;
  readonly json: boolean;
  readonly print: (value: unknown, text?: string) => void;
  readonly io: Terminal;
}

/** Starts everything in one process, runs the loop, tells the story, and keeps serving unless `once`. */
export async function up(options: UpOptions): Promise<void> {
  const { config, once, json, io } = options;
  const began = performance.now();
  if (config.chain === "rpc") {
    throw new InvalidInputError("The loop plays on a development chain: its clock is moved through the seasons.", {
      hints: ["For another chain run: assay deploy, then assay serve, and use the verbs on your own data."],
    });
  }
  if (options.fresh) forget(config.dir);
  const say = (text: string) => void (json || io.stderr(text));
  say(`Assay ${options.version}\n`);
  const staticDir = once ? undefined : await buildDashboard((text) => say(`  ${text}\n`));
  const opened = performance.now();
  const node = await openNode(config, {
    version: options.version,
    ...(staticDir === undefined ? {} : { staticDir }),
    onStep: (label) => say(`  ${label}\n`),
  });
  const stop = untilStopped();
  try {
    const { url } = await node.serve();
    const ready = performance.now();
    say(`  serving at ${url}\n\n`);
    const story = new Story(node.db, Date.now, (step) => say(tell(step)));
    const outcome = await Promise.race([droughtCover(node, story), stop.then(() => undefined)]);
    if (!outcome) return;
    const phases = { dashboard: opened - began, open: ready - opened, ...outcome.phases };
    const total = performance.now() - began;
    const report = { ...outcome, phases: rounded(phases), totalMs: Math.round(total), memoryMb: peakMemory(), url };
    if (once) {
      options.print(report, closing(report, url, false));
      return;
    }
    say(closing(report, url, true));
    if (json) options.print(report);
    await stop;
  } finally {
    await node.close();
  }
}

export interface ServeOptions extends Pick<UpOptions, "config" | "version" | "json" | "print" | "io"> {}

/** Runs a node with its duties until it is stopped. */
export async function serveForever(options: ServeOptions): Promise<void> {
  const staticDir = await buildDashboard(() => {});
  const node = await openNode(options.config, {
    version: options.version,
    ...(staticDir === undefined ? {} : { staticDir }),
    onStep: (label) => void (options.json || options.io.stderr(`  ${label}\n`)),
  });
  try {
    const { url } = await node.serve();
    options.print(
      { url, chain: node.chain.chainId, rpc: node.chain.url ?? null, deployment: node.deployment.path },
      `serving at ${url}`,
    );
    await untilStopped();
  } finally {
    await node.close();
  }
}

/** Deploys what is missing on the configured chain and says where it stands. */
export async function deployOnly(config: Config, onProgress: (step: Progress) => void): Promise<unknown> {
  const node: Node = await openNode(config, {
    deploy: true,
    onStep: (label, done, total) => onProgress({ label, ...(total === undefined ? {} : { done: done ?? 0, total }) }),
  });
  try {
    return {
      chain: node.chain.chainId,
      file: node.deployment.path,
      contracts: Object.fromEntries(node.deployment.entries().map(([name, { address }]) => [name, address])),
    };
  } finally {
    await node.close();
  }
}

/** Removes a data folder, but only one that a node made. */
function forget(dir: string): void {
  if (!existsSync(dir)) return;
  const known = new Set([
    "blobs",
    "chain",
    "database",
    "keys",
    "log",
    "witness",
    "lock",
    "lock.pid",
    "node.json",
    "receipt.json",
  ]);
  const strange = readdirSync(dir).filter((name) => !known.has(name) && !/^(deployment-\d+\.json|lock.*)$/.test(name));
  if (strange.length > 0) {
    throw new InvalidInputError(
      `--fresh would remove ${dir}, but it holds what no node made: ${strange.slice(0, 3).join(", ")}.`,
      {
        hints: ["Choose another folder with --dir, or remove it yourself."],
      },
    );
  }
  const beacon = join(dir, "node.json");
  if (existsSync(beacon) && serving(beacon)) {
    throw new UnavailableError(`A node is running on ${dir}.`, { hints: ["Stop it before you begin anew."] });
  }
  rmSync(dir, { recursive: true });
}

function serving(beacon: string): boolean {
  try {
    const { pid } = JSON.parse(readFileSync(beacon, "utf8")) as { pid: number };
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the process is asked to stop. */
function untilStopped(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
}

/** One line of the story for people. */
function tell({ status, title, detail, ms }: StoryStep): string {
  if (status === "running") return `  ...  ${title}\n`;
  const seconds = `${(ms / 1000).toFixed(1)} s`.padStart(7);
  return `  ${status === "done" ? "ok " : "!! "}  ${title}\n       ${detail} (${seconds.trim()})\n`;
}

function closing(report: Outcome & { totalMs: number; memoryMb: number }, url: string, serving: boolean): string {
  const lines = [
    "",
    `${report.verified ? "Everything verified" : "NOT VERIFIED"}: ${report.verification.passed} checks passed, ${report.verification.failed} failed, in ${(report.totalMs / 1000).toFixed(1)} s.`,
    ...(serving
      ? [
          "",
          `  dashboard   ${url}`,
          `  API         ${url}/openapi.json     MCP  ${url}/mcp`,
          "",
          "Try in another terminal:",
          `  npx assay trace payout:${report.payout.id}`,
          `  npx assay verify ${report.receipt}`,
          "  npx assay publish my.csv",
          "  npx assay doctor",
          "",
          "Ctrl-C stops the node; npm start goes on from here, npm start -- --fresh begins anew.",
        ]
      : []),
    "",
  ];
  return lines.join("\n");
}

/** Highest resident memory of this process so far, in MB. */
function peakMemory(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

function rounded(phases: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(phases).map(([name, ms]) => [name, Math.round(ms)]));
}
