#!/usr/bin/env node
// The `assay` command: starts the command line on the right Node. Works on any Node from 20 on.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { bootstrap, root } from "./bootstrap.mjs";

const node = bootstrap();
const main = join(root, "packages", "shells", "cli", "src", "main.ts");
const flags = ["--disable-warning=ExperimentalWarning"]; // types are stripped in place: no source map is wanted
const env = { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "assay"), ...process.env };
const child = spawn(node, [...flags, main, ...process.argv.slice(2)], { stdio: "inherit", env });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) =>
  process.exit(signal ? 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1) : (code ?? 1)),
);
