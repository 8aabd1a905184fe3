// The index on real chains: the embedded one, and a fork that anvil makes on command.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Chain, openChain } from "@machines/chain";
import { openDatabase } from "@machines/store";
import { type Abi, type Hex, parseAbi, toEventSelector } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, it } from "vitest";
import { fixedRandom, quiet } from "../test/fakes.ts";
import { Indexer } from "./indexer.ts";
import { runtimeMigrations } from "./tables.ts";

const abi = parseAbi(["function ping(uint256 value)", "event Pinged(uint256 value)"]) as Abi;
const topic = toEventSelector("Pinged(uint256)").slice(2);
/** Runs `mem[0] = calldata[4..36]; log1(0, 32, topic)` on every call. */
const bytecode: Hex = `0x602d600c600039602d6000f36004356000527f${topic}60206000a100`;
const account = privateKeyToAccount(`0x${"11".repeat(32)}`);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function setUp(kind: "embedded" | "anvil") {
  const dir = mkdtempSync(join(tmpdir(), "index-chain-"));
  ends.push(() => rmSync(dir, { recursive: true, force: true }));
  const chain: Chain = await openChain({ kind, dir: join(dir, "chain") });
  ends.push(() => chain.close());
  await chain.dev?.fund(account.address, 10n ** 20n);
  const { contractAddress: address, blockNumber } = await chain.deploy(account, { abi, bytecode, args: [] });
  const table = {
    id: "pings/1",
    up: (db: Parameters<(typeof runtimeMigrations)[number]["up"]>[0]) =>
      db.schema
        .createTable("ix_pings")
        .addColumn("block", "bigint")
        .addColumn("log_index", "integer")
        .addColumn("tx", "text")
        .addColumn("value", "text")
        .execute(),
  };
  const db = await openDatabase({ dir }, [...runtimeMigrations, table]);
  ends.push(() => db.close());
  const index = new Indexer({
    chain,
    db,
    contracts: [{ name: "Pings", address, abi, block: blockNumber }],
    handlers: new Map([
      ["Pings.Pinged", ({ args }, writer) => writer.insert("ix_pings", { value: args["value"] as bigint })],
    ]),
    log: quiet,
    clock: Date.now,
    random: fixedRandom,
    poll: 20,
  });
  ends.push(() => index.stop());
  const ping = (value: bigint) => chain.write(account, { address, abi }, "ping", [value]);
  const values = async () => {
    const rows = await db.kysely.selectFrom("ix_pings").select(["value", "tx"]).orderBy("block").execute();
    return rows.map((row) => row.value);
  };
  return { chain, index, ping, values };
}

describe("the index on real chains", () => {
  it("follows the embedded chain", async () => {
    const { chain, index, ping, values } = await setUp("embedded");
    index.start();
    let last = 0n;
    for (let value = 1n; value <= 20n; value++) last = (await ping(value)).blockNumber;
    await index.indexed(last);
    expect(await values()).toEqual(Array.from({ length: 20 }, (_, at) => String(at + 1)));
    expect(index.status()).toMatchObject({ block: (await chain.head()).number, events: 20 });
  });

  it("undoes a fork that anvil makes", async () => {
    const { chain, index, ping, values } = await setUp("anvil");
    index.start();
    await ping(1n);
    await ping(2n);
    await index.indexed((await ping(3n)).blockNumber);
    expect(await values()).toEqual(["1", "2", "3"]);
    await chain.client.request({ method: "anvil_reorg" as never, params: [2, []] as never });
    await ping(7n).catch(() => undefined);
    while ((await values()).join() !== "1,7") await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
