import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDatabase } from "@machines/store";
import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describe as describePublished } from "../src/describe.ts";
import type { PublishedPayload } from "../src/events.ts";
import { assets } from "../src/index.ts";
import { edgeRow, nodeRow } from "../src/lineage.ts";
import { loadStatement } from "../src/load.ts";
import type { PublishedTable } from "../src/publishTable.ts";
import type { Receipt } from "../src/receipt.ts";
import { scopeOf, signStatement, statementHash } from "../src/sign.ts";
import { findSignature, rememberSignature } from "../src/signatures.ts";
import type { DataStatement, DerivedStatement } from "../src/statements.ts";
import { migrations } from "../src/tables.ts";
import { type VerifyReport, verifyReceipt } from "../src/verify.ts";
import { databases, startNode, type TestNode } from "./node.ts";

const csv = `day,rain\n${Array.from({ length: 2000 }, (_, i) => `${new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10)},${i % 17}.5`).join("\n")}\n`;

describe.each(databases)("on %s", (kind) => {
  let node: TestNode;
  let weather: PublishedTable;
  let derived: PublishedTable;

  const call = async <T>(name: string, input: unknown): Promise<T> => (await node.runtime.call(name, input)) as T;
  const failing = (report: VerifyReport) =>
    report.checks.filter((check) => !check.ok).map(({ about, name }) => `${about} ${name}`);

  beforeAll(async () => {
    node = await startNode([assets], ["owner", "maker", "buyer"], kind);
    const file = join(node.dir, "weather.csv");
    await writeFile(file, csv);
    weather = await call("assets.publish", {
      file,
      price: "5",
      royaltyBps: 1000,
      licence: "CC-BY-4.0",
      provenance: "a gauge",
    });
  });

  afterAll(() => node.close());

  describe("publish (SPEC S1-S4)", () => {
    test("stores, signs and publishes in one transaction", async () => {
      expect(weather).toMatchObject({ id: "1", name: "weather", rows: 2000, existing: false });
      const statement = (await node.context.store.getJson(weather.statement)) as Record<string, unknown>;
      expect(statementHash(statement)).toBe(weather.statement);
      expect(statement).toMatchObject({ price: "5000000000000000000", provenance: "a gauge", rows: 2000 });
      const shown = await call<Record<string, unknown>>("assets.show", { id: "1" });
      expect(shown).toMatchObject({
        kind: "data",
        name: "weather",
        priceText: "5 aUSD",
        state: "active",
        problem: null,
      });
      expect(shown["signature"]).toMatch(/^0x[0-9a-f]{130}$/);
      expect(weather.gasUsed).toBeLessThan(400_000n);
    });

    test("the same bytes by the same owner are published once", async () => {
      const again = await call<PublishedTable>("assets.publish", { content: csv, price: 9 });
      expect(again).toMatchObject({ id: "1", existing: true, tx: null, statement: weather.statement });
      const both = await Promise.all(
        [1, 2].map(() => call<PublishedTable>("assets.publish", { content: "a,b\n1,2\n", as: "buyer" })),
      );
      expect(new Set(both.map(({ id }) => id)).size).toBe(1);
    });

    test.each([
      ["ragged", "a,b\n1,2\n3\n", /Row 2 has 1 cells/],
      ["wrong type", "a,b\n1,2\n2,3\n3,x\n", /Row 3, column "b"/],
      ["missing", "a,b\n1,\n", /Row 1, column "b"/],
      ["empty", "", /empty/],
      ["no rows", "a,b\n", /no data rows/],
      ["binary", "a,\u0000\n", /zero byte/],
    ])("a bad table is refused by name and nothing is published: %s", async (_, content, message) => {
      const count = async () => node.context.chain.read(node.context.contracts.get("Assets"), "count");
      const before = await count();
      const file = join(node.dir, "bad.csv");
      await writeFile(file, content);
      await expect(call("assets.publish", { file })).rejects.toThrow(message);
      await expect(call("assets.publish", { file })).rejects.toThrow(/bad\.csv/);
      expect(await count()).toBe(before);
    });

    test("a file that is not there, and a folder, are said so", async () => {
      await expect(call("assets.publish", { file: join(node.dir, "none.csv") })).rejects.toThrow(/there is no file/);
      await expect(call("assets.publish", { file: node.dir })).rejects.toThrow(/is a folder/);
      await expect(call("assets.publish", {})).rejects.toThrow(/either a file or/);
    });

    test("a table of 2 GB is refused before it is read", async () => {
      const file = join(node.dir, "huge.csv");
      await writeFile(file, "a,b\n");
      await truncate(file, 2 ** 31);
      await expect(call("assets.publish", { file, format: "csv" })).rejects.toThrow(
        /huge\.csv has 2147483648 bytes; a table may have 268435456/,
      );
    });

    test("missing cells can be allowed, and the statement says where", async () => {
      const table = await call<PublishedTable>("assets.publish", {
        content: "a,b\n1,\n2,5\n3,6\n",
        missing: "null",
        name: "gaps",
      });
      expect(table.schema).toEqual([
        { name: "a", type: "number" },
        { name: "b", type: "number", missing: 1 },
      ]);
    });
  });

  describe("derive and buy (SPEC S6, S7)", () => {
    test("deriving needs access, which buying gives; the owner is paid", async () => {
      const wanted = {
        content: "day,dry\n2020-01-01,1\n2020-01-02,0\n",
        name: "dry days",
        parents: [weather.id],
        transform: "test/dry/1",
        as: "maker",
        price: "10",
      };
      await expect(call("assets.derive", wanted)).rejects.toMatchObject({
        name: "NoAccessError",
        hints: ["Buy it first: assay buy 1 --as maker"],
      });
      expect(await call("assets.buy", { id: weather.id, as: "maker" })).toMatchObject({
        price: 5n * 10n ** 18n,
        already: false,
      });
      expect(await call("assets.buy", { id: weather.id, as: "maker" })).toMatchObject({ already: true });
      derived = await call<PublishedTable>("assets.derive", wanted);
      expect(derived.existing).toBe(false);
      expect(await call("assets.withdraw", { as: "owner" })).toMatchObject({ amount: 5n * 10n ** 18n });
      expect(await call("assets.withdraw", { as: "owner" })).toMatchObject({ amount: 0n, tx: null });
    });

    test("a sale of the derived table pays its parent's royalty", async () => {
      await call("assets.buy", { id: derived.id, as: "buyer" });
      expect(await call("assets.withdraw", { as: "owner" })).toMatchObject({ amount: 10n ** 18n });
      expect(await call("assets.withdraw", { as: "maker" })).toMatchObject({ amount: 9n * 10n ** 18n });
    });

    test("says what is missing: money, an unknown asset", async () => {
      await expect(call("assets.buy", { id: "999" })).rejects.toThrow("there is no asset 999");
      await call("assets.offer", { id: derived.id, price: "99999", as: "maker" });
      await expect(call("assets.buy", { id: derived.id, as: "owner" })).rejects.toThrow(
        /costs 99999 aUSD, and owner has/,
      );
      await expect(call("assets.offer", { id: derived.id, price: "1", as: "owner" })).rejects.toMatchObject({
        name: "ContractRevertError",
      });
      expect(await call("assets.offer", { id: derived.id, price: "10", as: "maker" })).toMatchObject({
        price: 10n ** 19n,
      });
    });

    test("the list shows names, owners and present prices, page by page", async () => {
      const page = await call<{ assets: { id: string; name: string; price: string }[]; next: string | null }>(
        "assets.list",
        { limit: 2 },
      );
      expect(page.assets.map(({ id }) => id)).toEqual(["1", "2"]);
      expect(page.assets[0]).toMatchObject({ name: "weather" });
      const rest = await call<typeof page>("assets.list", { cursor: page.next });
      expect(rest.assets.map(({ id }) => id)).toContain(derived.id);
      const mine = await call<typeof page>("assets.list", {
        kind: "derived",
        owner: node.context.identities.get("maker").address,
      });
      expect(mine.assets).toMatchObject([{ id: derived.id, name: "dry days", price: "10000000000000000000" }]);
    });
  });

  describe("a node that only indexes (SPEC S2, S8)", () => {
    const published = async () => {
      const row = await node.context.db.kysely
        .selectFrom("ix_assets")
        .selectAll()
        .where("id", "=", weather.id)
        .executeTakeFirstOrThrow();
      return { ...row, block: String(row.block), logIndex: Number(row.log_index) } as unknown as PublishedPayload;
    };

    test("learns name and signature from the publication's blobs, once", async () => {
      const db = await openDatabase({ dir: join(node.dir, "fresh") }, migrations);
      try {
        const context = { ...node.context, db };
        for (let again = 0; again < 2; again++) await describePublished(context, await published());
        const signer = node.context.identities.get("owner").address.toLowerCase();
        const words = ["id", "label", "statement", "signer"] as const;
        const row = { id: "1", label: "data: weather", statement: weather.statement, signer };
        expect(await db.kysely.selectFrom("ix_nodes").select(words).execute()).toEqual([row]);
        expect((await findSignature(context, weather.statement))?.signer).toBe(signer);
        // The node that saw the event has one row of it too: what was learnt went into the event's own.
        const here = node.context.db.kysely.selectFrom("ix_nodes").select(words).where("kind", "=", "asset");
        expect(await here.where("id", "=", "1").execute()).toEqual([row]);
        const forged = await node.context.store.putJson({
          hash: weather.statement,
          signer: `0x${"11".repeat(20)}`,
          signature: `0x${"22".repeat(65)}`,
        });
        await describePublished(context, { ...(await published()), uri: `assay:${forged}` });
        expect(await db.kysely.selectFrom("signatures").selectAll().execute()).toHaveLength(1);
        // The same statement in other bytes has another hash: the signature is not of what the chain names.
        const spaced = await context.store.put(
          Buffer.from(JSON.stringify(await context.store.getJson(weather.statement), null, 1)),
        );
        await describePublished(context, { ...(await published()), id: "77", statement: spaced });
        const other = db.kysely.selectFrom("ix_nodes").select(["statement", "signer"]).where("id", "=", "77");
        expect(await other.executeTakeFirst()).toEqual({ statement: spaced, signer: null });
      } finally {
        await db.close();
      }
    });

    test("uses a statement only when it is the one on chain (SPEC S5)", async () => {
      const honest = (await node.context.store.getJson(weather.statement)) as DataStatement;
      const serving = (statement: unknown) => ({
        ...node.context,
        store: new Proxy(node.context.store, {
          get: (target, key) => (key === "getJson" ? async () => statement : Reflect.get(target, key)),
        }),
      });
      expect((await loadStatement(serving(honest), weather.id)).statement).toEqual(honest);
      await expect(loadStatement(serving({ ...honest, rows: 1 }), weather.id)).rejects.toMatchObject({
        name: "IntegrityError",
      });
      await expect(loadStatement(node.context, "0")).rejects.toMatchObject({ name: "NotFoundError" });
    });

    test("tries again while no node has the statement", async () => {
      const gone = { ...(await published()), statement: `0x${"33".repeat(32)}` };
      await expect(describePublished(node.context, gone)).rejects.toMatchObject({
        name: "UnavailableError",
        kind: "retryable",
      });
    });
  });

  describe("trace, receipt, verify (SPEC S8-S11)", () => {
    let receipt: Receipt;

    test("the derived table's tree reaches the weather", async () => {
      const { tree } = await call<{ tree: string }>("assets.trace", { id: `asset:${derived.id}` });
      expect(tree).toBe(`asset ${derived.id}  derived: dry days\n└─ made from: asset 1  data: weather`);
    });

    test("a receipt verifies on a node that gets nothing but the file", async () => {
      const out = join(node.dir, "receipt.json");
      receipt = await call<Receipt>("assets.receipt", { id: `asset:${derived.id}`, out });
      expect(receipt.statements).toHaveLength(2);
      const report = await call<VerifyReport>("assets.verify", { file: out });
      expect(failing(report)).toEqual([]);
      expect(report.verified).toBe(true);
      expect(report.checks.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["signature", "published: parents", "settled", "bytes: Merkle root"]),
      );
      const elsewhere = await startNode([assets], ["other"]);
      try {
        const store = elsewhere.context.store;
        const report = await verifyReceipt(
          { ...node.context, store, db: elsewhere.context.db },
          JSON.parse(await readFile(out, "utf8")),
          {},
        );
        expect(failing(report)).toEqual([]);
        expect(report.checks.filter((check) => check.skipped && check.name === "bytes")).toHaveLength(2);
      } finally {
        await elsewhere.close();
      }
    });

    const bent = (change: (copy: Receipt) => void) => {
      const copy = structuredClone(receipt);
      change(copy);
      return copy;
    };
    const derivedEntry = (copy: Receipt) =>
      copy.statements.find((entry) => entry.node.id === derived.id) as Receipt["statements"][number];

    test("every lie in a receipt is found", async () => {
      const lies: [string, Receipt, RegExp][] = [
        [
          "other chain",
          bent((copy) => {
            copy.chainId = 1;
          }),
          /receipt chain/,
        ],
        [
          "own contract",
          bent((copy) => {
            copy.contracts = { Assets: `0x${"11".repeat(20)}` };
          }),
          /Assets contract/,
        ],
        [
          "statement changed",
          bent((copy) => {
            (derivedEntry(copy).statement as Record<string, unknown>)["name"] = "wet days";
          }),
          /canonical hash/,
        ],
        [
          "statement and hash changed",
          bent((copy) => {
            const entry = derivedEntry(copy);
            (entry.statement as Record<string, unknown>)["name"] = "wet days";
            entry.hash = statementHash(entry.statement);
          }),
          /on chain: statement/,
        ],
        [
          "another asset's number",
          bent((copy) => {
            derivedEntry(copy).node.id = "999";
            copy.subject.id = "999";
            copy.nodes[0] = { kind: "asset", id: "999", label: "" };
            copy.edges = copy.edges.map((edge) => ({ ...edge, from: { kind: "asset", id: "999" } }));
          }),
          /on chain/,
        ],
        [
          "parent left out",
          bent((copy) => {
            copy.statements = [derivedEntry(copy)];
          }),
          /link to asset 1/,
        ],
        [
          "lineage cut",
          bent((copy) => {
            copy.edges = [];
          }),
          /lineage/,
        ],
        [
          "signature of somebody else",
          bent((copy) => {
            derivedEntry(copy).signer = copy.contracts["Assets"] as `0x${string}`;
          }),
          /asset:4 signature/,
        ],
        [
          "transaction made up",
          bent((copy) => {
            derivedEntry(copy).tx = `0x${"12".repeat(32)}`;
          }),
          /published: transaction/,
        ],
      ];
      for (const [name, lie, message] of lies) {
        const report = await call<VerifyReport>("assets.verify", { receipt: lie });
        expect(report.verified, name).toBe(false);
        expect(failing(report).join("; "), name).toMatch(message);
      }
    });

    test("no letter of a receipt that matters can be changed", async () => {
      const places: (string | number)[][] = [];
      const collect = (value: unknown, path: (string | number)[]) => {
        if (typeof value !== "object" || value === null) return places.push(path);
        for (const [name, inner] of Object.entries(value)) collect(inner, [...path, name]);
      };
      collect(receipt, []);
      // Labels and roles are decoration for readers; everything else is either checked or refused.
      const matter = places.filter((path) => !["label", "role"].includes(String(path.at(-1))));
      await fc.assert(
        fc.asyncProperty(fc.nat(matter.length - 1), fc.nat(63), async (which, at) => {
          const path = matter[which] as (string | number)[];
          const lie = bent((copy) => {
            const holder = path.slice(0, -1).reduce((inner, name) => (inner as never)[name], copy as unknown) as Record<
              string,
              unknown
            >;
            const name = String(path.at(-1));
            const before = holder[name];
            if (typeof before === "string") {
              const place = at % Math.max(1, before.length);
              holder[name] = `${before.slice(0, place)}${before[place] === "1" ? "2" : "1"}${before.slice(place + 1)}`;
            } else holder[name] = typeof before === "number" ? before + 1 : !before;
          });
          const verified = await verifyReceipt(node.context, lie, {}).then(
            (report) => report.verified,
            (error: Error) => {
              expect(error.name).toBe("InvalidInputError");
              return false;
            },
          );
          expect(verified, path.join(".")).toBe(false);
        }),
        { numRuns: 60 },
      );
    });

    test("a statement type that nobody here can check is no proof", async () => {
      const foreign = { type: "assay/payout/1", id: "5" };
      const lie = bent((copy) => {
        copy.nodes.push({ kind: "payout", id: "5", label: "" });
        copy.statements.push({ node: { kind: "payout", id: "5" }, hash: statementHash(foreign), statement: foreign });
        copy.edges.push({ from: { kind: "payout", id: "5" }, to: copy.subject, role: "decided by" });
        copy.subject = { kind: "payout", id: "5" };
      });
      expect(failing(await verifyReceipt(node.context, lie, {}))).toEqual(["payout:5 verifier"]);
      const yes = async () =>
        async function* () {
          yield { name: "paid", ok: true, detail: "" };
        };
      expect((await verifyReceipt(node.context, lie, { "assay/payout/1": yes })).verified).toBe(true);
      const other = bent(() => {});
      Object.assign(other, lie, {
        statements: lie.statements.map((entry) =>
          entry.node.kind === "payout"
            ? { ...entry, statement: { ...foreign, id: "6" }, hash: statementHash({ ...foreign, id: "6" }) }
            : entry,
        ),
      });
      expect(failing(await verifyReceipt(node.context, other, { "assay/payout/1": yes }))).toEqual([
        "payout:5 names its node",
      ]);
    });

    test("a statement with another node's id in a field that its author chose does not speak for that node", async () => {
      const mine = { type: "assay/decision/1", id: "0x06", request: { salt: "0x05" } };
      const lie = bent((copy) => {
        copy.nodes.push({ kind: "decision", id: "0x05", label: "" });
        copy.statements.push({ node: { kind: "decision", id: "0x05" }, hash: statementHash(mine), statement: mine });
        copy.edges.push({ from: { kind: "decision", id: "0x05" }, to: copy.subject, role: "model" });
        copy.subject = { kind: "decision", id: "0x05" };
      });
      const yes = { "assay/decision/1": async () => async function* () {} };
      expect(failing(await verifyReceipt(node.context, lie, yes))).toEqual(["decision:0x05 names its node"]);
    });

    test("a payout without its decision, or a decision without its model, is no whole receipt", async () => {
      const [payout, decision] = ["payout", "decision"].map((kind) => ({ kind, id: "9" }));
      const made = (facts: { type: string; id: string }, at: typeof payout) =>
        bent((copy) => {
          copy.nodes.push({ ...(at as { kind: string; id: string }), label: "" });
          copy.statements.push({ node: at as never, hash: statementHash(facts), statement: facts });
          copy.edges.push({ from: at as never, to: copy.subject, role: "rests on" });
          copy.subject = at as never;
        });
      const yes = async () => async function* () {};
      const all = { "assay/payout/1": yes, "assay/decision/1": yes };
      const check = async (facts: { type: string; id: string }, at: typeof payout) =>
        failing(await verifyReceipt(node.context, made(facts, at), all));
      const paid = { type: "assay/payout/1", id: "9", decision: "0xAB" };
      expect(await check(paid, payout)).toEqual(["payout:9 rests on decision:0xab"]);
      const decided = (modelId: string) => ({ type: "assay/decision/1", id: "9", request: { modelId } });
      expect(await check(decided("77"), decision)).toEqual(["decision:9 rests on asset:77"]);
      expect(await check(decided(derived.id), decision)).toEqual([]);
    });

    test("a receipt that leaves out what its subject stands on is found by the node's own index", async () => {
      const { db } = node.context;
      const facts = { type: "assay/payout/1", id: "8" };
      const at = { block: 1, log_index: 0, tx: `0x${"55".repeat(32)}` };
      const payout = { kind: "payout", id: "8" };
      await db.kysely
        .insertInto("ix_nodes")
        .values({ ...nodeRow(payout, { facts }), ...at })
        .execute();
      await db.kysely
        .insertInto("ix_edges")
        .values({ ...edgeRow(payout, "decided by", { kind: "asset", id: derived.id }), ...at })
        .execute();
      const whole = await call<Receipt>("assets.receipt", { id: "payout:8" });
      const yes = { "assay/payout/1": async () => async function* () {} };
      expect(failing(await verifyReceipt(node.context, whole, yes))).toEqual([]);
      const alone = { ...whole, nodes: whole.nodes.slice(0, 1), edges: [], statements: whole.statements.slice(0, 1) };
      expect(failing(await verifyReceipt(node.context, alone, yes))).toEqual(["receipt complete"]);
      const silent = { ...whole, statements: whole.statements.slice(0, 2) };
      expect(failing(await verifyReceipt(node.context, silent, yes))).toContain("receipt complete");
    });

    test("bytes that were changed on this disk are found", async () => {
      const store = new Proxy(node.context.store, {
        get: (target, key) => (key === "get" ? async () => new Uint8Array([1, 2, 3]) : Reflect.get(target, key)),
      });
      expect(failing(await verifyReceipt({ ...node.context, store }, receipt, {})).join()).toMatch(
        /bytes: Merkle root/,
      );
    });

    test("a publisher who names parents in the statement but not on chain, to dodge their share, is found", async () => {
      const { context } = node;
      const dodger = context.identities.get("maker");
      const honest = (await context.store.getJson(derived.statement)) as DerivedStatement;
      const statement = { ...honest, manifest: { ...honest.manifest, root: `0x${"99".repeat(32)}` as const } };
      const signed = await signStatement(dodger.account, scopeOf(context), statement);
      await context.store.putJson(statement);
      await rememberSignature(context, signed);
      const publication = {
        kind: 2,
        root: statement.manifest.root,
        statement: signed.hash,
        price: 10n ** 19n,
        royaltyBps: 0,
        parents: [],
        uri: "",
      };
      const { blockNumber } = await context.chain.write(dodger.account, context.contracts.get("Assets"), "publish", [
        publication,
      ]);
      await context.indexed(blockNumber);
      const id = String(await context.chain.read(context.contracts.get("Assets"), "count"));
      const lie = await call<Receipt>("assets.receipt", { id: `asset:${id}` });
      const found = failing(await verifyReceipt(context, lie, {}));
      expect(found).toContain(`asset:${id} published: parents`);
      expect(found).toContain(`asset:${id} link to asset 1`);
    });

    test("what is no receipt is said so", async () => {
      await expect(call("assets.verify", { receipt: { type: "x" } })).rejects.toThrow(/this is no receipt: type/);
      const proof = join(node.dir, "proof.cose");
      await writeFile(proof, Buffer.from("d28440", "hex"));
      for (const input of [{ file: proof }, { receipt: { type: "assay/log-proof/1" } }])
        await expect(call("assets.verify", input)).rejects.toMatchObject({
          hints: [expect.stringContaining("`assay log verify`")],
        });
      await expect(call("assets.verify", {})).rejects.toThrow(/either a file or a receipt/);
      await expect(call("assets.receipt", { id: "payout:77" })).rejects.toThrow(/nothing in the lineage/);
    });

    test("a key that is not the publisher's cannot speak for it", async () => {
      const thief = privateKeyToAccount(`0x${"77".repeat(32)}`);
      const signed = await signStatement(thief, scopeOf(node.context), derivedEntry(receipt).statement);
      const lie = bent((copy) => {
        Object.assign(derivedEntry(copy), { signer: signed.signer, signature: signed.signature });
      });
      expect(failing(await verifyReceipt(node.context, lie, {}))).toEqual([`asset:${derived.id} signature`]);
    });
  });
});
