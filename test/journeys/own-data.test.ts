import { truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assay, type Done, folder, killTree, looped, printed, start } from "./assay.ts";

const home = folder();
const dir = join(home, "data");
const here = ["--dir", dir];

/** A small table with a rule to learn: y = 0.3 a - 0.2 b + 0.4, and a little noise that is no random number. */
function table(rows: number): string {
  const lines = ["a,b,y"];
  for (let i = 0; i < rows; i++) {
    const a = ((i * 37) % 101) / 100;
    const b = ((i * 53) % 97) / 96;
    lines.push(`${a},${b.toFixed(4)},${(0.3 * a - 0.2 * b + 0.4 + (((i * 29) % 11) - 5) / 500).toFixed(4)}`);
  }
  return `${lines.join("\n")}\n`;
}

describe("the same verbs on one's own data", () => {
  const csv = join(home, "my.csv");
  let node: ReturnType<typeof start>;
  let published: Done;
  let trained: Done;

  beforeAll(async () => {
    writeFileSync(csv, table(400));
    // The loop first, so that people have money and operators stand by.
    expect((await looped(dir)).code).toBe(0);
    node = start(["serve", ...here, "--port", "0"]);
    await printed(node, /serving at http/);
  }, 120_000);

  afterAll(() => killTree(node));

  test("publish, train, decide, trace, receipt, verify", { timeout: 120_000 }, async () => {
    published = await assay([
      "publish",
      csv,
      "--name",
      "My table",
      "--licence",
      "CC-BY-4.0",
      "--as",
      "owner",
      "--json",
      ...here,
    ]);
    expect(published.stdout + published.stderr).toContain('"rows":400');
    trained = await assay([
      "train",
      published.json.id,
      "--target",
      "y",
      "--epochs",
      "30",
      "--as",
      "owner",
      "--json",
      ...here,
    ]);
    expect(trained.code, trained.stdout).toBe(0);
    expect(trained.json.metrics.rmse).toBeLessThan(trained.json.metrics.baselineRmse);
    const decided = await assay(["decide", trained.json.id, "--row", "7", "--as", "owner", "--json", ...here]);
    expect(decided.code, decided.stdout).toBe(0);
    expect(decided.json.final).toBe(true);
    expect(decided.json.reasons.length).toBeGreaterThan(0);
    const sum =
      decided.json.base + decided.json.reasons.reduce((total: number, one: { value: number }) => total + one.value, 0);
    expect(sum).toBeCloseTo(decided.json.value, 3);
    const traced = await assay(["trace", `decision:${decided.json.id}`, ...here]);
    expect(traced.stdout).toContain("My table");
    const receipt = join(home, "decision.json");
    expect((await assay(["receipt", `decision:${decided.json.id}`, "--out", receipt, "--json", ...here])).code).toBe(0);
    const verified = await assay(["verify", receipt, "--json", ...here]);
    expect(verified.code, verified.stdout).toBe(0);
  });

  test("the model in integers: quantised, asked, its reasons add up, its receipt verifies", {
    timeout: 120_000,
  }, async () => {
    const made = ["model", "quantize", trained.json.id, "--data", published.json.id, "--as", "owner"];
    const small = await assay([...made, "--json", ...here]);
    expect(small.code, small.stdout + small.stderr).toBe(0);
    const asked = ["decide", small.json.id, "--data", published.json.id, "--row", "7", "--as", "owner"];
    const decided = await assay([...asked, "--json", ...here]);
    expect(decided.code, decided.stdout + decided.stderr).toBe(0);
    expect(decided.json).toMatchObject({ final: true });
    const { base, reasons, value, id } = decided.json;
    expect(reasons.map(({ name }: { name: string }) => name).sort()).toEqual(["a", "b"]);
    const sum = base + reasons.reduce((total: number, one: { value: number }) => total + one.value, 0);
    expect(sum).toBeCloseTo(value, 5);
    const receipt = join(home, "integers.json");
    expect((await assay(["receipt", `decision:${id}`, "--out", receipt, "--json", ...here])).code).toBe(0);
    const verified = await assay(["verify", receipt, "--json", ...here]);
    expect(verified.code, verified.stdout).toBe(0);
  });

  test("publishing the same bytes again gives the same asset and sends nothing", async () => {
    const again = await assay([
      "publish",
      csv,
      "--name",
      "My table",
      "--licence",
      "CC-BY-4.0",
      "--as",
      "owner",
      "--json",
      ...here,
    ]);
    expect(again.json).toMatchObject({ id: published.json.id, root: published.json.root, existing: true, tx: null });
  });

  test("a second process on the same folder is told who has it", async () => {
    const second = await assay(["serve", ...here, "--port", "0", "--json"]);
    expect(second.code).toBe(75);
    expect(second.json.error.message).toMatch(/\d+/);
  });

  test("a port that is taken is named", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const { port } = server.address() as AddressInfo;
    const taken = await assay(["serve", "--dir", folder(), "--port", String(port), "--json"]);
    server.close();
    expect(taken.code).not.toBe(0);
    expect(taken.json.error.message).toContain(String(port));
  });

  describe("what is wrong with a table is said with file, row and column", () => {
    const cases: [string, string | Uint8Array, RegExp][] = [
      ["ragged.csv", "a,b\n1,2\n3\n", /row 2/i],
      ["types.csv", "a,b\n1,2\n3,x\n4,5\n", /"?b"?/],
      ["missing.csv", "a,b\n1,2\n,4\n", /"?a"?/],
      ["binary.csv", new Uint8Array([0, 1, 2, 255, 254, 0, 7]), /binary|UTF-8|text/i],
      ["empty.csv", "", /empty/i],
      ["header.csv", "a,b\n", /row/i],
    ];
    test.each(cases)("%s", async (name, content, message) => {
      const file = join(home, name);
      writeFileSync(file, content);
      const refused = await assay(["publish", file, "--as", "owner", "--json", ...here]);
      expect(refused.code).toBe(2);
      expect(refused.json.error.message).toContain(name);
      expect(refused.json.error.message).toMatch(message);
    });

    test("two gigabytes are refused at once where they shall be a table", async () => {
      const file = join(home, "huge.csv");
      writeFileSync(file, "a,b\n1,2\n");
      truncateSync(file, 2 ** 31);
      const began = Date.now();
      const refused = await assay(["publish", file, "--format", "csv", "--as", "owner", "--json", ...here]);
      expect(refused.code).toBe(2);
      expect(refused.json.error.message).toContain("huge.csv");
      expect(Date.now() - began).toBeLessThan(20_000);
    });
  });

  test.each([
    [["show", "999"], 3],
    [["trace", "payout:999"], 3],
    [["decide", "999", "--row", "1", "--as", "owner"], 3],
    [["decide", "3", "--from", "1999-01-01", "--to", "1999-03-31", "--as", "owner"], 2],
    [["publish", "nowhere.csv", "--as", "owner"], 3],
    [["publish", "nowhere.csv", "--as", "nobody"], 3],
    [["pubish", "x"], 2],
    [["train", "1", "--target", "nothing", "--as", "owner"], 2],
  ] as [string[], number][])("%j ends with %i", async (args, code) => {
    const done = await assay([...args, "--json", ...here]);
    expect(done.code, done.stdout + done.stderr).toBe(code);
    expect(done.json.error.message.length).toBeGreaterThan(10);
    expect(done.stdout).not.toMatch(/\s+at .*\.ts:\d+/);
  });
});

describe("another chain", () => {
  test("a chain that does not answer, and a wrong one, are said so", async () => {
    const down = await assay(["serve", "--rpc-url", "http://127.0.0.1:9", "--dir", folder(), "--json"]);
    expect(down.code).toBe(75);
    expect(down.json.error.message).toContain("127.0.0.1:9");
    const home2 = folder();
    const chain = start(["serve", "--dir", home2, "--port", "0", "--json"]);
    const [, rpc] = await printed(chain, /"rpc":"(http[^"]+)"/);
    const wrong = await assay(["serve", "--rpc-url", String(rpc), "--chain-id", "5", "--dir", folder(), "--json"]);
    killTree(chain);
    expect(wrong.code).toBe(2);
    expect(wrong.json.error.message).toMatch(/31337/);
  });
});
