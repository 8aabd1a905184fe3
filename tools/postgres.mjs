#!/usr/bin/env node
// A throwaway PostgreSQL for the tests: `start` prints its URL and its folder, `stop <folder>` ends it and removes the folder.
// Uses an installed PostgreSQL, or installs Debian's where it may (root on Linux with apt-get). Where there is none to be
// had it says why on stderr, prints nothing on stdout and exits 0: the tests then run on the embedded database alone.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const isRoot = process.getuid?.() === 0;

/** Folder with initdb and pg_ctl, the newest version first; undefined when there is none. */
function findBinaries() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return folders.find((folder) => ["initdb", "pg_ctl", "postgres"].every((name) => existsSync(join(folder, name))));
}

/** Installs Debian's PostgreSQL without its default cluster; gives the reason when that is impossible. */
function install() {
  if (process.platform !== "linux" || !isRoot) return "it is not installed, and only root on Linux can install it here";
  if (spawnSync("apt-get", ["--version"]).status !== 0) return "it is not installed, and there is no apt-get";
  const conf = "/etc/postgresql-common/createcluster.conf";
  if (!existsSync(conf)) {
    mkdirSync("/etc/postgresql-common", { recursive: true });
    writeFileSync(conf, "create_main_cluster = false\n");
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args) =>
    spawnSync("apt-get", ["-qq", "-o", "Dpkg::Options::=--force-confold", ...args], { env, encoding: "utf8" });
  apt("update");
  const run = apt("install", "-y", "--no-install-recommends", "postgresql");
  return run.status === 0 ? undefined : `apt-get could not install it: ${(run.stderr ?? "").trim().split("\n").at(-1)}`;
}

/** PostgreSQL does not run as root: the account to run as, {} when we are somebody else already. */
function account() {
  if (!isRoot) return {};
  for (const name of ["postgres", "nobody"]) {
    const ids = ["-u", "-g"].map((flag) => spawnSync("id", [flag, name], { encoding: "utf8" }));
    if (ids.every((id) => id.status === 0)) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  return undefined;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function start() {
  const reason = findBinaries() ? undefined : install();
  const bin = findBinaries();
  const as = account();
  if (!bin || !as) return giveUp(reason ?? "no account to run it as");
  const dir = mkdtempSync(join(tmpdir(), "assay-postgres-"));
  const passwordFile = join(dir, "password");
  const data = join(dir, "data");
  const log = join(dir, "log");
  const password = randomBytes(16).toString("hex");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (as.uid !== undefined) for (const path of [dir, passwordFile]) chownSync(path, as.uid, as.gid);
  chmodSync(dir, 0o700);
  const run = (name, args) =>
    spawnSync(join(bin, name), args, { ...as, cwd: dir, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  const made = run("initdb", [
    "-D",
    data,
    "-U",
    "assay",
    "-A",
    "scram-sha-256",
    "--pwfile",
    passwordFile,
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ]);
  if (made.status !== 0) return giveUp(`initdb: ${made.stderr || made.error}`, dir);
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  // stderr is not a pipe here: the server would keep it open and this call would never return.
  const started = spawnSync(join(bin, "pg_ctl"), ["-D", data, "-l", log, "-o", settings, "-w", "-t", "30", "start"], {
    ...as,
    cwd: dir,
    stdio: "ignore",
  });
  if (started.status !== 0) return giveUp(existsSync(log) ? readFileSync(log, "utf8") : "pg_ctl failed", dir);
  console.log(`postgres://assay:${password}@127.0.0.1:${port}/postgres\n${dir}`);
}

function stop(dir) {
  const data = join(dir ?? "", "data");
  if (!dir || !existsSync(join(data, "PG_VERSION"))) {
    console.error(`${dir ?? "(no folder named)"} is not a folder that "start" made.`);
    process.exit(2);
  }
  spawnSync(join(findBinaries() ?? "", "pg_ctl"), ["-D", data, "-m", "immediate", "-w", "stop"], {
    ...account(),
    cwd: dir,
    stdio: "ignore",
  });
  rmSync(dir, { recursive: true, force: true });
}

function giveUp(why, dir) {
  console.error(`PostgreSQL is not available: ${why.trim()}`);
  if (dir) rmSync(dir, { recursive: true, force: true });
}

const [verb = "start", dir] = process.argv.slice(2);
if (verb === "start") await start();
else if (verb === "stop") stop(dir);
else {
  console.error("Usage: node tools/postgres.mjs start | stop <folder>");
  process.exit(2);
}
