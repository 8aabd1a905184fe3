import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { Keystore } from "./keystore.ts";

describe("settings", () => {
  test("flags win over the environment, the environment over the defaults", () => {
    const config = readConfig({ port: 1 }, { ASSAY_PORT: "2", ASSAY_OPERATORS: "a,b" });
    expect(config.port).toBe(1);
    expect(config.operators).toEqual(["a", "b"]);
    expect(config.chain).toBe("embedded");
    const ids = [`0x${"ab".repeat(32)}`, `0x${"cd".repeat(32)}`];
    expect(readConfig({}, { ASSAY_POLICIES: ids.join(",") }).policies).toEqual(ids);
    expect(() => readConfig({}, { ASSAY_POLICIES: "0x1" })).toThrow(/policies.*\n.*ASSAY_POLICIES/);
    expect(readConfig({}, { ASSAY_RPC_URL: "http://127.0.0.1:8545" }).chain).toBe("rpc");
  });
  test("a wrong setting is named", () => {
    expect(() => readConfig({}, { ASSAY_PORT: "eighty" })).toThrow(/"port".*\n.*ASSAY_PORT/);
    expect(() => readConfig({}, { DATABASE_URL: "mysql://x" })).toThrow(/databaseUrl/);
    expect(() => readConfig({ host: "0.0.0.0" })).toThrow(/token/);
    expect(() => readConfig({ nonsense: 1 })).toThrow(/nonsense/);
  });
});

describe("keys", () => {
  const dirs: string[] = [];
  const folder = () => dirs[dirs.push(mkdtempSync(join(tmpdir(), "keys-"))) - 1] as string;
  afterEach(() => {
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
  });

  test("a key opens again with its password and with no other", () => {
    const dir = folder();
    const made = new Keystore(dir, "correct horse").create("owner");
    expect(new Keystore(dir, "correct horse").get("owner").address).toBe(made.address);
    expect(() => new Keystore(dir, "wrong horse").get("owner")).toThrow(/does not open/);
  });
  test("no key bytes on disk, files readable by their owner only", () => {
    const dir = folder();
    const key = new Uint8Array(32).fill(0x5a);
    new Keystore(dir).create("owner", key);
    expect(readFileSync(join(dir, "owner.json"), "utf8")).not.toContain("5a5a5a5a");
    expect(statSync(join(dir, "owner.json")).mode & 0o077).toBe(0);
    expect(statSync(join(dir, ".secret")).mode & 0o077).toBe(0);
  });
  test("a key file under another name is refused", () => {
    const dir = folder();
    new Keystore(dir).create("owner");
    writeFileSync(join(dir, "thief.json"), readFileSync(join(dir, "owner.json")));
    expect(() => new Keystore(dir).get("thief")).toThrow(/does not open/);
    expect(() => new Keystore(dir).get("nobody")).toThrow(/Known keys: owner, thief/);
    expect(() => new Keystore(dir).create("../x")).toThrow(/no usable key name/);
  });
});
