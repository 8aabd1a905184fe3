// Stores one file in a process of its own, and tells seconds and the most memory the process ever held.
import { readFileSync } from "node:fs";
import { openStore } from "../src/index.ts";

const [dir, source, how] = process.argv.slice(2) as [string, string, string];
const store = await openStore({ dir });
const started = performance.now();
const { root, size } = await store.putFile(source, { inPlace: how === "inPlace" });
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ root, size, seconds, megabytes: mostMemory() / 1024 }));

/** KiB. Where Linux tells it, of this program alone: the figure of `getrusage` begins with the parent's memory. */
function mostMemory(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}
