import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { InvalidInputError, UnavailableError } from "@base/errors";
import { numberToHex } from "viem";
import { head, makeChain, marketFees } from "./client.ts";
import { PortTakenError } from "./errors.ts";
import { httpRpc } from "./http.ts";
import { checkChainId } from "./rpc.ts";
import type { Chain } from "./types.ts";

export interface AnvilOptions {
  /** Folder for anvil's throwaway home; the system's temporary folder unless given. State does not outlive `close`. */
  readonly dir?: string;
  /** Port on 127.0.0.1; 0 or left out takes a free one. */
  readonly port?: number;
  readonly chainId?: number;
  /** Blocks on top of one before it counts as final; 0 unless given, since anvil reorganises only when told to. */
  readonly depth?: number;
}

/**
 * Runs anvil and removes home and all when our end of its input closes: on `close`, and however this process ends.
 * `$0` is the home; the rest is the command. The shell lets go of its output, so that no broken pipe ends it early.
 */
const keeper = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
exec >/dev/null 2>&1
(cat <&3; kill -9 $child) &
wait $child
status=$?
rm -rf -- "$0"
exit $status`;

/** Starts a fresh anvil chain of its own. Throws PortTakenError, UnavailableError when it is not installed. */
export async function openAnvil(options: AnvilOptions = {}): Promise<Chain> {
  const parent = options.dir ?? tmpdir();
  await mkdir(parent, { recursive: true });
  const home = await mkdtemp(join(parent, "anvil-"));
  const process_ = start(home, options);
  const stop = async (): Promise<void> => {
    process_.child.stdin.destroy();
    await process_.exited;
    await rm(home, { recursive: true, force: true });
  };
  try {
    const url = `http://${await process_.listening}`;
    const rpc = httpRpc(url);
    const chainId = await checkChainId(rpc, options.chainId);
    const mine = async (n: number): Promise<void> => void (await rpc.request("anvil_mine", [numberToHex(n), "0x0"]));
    return makeChain({
      kind: "anvil",
      chainId,
      rpc,
      simulateOn: "pending",
      trustNonces: 0,
      poll: { first: 2, most: 50, patience: 10_000 },
      fees: () => marketFees(rpc),
      settled: async () => {
        const { number } = await head(rpc);
        const depth = BigInt(options.depth ?? 0);
        return number > depth ? number - depth : 0n;
      },
      dev: {
        async advance(seconds) {
          if (!Number.isSafeInteger(seconds) || seconds < 1) throw new InvalidInputError("seconds must be 1 or more.");
          const { timestamp } = await head(rpc);
          await rpc.request("evm_increaseTime", [numberToHex(seconds)]);
          await mine(1);
          const moved = (await head(rpc)).timestamp - timestamp;
          if (moved >= BigInt(seconds)) return;
          await rpc.request("evm_setNextBlockTimestamp", [numberToHex(timestamp + BigInt(seconds))]);
          await mine(1);
        },
        async fund(address, wei) {
          const balance = BigInt((await rpc.request("eth_getBalance", [address, "latest"])) as string);
          await rpc.request("anvil_setBalance", [address, numberToHex(balance + wei)]);
        },
        mine: async (n = 1) => await mine(n),
      },
      url,
      close: stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

function start(home: string, options: AnvilOptions) {
  const flags = ["--host", "127.0.0.1", "--port", String(options.port ?? 0), "--accounts", "0"];
  flags.push("--chain-id", String(options.chainId ?? 31_337), "--hardfork", "osaka", "--prune-history", "64");
  const child = spawn("/bin/sh", ["-c", keeper, home, binary(), ...flags], {
    env: { HOME: home, TMPDIR: home, PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "pipe", "pipe"],
    cwd: home,
  });
  child.stdin.on("error", () => {});
  let said = "";
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const listening = new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-8_000);
      const match = /Listening on (\S+)/.exec(said);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", (cause) => reject(new UnavailableError("anvil cannot be started.", { cause })));
    child.once("exit", () => {
      const port = options.port ?? 0;
      if (/address (already )?in use/i.test(said)) {
        reject(
          new PortTakenError(`Port ${port} on 127.0.0.1 is taken.`, {
            data: { port },
            hints: ["Choose another port, or leave it out to get a free one."],
          }),
        );
      } else reject(new UnavailableError("anvil ended before it was ready.", { details: said.trim().slice(-500) }));
    });
  });
  return { child, listening, exited };
}

/** Path of the anvil program that npm installed for this platform. */
function binary(): string {
  const names: Record<string, string> = { "linux-x64": "linux-amd64", "darwin-x64": "darwin-amd64" };
  const platform = `${process.platform}-${process.arch}`;
  const name = `@foundry-rs/anvil-${names[platform] ?? platform}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), "bin", "anvil");
  } catch (cause) {
    throw new UnavailableError(`anvil is not installed for ${platform}.`, {
      cause,
      kind: "user",
      hints: [`Install the npm package ${name}, or use the embedded chain.`],
    });
  }
}
