import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFoundError, UnavailableError } from "@base/errors";
import { type Context, NotYetError } from "@kernel/capability";
import { toWire } from "@kernel/capability/wire.ts";
import { type Database, openDatabase } from "@machines/store";
import type { Hex } from "viem";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answer } from "./answer.ts";
import { attest } from "./attest.ts";
import { challengeAnswer } from "./challenge.ts";
import { type RequestState, requestState } from "./state.ts";
import { migrations } from "./tables.ts";
import { watch } from "./watch.ts";

const word = (byte: string) => `0x${byte.repeat(32)}` as Hex;
const home = (byte: string) => `0x${byte.repeat(20)}` as Hex;
const [id, policyId, hash] = [word("01"), word("02"), word("03")];
const [operator, panel, stranger, oracle] = [home("aa"), home("bb"), home("cc"), home("dd")];
const sound = {
  operators: [operator],
  threshold: 1,
  window: 3_600,
  courtTime: 86_400,
  bond: 100n,
  royaltyBps: 0,
  arbiter: panel,
};
const given = {
  output: 1n,
  confidenceBps: 0,
  whyHash: hash,
  evidenceRoot: hash,
  producedAt: 1_000n,
  validUntil: 10_000n,
};

let dir: string;
let db: Database;
/** What the duties read of blobs and sent to the chain. */
let [asked, sent]: [Hex[], string[]] = [[], []];
let fee = 10n;
let context: Context;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "terms-"));
  db = await openDatabase({ dir }, migrations);
  [asked, sent, fee] = [[], [], 10n];
  const reads: Readonly<Record<string, () => unknown>> = {
    account: () => [1_000_000n, 0n],
    terms: () => ({ commitPeriod: 3_600, revealPeriod: 3_600 }),
    fee: () => fee,
  };
  context = {
    db,
    store: {
      getJson: async (at: Hex) => {
        asked.push(at);
        throw new NotFoundError("These bytes are away.");
      },
    },
    chain: {
      head: async () => ({ timestamp: 1_000n }),
      read: async (_: unknown, name: string) => reads[name]?.(),
      write: async (_: unknown, __: unknown, name: string) => void sent.push(name),
    },
    contracts: { get: (name: string) => ({ address: name === "Panel" ? panel : oracle, abi: [] }) },
    identities: { get: (name: string) => ({ name, address: operator, account: {} }) },
    duties: { operators: ["operator"], watchers: ["operator"], panelists: [], peers: [] },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    clock: () => 5_000,
  } as never;
});

afterEach(async () => {
  await db.close();
  rmSync(dir, { recursive: true });
});

/** A request under these terms in the index, answered if said. */
async function index(terms: Partial<typeof sound>, answered = false): Promise<RequestState> {
  const at = { block: 1, log_index: 0, tx: word("05") };
  const insert = (table: string, row: object) =>
    db.kysely
      .insertInto(table)
      .values({ ...at, ...row })
      .execute();
  const request = { requester: stranger, policyId, modelId: "1", inputHash: hash, valueAtRisk: "0" };
  const request_json = JSON.stringify({ ...request, fee: "0", callbackGas: 0, expiry: "9000", salt: hash });
  const row = { requester: stranger, policy_id: policyId, model_id: "1", input_hash: hash, asked_at: "1" };
  await insert("ix_oracle_policies", {
    policy_id: policyId,
    policy_json: JSON.stringify(toWire({ ...sound, ...terms })),
  });
  await insert("ix_oracle_requests", { request_id: id, ...row, request_json });
  const signed = { signers_json: JSON.stringify([stranger]), deadline: "4600" };
  if (answered)
    await insert("ix_oracle_answers", { request_id: id, answer_json: JSON.stringify(toWire(given)), ...signed });
  return requestState(context, id);
}

describe("O13: whom a node's duties stake under", () => {
  it.each([
    ["a court of a stranger's", { arbiter: stranger }],
    ["a window that locks a bond for a year", { window: 365 * 86_400 }],
    ["a court's time that locks a bond for a year", { courtTime: 365 * 86_400 }],
    ["a court that cannot rule in time", { courtTime: 7_200 }],
  ])("not %s, whether asked, asked to sign, or to watch", async (_, terms) => {
    await index(terms);
    await answer(context, { id, turn: true });
    const validUntil = 1_000n + BigInt((terms as Partial<typeof sound>).window ?? sound.window);
    const asking = attest(context, { id, answer: { ...given, validUntil } });
    await expect(asking).rejects.toThrow("does not stake under the policy");
    await db.kysely.deleteFrom("ix_oracle_requests").execute();
    await db.kysely.deleteFrom("ix_oracle_policies").execute();
    await index(terms, true);
    await watch(context, { id });
    expect([asked, sent]).toEqual([[], []]);
  });

  it("but under any that the node names, and then under no other", async () => {
    await index({ arbiter: stranger });
    const naming = (...policies: Hex[]) => ({ ...context, duties: { ...context.duties, policies } });
    await answer(naming(word("07")), { id, turn: true });
    expect(asked).toEqual([]);
    await expect(answer(naming(word("07"), policyId), { id, turn: true })).rejects.toThrow("away");
    expect(asked).toEqual([hash]);
  });

  it("nor a court whose fee eats what a winner gets", async () => {
    const state = await index({}, true);
    fee = 50n;
    const challenger = context.identities.get("operator");
    await expect(challengeAnswer(context, state, given, challenger)).rejects.toThrow("more than winning pays");
    expect(sent).toEqual([]);
    fee = 49n;
    await challengeAnswer(context, state, given, challenger);
    expect(sent).toEqual(["challenge"]);
  });
});

describe("O14: bytes that are away for a moment", () => {
  it("do not end an operator's work: the job is tried again", async () => {
    await index({});
    await expect(answer(context, { id, turn: true })).rejects.toBeInstanceOf(UnavailableError);
    expect(asked).toEqual([hash]);
  });

  it("do not end a watcher's: it comes back while the window is open, uncounted", async () => {
    await index({}, true);
    const error = await watch(context, { id }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotYetError);
    expect((error as NotYetError).data["retryAt"]).toBe(65_000);
  });
});

describe("attest", () => {
  it("runs a model once, however often strangers ask", async () => {
    await index({});
    const ask = () => attest(context, { id, answer: given }).catch(() => "refused");
    await Promise.all(Array.from({ length: 9 }, ask));
    await ask();
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["before it was asked", { producedAt: 0n }],
    ["in a minute and more", { producedAt: 1_061n }],
    ["valid for ever", { validUntil: 2n ** 64n - 1n }],
    ["valid no longer than its window", { validUntil: 4_599n }],
  ])("signs no answer that is made %s", async (_, times) => {
    await index({});
    const answered = { ...given, ...times };
    await expect(attest(context, { id, answer: answered })).rejects.toThrow("times do not fit");
  });
});
