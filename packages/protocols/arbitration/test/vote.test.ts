// Members on a real embedded chain with the real Panel: what they do with disputes that cannot be re-executed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import type { Context, Deployed } from "@kernel/capability";
import { type Chain, openChain } from "@machines/chain";
import { type Database, openDatabase, openStore } from "@machines/store";
import { encodeAbiParameters, type Hex, keccak256, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { panelAbi } from "../src/abi.ts";
import { panelBytecode } from "../src/bytecode.ts";
import { migrations } from "../src/tables.ts";
import { commit, reveal, settle } from "../src/vote.ts";

const UNIT = 10n ** 18n;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const members = ["one", "two", "three"].map((name) => {
  const account = privateKeyToAccount(generatePrivateKey());
  return { name, account, address: account.address };
});
const stranger = privateKeyToAccount(generatePrivateKey());
let dir: string;
let chain: Chain;
let db: Database;
let context: Context;
let panel: Deployed;
let oracle: Hex;

/** Opens a dispute as the sender and notes it as the index would. */
async function dispute(): Promise<string> {
  const words = [{ type: "address" }, { type: "bytes32" }, { type: "uint256" }, { type: "bytes32" }] as const;
  const nowhere = keccak256(toHex("an input that nobody has"));
  const bytes = encodeAbiParameters(words, [stranger.address, nowhere, 1n, nowhere]);
  const [defence, claim] = [keccak256(toHex("a")), keccak256(toHex("b"))];
  const id = BigInt(Math.floor(Math.random() * 1e9));
  const args = [toHex(id, { size: 32 }), defence, claim, stranger.address, stranger.address, bytes];
  const receipt = await chain.write(stranger, panel, "open", args);
  const opened = await chain.client.getBlock({ blockNumber: receipt.blockNumber });
  const rows = await db.kysely.selectFrom("ix_panel_disputes").select("dispute_id").execute();
  const disputeId = String(rows.length + 1);
  await db.kysely
    .insertInto("ix_panel_disputes")
    .values({
      block: Number(receipt.blockNumber),
      log_index: 0,
      tx: receipt.transactionHash,
      dispute_id: disputeId,
      client: stranger.address.toLowerCase(),
      subject: toHex(id, { size: 32 }),
      defence,
      claim,
      context: bytes,
      opened_at: String(opened.timestamp),
    })
    .execute();
  return disputeId;
}

const rulingOf = async (id: string) => Number(await chain.read(panel, "ruling", [BigInt(id)]));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-panel-"));
  chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  db = await openDatabase({ dir }, migrations);
  for (const account of [stranger, ...members.map((one) => one.account)])
    await chain.dev?.fund(account.address, 10n * UNIT);
  const token = await chain.deploy(stranger, { abi: testTokenAbi, bytecode: testTokenBytecode });
  const currency = { address: token.contractAddress, abi: testTokenAbi };
  const terms = {
    stake: 100n * UNIT,
    fee: 50n * UNIT,
    commitPeriod: 3_600,
    revealPeriod: 3_600,
    exitDelay: 0,
    penaltyBps: 5_000,
  };
  const deployed = await chain.deploy(stranger, {
    abi: panelAbi,
    bytecode: panelBytecode,
    args: [currency.address, members.map((one) => one.address), 2n, terms],
  });
  panel = { address: deployed.contractAddress, abi: panelAbi, block: deployed.blockNumber };
  oracle = stranger.address;
  for (const account of [stranger, ...members.map((one) => one.account)]) {
    await chain.write(account, currency, "faucet", [account.address, 1_000n * UNIT]);
    await chain.write(account, currency, "approve", [panel.address, 1_000n * UNIT]);
  }
  for (const { account, address } of members) await chain.write(account, panel, "deposit", [address, 500n * UNIT]);
  context = {
    chain,
    db,
    store: await openStore({ dir: join(dir, "blobs") }),
    contracts: { get: (name: string) => (name === "Panel" ? panel : { ...panel, address: oracle }) },
    identities: { get: (name?: string) => members.find((one) => one.name === name) ?? members[0], list: () => members },
    duties: { operators: [], watchers: [], panelists: members.map((one) => one.name), keeper: "one", peers: [] },
    log: quiet,
    clock: Date.now,
    random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)),
  } as unknown as Context;
});

afterAll(async () => {
  await db.close();
  await chain.close();
  await rm(dir, { recursive: true, force: true });
});

test("R9: a dispute of another client is given up at once, and its seats are free again", async () => {
  oracle = panel.address;
  const disputeId = await dispute();
  await commit(context, { disputeId });
  await reveal(context, { disputeId });
  await settle(context, { disputeId });
  expect(await rulingOf(disputeId)).toBe(4);
  const [free, locked] = (await chain.read(panel, "account", [members[0]?.address])) as [bigint, bigint];
  expect(locked).toBe(0n);
  expect(free).toBeGreaterThan(500n * UNIT);
});

test("R9: bytes of the oracle's own dispute are waited for, but five minutes only", async () => {
  oracle = stranger.address;
  const disputeId = await dispute();
  await expect(commit(context, { disputeId })).rejects.toMatchObject({ name: "NotYetError" });
  await chain.dev?.advance(301);
  await commit(context, { disputeId });
  await reveal(context, { disputeId });
  await settle(context, { disputeId });
  expect(await rulingOf(disputeId)).toBe(4);
});

test("R4: a member that was killed between commitment and reveal opens the same vote", async () => {
  oracle = panel.address;
  const disputeId = await dispute();
  await commit(context, { disputeId });
  const votes = await db.kysely.selectFrom("panel_votes").selectAll().where("dispute_id", "=", disputeId).execute();
  expect(votes).toHaveLength(3);
  // The job runs again from the start, as after a crash: nothing is sent twice, and the salts are those of before.
  await commit(context, { disputeId });
  expect(await db.kysely.selectFrom("panel_votes").selectAll().where("dispute_id", "=", disputeId).execute()).toEqual(
    votes,
  );
  await reveal(context, { disputeId });
  await reveal(context, { disputeId });
  await settle(context, { disputeId });
  await settle(context, { disputeId });
  expect(await rulingOf(disputeId)).toBe(4);
});
