#!/usr/bin/env node
// Completes package-lock.json with the optional packages of other platforms, which npm leaves out when the mirror it
// asked does not hold them; without their entries `npm ci` calls the lock out of sync. Prints how many it added.
import { readFileSync, writeFileSync } from "node:fs";

const file = "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = {
  darwin: "darwin",
  linux: "linux",
  linuxmusl: "linux",
  win32: "win32",
  windows: "win32",
  android: "android",
  freebsd: "freebsd",
  openbsd: "openbsd",
  netbsd: "netbsd",
  openharmony: "openharmony",
  sunos: "sunos",
  aix: "aix",
};
const processors = {
  x64: "x64",
  amd64: "x64",
  arm64: "arm64",
  arm: "arm",
  armv7: "arm",
  ia32: "ia32",
  x86: "ia32",
  i686: "ia32",
  s390x: "s390x",
  ppc64: "ppc64",
  ppc64le: "ppc64",
  riscv64: "riscv64",
  loong64: "loong64",
  mips64el: "mips64el",
  wasm32: "wasm32",
};

let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] || !/^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) continue;
    const words = name.split(/[-/_]/);
    const os = words.map((word) => systems[word]).find(Boolean);
    const cpu = words
      .map((word) => processors[word] ?? processors[word.replace(/(gnu|musl|eabihf)+$/, "")])
      .find(Boolean);
    if (!os && !cpu) continue;
    lock.packages[key] = {
      version,
      ...(cpu && { cpu: [cpu] }),
      dev: entry.dev ?? false,
      license: entry.license,
      optional: true,
      ...(os && { os: [os] }),
    };
    if (!lock.packages[key].dev) delete lock.packages[key].dev;
    added++;
  }
}
const sorted = Object.keys(lock.packages).sort((a, b) => (a === "" ? -1 : b === "" ? 1 : a.localeCompare(b, "en")));
lock.packages = Object.fromEntries(sorted.map((key) => [key, lock.packages[key]]));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`lock: ${added} packages of other platforms added`);
