#!/usr/bin/env node
// Writes each room's src/abi.ts and src/bytecode.ts, locks/contracts.json and locks/built.json from Hardhat's artifacts.
//   hardhat build --build-profile production && node tools/abi.mjs            write
//   hardhat build --build-profile production && node tools/abi.mjs --check    compare, exit 1 at the first difference
// Rooms as arguments (protocols/oracle) limit either to these, without the lock file; --root=FOLDER works elsewhere.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { keccak256, stringToHex } from "viem/utils";
import { fileHash, sourcesHash } from "./sources.mjs";

/** EIP-170 and EIP-3860. */
const maxCode = 24_576;
const maxInitCode = 49_152;

const rootFlag = process.argv.find((argument) => argument.startsWith("--root="));
const root = resolve(rootFlag?.slice("--root=".length) ?? join(import.meta.dirname, ".."));
const check = process.argv.includes("--check");
const only = [];
for (const argument of process.argv.slice(2)) {
  if (argument === "--check" || argument === rootFlag) continue;
  if (!/^\w+\/[\w-]+$/.test(argument))
    fail(`unknown argument ${argument}; give --check, or rooms like protocols/oracle`);
  if (!existsSync(join(root, "packages", argument, "contracts"))) fail(`packages/${argument} has no contracts`);
  only.push(argument);
}

function fail(message) {
  process.stderr.write(`abi: ${message}\n`);
  process.exit(1);
}

const folders = (path) =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];

function* rooms() {
  for (const floor of folders(join(root, "packages"))) {
    for (const room of folders(join(root, "packages", floor))) {
      if (existsSync(join(root, "packages", floor, room, "contracts"))) yield `${floor}/${room}`;
    }
  }
}

function* solidityFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* solidityFiles(path);
    else if (entry.name.endsWith(".sol")) yield path;
  }
}

const isTest = (path) => path.endsWith(".t.sol") || /(^|\/)(mocks?|test)\//i.test(path) || /^Mock/.test(basename(path));

/**
 * Nobody deploys a library by itself: one with external functions starts its code by comparing its own address
 * (PUSH20 <address> ADDRESS EQ), one without has nothing to call.
 */
const isLibrary = (artifact) =>
  /^0x73(0{40}|__\$.{34}\$__)3014/.test(artifact.deployedBytecode) ||
  artifact.abi.every((item) => item.type === "error" || item.type === "event");
const isDeployable = (artifact) => artifact.bytecode !== "0x" && !isLibrary(artifact);
const isInterface = (artifact) => artifact.bytecode === "0x" && /^I[A-Z]/.test(artifact.contractName);

const rebuild = "run: hardhat build --build-profile production";
const builds = new Map();

/** The artifact has to come from the production profile and from the source as it is now. */
function assertFresh(artifact, path, source) {
  const id = artifact.buildInfoId;
  if (!builds.has(id)) {
    const file = join(root, "artifacts/build-info", `${id}.json`);
    if (!existsSync(file)) fail(`${path}: its build ${id} is missing; ${rebuild}`);
    builds.set(id, JSON.parse(readFileSync(file, "utf8")).input);
  }
  const input = builds.get(id);
  if (input.settings.viaIR !== true) fail(`${path} was not built for production; ${rebuild}`);
  const built = input.sources[artifact.inputSourceName]?.content;
  if (built !== readFileSync(source, "utf8"))
    fail(`${source.slice(root.length + 1)} changed since it was built; ${rebuild}`);
}

/** A file of nothing but structs, constants or free functions leaves no artifact. */
const definesContract = (source) =>
  /^\s*(abstract\s+)?(contract|interface|library)\s+\w/m.test(readFileSync(source, "utf8"));

/** The artifacts of one room that programs outside Solidity use, by name. */
function roomArtifacts(room) {
  const contracts = join(root, "packages", room, "contracts");
  const found = [];
  for (const file of solidityFiles(contracts)) {
    const inRoom = file.slice(contracts.length + 1);
    if (isTest(inRoom)) continue;
    const folder = join(root, "artifacts/packages", room, "contracts", inRoom);
    if (!existsSync(folder)) {
      if (definesContract(file)) fail(`${file.slice(root.length + 1)} is not built; ${rebuild}`);
      continue;
    }
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith(".json")) continue;
      const artifact = JSON.parse(readFileSync(join(folder, name), "utf8"));
      if (!isDeployable(artifact) && !isInterface(artifact)) continue;
      assertFresh(artifact, join(folder, name), file);
      if (artifact.bytecode.includes("__$"))
        fail(`${artifact.contractName} needs a linked library, which is not supported`);
      found.push(artifact);
    }
  }
  return found.sort((a, b) => (a.contractName < b.contractName ? -1 : 1));
}

const camel = (name) => name[0].toLowerCase() + name.slice(1);
const header = "// Generated by tools/abi.mjs from the contracts beside it. Do not edit.\n";

function abiFile(artifacts) {
  const parts = artifacts.map(({ contractName, abi }) => {
    const items = abi.map((item) => `  ${JSON.stringify(item)},\n`).join("");
    return `\n/** ABI of ${contractName}. */\nexport const ${camel(contractName)}Abi = [\n${items}] as const satisfies Abi;\n`;
  });
  return `${header}import type { Abi } from "viem";\n${parts.join("")}`;
}

function bytecodeFile(artifacts) {
  const parts = artifacts.map(
    ({ contractName, bytecode }) =>
      `\n/** Creation code of ${contractName}. */\nexport const ${camel(contractName)}Bytecode: Hex =\n  "${bytecode}";\n`,
  );
  return `${header}import type { Hex } from "viem";\n${parts.join("")}`;
}

const size = (hex) => (hex.length - 2) / 2;
/** What should be there: path to text, or to undefined where nothing should be. */
const wanted = new Map();
const lock = new Map();

for (const room of only.length > 0 ? only : rooms()) {
  const artifacts = roomArtifacts(room);
  const deployable = artifacts.filter(isDeployable);
  const src = join("packages", room, "src");
  wanted.set(join(src, "abi.ts"), artifacts.length > 0 ? abiFile(artifacts) : undefined);
  wanted.set(join(src, "bytecode.ts"), deployable.length > 0 ? bytecodeFile(deployable) : undefined);
  for (const { contractName, bytecode, deployedBytecode, abi } of deployable) {
    if (lock.has(contractName)) fail(`two contracts are called ${contractName}`);
    const [bytes, initCodeBytes] = [size(deployedBytecode), size(bytecode)];
    if (bytes > maxCode) fail(`${contractName} has ${bytes} bytes of code, the limit is ${maxCode}`);
    if (initCodeBytes > maxInitCode)
      fail(`${contractName} has ${initCodeBytes} bytes of creation code, the limit is ${maxInitCode}`);
    const abiHash = keccak256(stringToHex(JSON.stringify(abi)));
    lock.set(contractName, { bytes, initCodeBytes, codeHash: keccak256(deployedBytecode), abiHash });
  }
}
if (wanted.size === 0) fail("no room has contracts");
if (only.length === 0) {
  wanted.set("locks/contracts.json", lockFile());
  const generated = [...wanted].filter(([, text]) => text !== undefined).map(([path, text]) => [path, fileHash(text)]);
  const built = { sources: await sourcesHash(root), files: Object.fromEntries(generated) };
  wanted.set("locks/built.json", `${JSON.stringify(built, null, 2)}\n`);
}

function lockFile() {
  const sorted = [...lock].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}

let changed = 0;
for (const [path, text] of wanted) {
  const file = join(root, path);
  const current = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (current === text) continue;
  if (check) fail(`${path} differs from what the contracts give; run: npm run build:contracts`);
  changed++;
  if (text === undefined) rmSync(file);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
process.stdout.write(
  `abi: ${lock.size} contracts, ${wanted.size} files, ${check ? "all as built" : `${changed} written`}\n`,
);
