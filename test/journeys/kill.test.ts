import { join } from "node:path";
import { openChain } from "@machines/chain";
import { openDatabase } from "@machines/store";
import { expect, test } from "vitest";
import { assay, folder } from "./assay.ts";

/** Milliseconds after which the process is killed: spread over the whole loop, another place in every run. */
const moments = [600, 1_700, 3_000, 4_500, 7_000].map((base) => base + Math.floor(Math.random() * 1_200));

test(`killed after ${moments.join(", ")} ms, it loses nothing acknowledged and completes`, {
  timeout: 240_000,
}, async () => {
  const dir = folder();
  const args = ["up", "--once", "--json", "--dir", dir, "--port", "0"];
  const acknowledged = new Map<string, number>();
  for (const moment of moments) {
    await assay(args, { killAfter: moment });
    for (const [tx, gas] of await sent(dir)) acknowledged.set(tx, gas);
  }
  const done = await assay(args);
  expect(done.stderr).not.toMatch(/"level":"error"/);
  expect(done.code).toBe(0);
  expect(done.json.verified).toBe(true);
  // One of each: nothing was bought, published or paid twice.
  expect(done.json.dataset.id).toBe("1");
  expect(done.json.model.id).toBe("3");
  expect(done.json.policy.id).toBe("1000001");
  // Everything that happened is on the log, and once (L3).
  const audited = await assay(["log", "audit", "--json", "--dir", dir]);
  const listed = await assay(["log", "list", "--kind", "event", "--limit", "1000", "--json", "--dir", dir]);
  const events = (listed.json.records as { value: { subject: { name: string }[] } }[]).map(
    ({ value }) => value.subject.find(({ name }) => name.startsWith("event:"))?.name,
  );
  expect(events.length).toBeGreaterThan(30);
  expect(new Set(events).size).toBe(events.length);
  expect(audited.json.events).toBe(events.length);
  const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  try {
    for (const [tx, gas] of acknowledged) {
      const receipt = await chain.client.getTransactionReceipt({ hash: tx as `0x${string}` });
      expect(Number(receipt.gasUsed)).toBe(gas);
    }
  } finally {
    await chain.close();
  }
});

/** Transactions that the killed node had noted as done. */
async function sent(dir: string): Promise<Map<string, number>> {
  const db = await openDatabase({ dir: join(dir, "database") }, []);
  try {
    const tables = await db.kysely.introspection.getTables();
    if (!tables.some(({ name }) => name === "node_transactions")) return new Map();
    const rows = await db.kysely.selectFrom("node_transactions").select(["tx", "gas"]).execute();
    return new Map(rows.map((row) => [String(row["tx"]), Number(row["gas"])]));
  } finally {
    await db.close();
  }
}
