import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "web");

/**
 * Folder of the built dashboard; builds it with Vite where that was never done or the sources are newer. Undefined, after saying why, where that
 * fails: a node serves its API all the same.
 */
export async function buildDashboard(say: (text: string) => void): Promise<string | undefined> {
  const dist = join(web, "dist");
  if (upToDate(dist)) return dist;
  say("building the dashboard (once)");
  rmSync(join(dist, "assets"), { recursive: true, force: true });
  const alone = await build(["-c", join(web, "vite.verify.config.ts")], say);
  const pages = await build([web], say);
  if (alone === 0 && pages === 0) return dist;
  say("the dashboard could not be built; the API is served without it");
  return undefined;
}

function build(which: readonly string[], say: (text: string) => void): Promise<number | null> {
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin", "vite.js");
  return new Promise((done) => {
    const child = spawn(process.execPath, [vite, "build", "--logLevel", "error", ...which], {
      env: { ...process.env, NODE_ENV: "production" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (text) => say(String(text).trimEnd()));
    child.once("error", () => done(1));
    child.once("exit", done);
  });
}

function upToDate(dist: string): boolean {
  const index = join(dist, "index.html");
  if (!existsSync(index)) return false;
  const built = statSync(index).mtimeMs;
  const sources = ["src", "verify"].flatMap((folder) =>
    readdirSync(join(web, folder), { recursive: true, withFileTypes: true }),
  );
  return sources.every((file) => !file.isFile() || statSync(join(file.parentPath, file.name)).mtimeMs <= built);
}
