import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assay, folder, killTree, looped, printed, start } from "./assay.ts";

/** A node process with the addresses it told of. */
interface Member {
  readonly dir: string;
  readonly child: ReturnType<typeof start>;
  readonly url: string;
}

const members: Member[] = [];
afterAll(() => {
  for (const { child } of members) killTree(child);
});

const names = ["north", "east", "south"];
let main: Member & { rpc: string; deployment: string };

beforeAll(async () => {
  const dir = folder();
  expect((await looped(dir)).code).toBe(0);
  // This node has the chain, the data, a watcher and the panel, but no operator.
  const child = start([
    "serve",
    "--dir",
    dir,
    "--port",
    "0",
    "--json",
    "--watchers",
    "watcher",
    "--panelists",
    "panelist-1",
    "panelist-2",
    "panelist-3",
  ]);
  const [, url, rpc, deployment] = await printed(child, /"url":"([^"]+)".*"rpc":"([^"]+)".*"deployment":"([^"]+)"/);
  main = { dir, child, url: String(url), rpc: String(rpc), deployment: String(deployment) };
  members.push(main);
}, 120_000);

const rpc = async (method: string, params: unknown[]) => {
  const response = await fetch(main.rpc, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { error, result } = (await response.json()) as { error?: { message: string }; result: unknown };
  if (error) throw new Error(error.message);
  return result;
};

test("three operators in three processes with keys, folders and bonds of their own agree and answer", {
  timeout: 180_000,
}, async () => {
  const started: (Member & { address: string; name: string })[] = [];
  for (const name of names) {
    const dir = folder();
    const made = await assay(["keys", "new", name, "--dir", dir, "--json"]);
    expect(made.code, made.stdout).toBe(0);
    await rpc("assay_fund", [made.json.address, `0x${(10n ** 19n).toString(16)}`]);
    const peers = [main.url, ...started.map(({ url }) => url)];
    const child = start([
      "serve",
      "--dir",
      dir,
      "--port",
      "0",
      "--json",
      "--no-keeper",
      "--rpc-url",
      main.rpc,
      "--deployment",
      main.deployment,
      "--operators",
      name,
      "--peers",
      ...peers,
    ]);
    const [, url] = await printed(child, /"url":"([^"]+)"/);
    const member = { dir, child, url: String(url), name, address: made.json.address as string };
    started.push(member);
    members.push(member);
    // The owner stands up the bond for each: money in the oracle's ledger under the operator's own address.
    const paid = await assay([
      "oracle",
      "deposit",
      "5000",
      "--as",
      "owner",
      "--to",
      member.address,
      "--dir",
      main.dir,
      "--json",
    ]);
    expect(paid.code, paid.stdout).toBe(0);
  }
  const policy = await assay([
    "oracle",
    "register-policy",
    ...started.flatMap(({ address }) => ["--operators", address]),
    "--threshold",
    "3",
    "--window",
    "600",
    "--bond",
    "1000",
    "--as",
    "owner",
    "--json",
    "--dir",
    main.dir,
  ]);
  expect(policy.code, policy.stdout).toBe(0);
  // The last one to start knows all others, so its turn leads to three signatures.
  const decided = await assay([
    "decide",
    "3",
    "--data",
    "1",
    "--from",
    "2015-05-01",
    "--to",
    "2015-07-29",
    "--policy",
    policy.json.policyId,
    "--as",
    "owner",
    "--wait",
    "100",
    "--json",
    "--dir",
    main.dir,
  ]);
  expect(decided.code, decided.stdout + decided.stderr).toBe(0);
  expect(decided.json.final).toBe(true);
  const signers = decided.json.signers.map((one: string) => one.toLowerCase()).sort();
  expect(signers).toEqual(started.map(({ address }) => address.toLowerCase()).sort());
  // The key of each operator is in its own folder and nowhere else.
  for (const { dir, name } of started) {
    expect(JSON.parse(readFileSync(join(dir, "keys", `${name}.json`), "utf8")).cipher.text).toMatch(/^[0-9a-f]+$/);
  }
});
