import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const tool = join(import.meta.dirname, "abi.mjs");
let root: string;

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A source file and the artifact that Hardhat would have made of it. */
function contract(file: string, name: string, over: Record<string, unknown> = {}, viaIR = true): void {
  const source = `contract ${name} {}`;
  put(`packages/${file}`, source);
  put(
    `artifacts/build-info/b-${name}.json`,
    JSON.stringify({ input: { settings: { viaIR }, sources: { [file]: { content: source } } } }),
  );
  const artifact = {
    contractName: name,
    abi: [{ type: "function", name: "f", inputs: [], outputs: [], stateMutability: "view" }],
    bytecode: "0x6001",
    deployedBytecode: "0x60",
    inputSourceName: file,
    buildInfoId: `b-${name}`,
    ...over,
  };
  put(`artifacts/packages/${file}/${name}.json`, JSON.stringify(artifact));
}

function run(...options: string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, `--root=${root}`, ...options], {
    encoding: "utf8",
  });
  return { code: status, said: stdout + stderr };
}

const read = (path: string): string => readFileSync(join(root, path), "utf8");

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "assay-abi-"));
  put(
    "hardhat.config.ts",
    "export default { solidity: { profiles: { production: { compilers: [{ settings: {} }] } } } };",
  );
  contract("protocols/oracle/contracts/Oracle.sol", "Oracle");
  contract("protocols/oracle/contracts/IOracle.sol", "IOracle", { bytecode: "0x", deployedBytecode: "0x" });
  contract("protocols/oracle/contracts/Base.sol", "Base", { bytecode: "0x", deployedBytecode: "0x" });
  contract("protocols/oracle/contracts/Oracle.t.sol", "OracleTest");
  contract("protocols/oracle/contracts/mocks/Mock.sol", "Mock");
  contract("base/units/contracts/Wad.sol", "Wad", { abi: [{ type: "error", name: "Overflow", inputs: [] }] });
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

it("exports what programs use: deployable contracts and interfaces, no tests, libraries or abstract ones", () => {
  expect(run().code).toBe(0);
  const abi = read("packages/protocols/oracle/src/abi.ts");
  expect(abi.split("\n")[0]).toMatch(/generated/i);
  expect([...abi.matchAll(/export const (\w+)/g)].map((match) => match[1])).toEqual(["iOracleAbi", "oracleAbi"]);
  const bytecode = read("packages/protocols/oracle/src/bytecode.ts");
  expect([...bytecode.matchAll(/export const (\w+)/g)].map((match) => match[1])).toEqual(["oracleBytecode"]);
  expect(existsSync(join(root, "packages/base/units/src/abi.ts"))).toBe(false);
  const lock = JSON.parse(read("locks/contracts.json")) as Record<string, { bytes: number }>;
  expect(Object.keys(lock)).toEqual(["Oracle"]);
  expect(lock["Oracle"]).toMatchObject({ bytes: 1, initCodeBytes: 2 });
  expect(run("--check")).toMatchObject({ code: 0 });
});

it("names the first file that differs", () => {
  run();
  put("packages/protocols/oracle/src/abi.ts", "changed");
  expect(run("--check")).toMatchObject({
    code: 1,
    said: expect.stringContaining("packages/protocols/oracle/src/abi.ts"),
  });
  expect(run("--check", "base/units").code).toBe(0);
  run();
  put("packages/base/units/src/abi.ts", "left over");
  expect(run("--check")).toMatchObject({ code: 1, said: expect.stringContaining("packages/base/units/src/abi.ts") });
});

it("refuses code over the limit, artifacts of another profile, and sources changed since", () => {
  contract("protocols/oracle/contracts/Oracle.sol", "Oracle", { deployedBytecode: `0x${"00".repeat(24_577)}` });
  expect(run()).toMatchObject({ code: 1, said: expect.stringContaining("24577 bytes") });
  contract("protocols/oracle/contracts/Oracle.sol", "Oracle", {}, false);
  expect(run()).toMatchObject({ code: 1, said: expect.stringContaining("not built for production") });
  contract("protocols/oracle/contracts/Oracle.sol", "Oracle");
  put("packages/protocols/oracle/contracts/Oracle.sol", "contract Oracle { uint256 x; }");
  expect(run()).toMatchObject({ code: 1, said: expect.stringContaining("changed since it was built") });
  put("packages/protocols/oracle/contracts/New.sol", "contract New {}");
  expect(run()).toMatchObject({ code: 1, said: expect.stringContaining("New.sol is not built") });
  expect(run("--wat")).toMatchObject({ code: 1, said: expect.stringContaining("--wat") });
});
