import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { type Node, openNode } from "./node.ts";

const dir = mkdtempSync(join(tmpdir(), "assay-fresh-"));
let node: Node;

beforeAll(async () => {
  const config = readConfig({ dir, port: 0, panelists: ["p1", "p2", "p3"], keeper: false, logLevel: "error" });
  node = await openNode(config);
});
afterAll(async () => {
  await node.close();
  rmSync(dir, { recursive: true });
});

test("in a fresh folder everybody can pay at once, also who is only named by the contracts' settings", async () => {
  const { keys, chain } = node;
  expect(keys.names()).toEqual(expect.arrayContaining(["keeper", "underwriter", "p1"]));
  for (const name of keys.names())
    expect(await chain.client.getBalance({ address: keys.get(name).address }), name).toBeGreaterThan(0n);
  const { id } = (await node.runtime.call("assets.publish", { content: "a,b\n1,2\n", as: "underwriter" })) as {
    id: string;
  };
  expect(id).toBe("1");
});

test("a key that is made while the node runs can pay too", async () => {
  node.keys.create("late");
  const { id } = (await node.runtime.call("assets.publish", { content: "a,b\n3,4\n", as: "late" })) as { id: string };
  expect(id).toBe("2");
});
