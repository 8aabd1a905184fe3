import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openDatabase } from "./database.ts";
import type { Database, Migration } from "./sql.ts";

const url = process.env.ASSAY_TEST_POSTGRES;
if (!url)
  console.log("skipped: the same tests on PostgreSQL (set ASSAY_TEST_POSTGRES to the URL of a database to fill)");

const people: Migration = {
  id: "people-1",
  async up(db) {
    await db.schema
      .createTable("people")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("born", "bigint", (column) => column.notNull())
      .addColumn("active", "integer", (column) => column.notNull().defaultTo(1))
      .addColumn("weight", "double precision")
      .addColumn("balance", "text")
      .execute();
  },
};

const pets: Migration = {
  id: "pets-1",
  async up(db) {
    await db.schema
      .createTable("pets")
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("owner", "text", (column) => column.notNull().references("people.name"))
      .execute();
  },
};

for (const kind of ["sqlite", "postgres"] as const) {
  describe.skipIf(kind === "postgres" && !url)(kind, () => {
    let dir: string;
    let schema: string;
    let db: Database;
    let round = 0;
    let admin: pg.Client;

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "assay-db-"));
      if (kind === "sqlite") return;
      admin = new pg.Client({ connectionString: url as string });
      await admin.connect();
    });
    afterAll(async () => {
      rmSync(dir, { recursive: true, force: true });
      if (kind === "postgres") await admin.end();
    });
    beforeEach(async () => {
      schema = `t${process.pid}_${++round}`;
      if (kind === "postgres") await admin.query(`create schema ${schema}`);
      db = await open([people]);
      return async () => {
        await db.close();
        if (kind === "postgres") await admin.query(`drop schema ${schema} cascade`);
      };
    });

    /** The database of this test, opened once more. */
    function open(migrations: readonly Migration[]): Promise<Database> {
      if (kind === "sqlite") return openDatabase({ dir: join(dir, schema) }, migrations);
      const address = new URL(url as string);
      address.searchParams.set("options", `-c search_path=${schema}`);
      return openDatabase({ url: address.href }, migrations);
    }

    const add = (name: string, born: number | bigint = 1990) =>
      db.kysely.insertInto("people").values({ name, born }).execute();
    const names = async () =>
      (await db.kysely.selectFrom("people").select("name").orderBy("name").execute()).map((r) => r.name);

    test("says what it is", () => {
      expect(db.kind).toBe(kind);
    });

    test("lists are rows as values, in the same types, many at once", async () => {
      const at = kind === "postgres" ? "$1" : "?";
      await db.kysely
        .transaction()
        .execute((trx) => trx.insertInto("people").values({ name: "a", born: 5n }).execute());
      await add("b", 6);
      expect(await db.lists(`select name, born, weight from people where born >= ${at} order by born`, [5n])).toEqual([
        ["a", 5, null],
        ["b", 6, null],
      ]);
      const many = await Promise.all([1, 2, 3].map(() => db.lists("select count(*) from people", [])));
      expect(many).toEqual([[[2]], [[2]], [[2]]]);
    });

    test("values come back as they went in", async () => {
      const row = {
        name: "Zoë 🌾",
        born: Number.MAX_SAFE_INTEGER,
        active: 0,
        weight: 0.1,
        balance: String(2n ** 256n - 1n),
      };
      await db.kysely.insertInto("people").values(row).execute();
      await db.kysely
        .insertInto("people")
        .values({ name: "", born: -5n, active: true, weight: null, balance: null })
        .execute();
      const rows = await db.kysely.selectFrom("people").selectAll().orderBy("born", "desc").execute();
      expect(rows).toStrictEqual([row, { name: "", born: -5, active: 1, weight: null, balance: null }]);
    });

    test("counts and sums are numbers", async () => {
      await add("a", 3);
      await add("b", 4);
      const { count, sum } = await db.kysely
        .selectFrom("people")
        .select(({ fn }) => [fn.countAll().as("count"), fn.sum("born").as("sum")])
        .executeTakeFirstOrThrow();
      expect([count, sum]).toEqual([2, 7]);
    });

    test.each([Number.NaN, 2n ** 60n, new Date(0), {}, Symbol("x")])("a column cannot hold %s", async (value) => {
      await expect(add("a", value as number)).rejects.toThrow(/cannot hold|too large/);
    });

    test("a change says how many rows it met, and can return them", async () => {
      await add("a", 1);
      await add("b", 2);
      const updated = await db.kysely.updateTable("people").set({ born: 9 }).where("born", "<", 5).executeTakeFirst();
      expect(updated.numUpdatedRows).toBe(2n);
      const returned = await db.kysely
        .insertInto("people")
        .values({ name: "c", born: 1 })
        .returning(["name", "born"])
        .execute();
      expect(returned).toStrictEqual([{ name: "c", born: 1 }]);
      const none = await db.kysely
        .insertInto("people")
        .values({ name: "c", born: 2 })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .executeTakeFirst();
      expect(none.numInsertedOrUpdatedRows).toBe(0n);
      expect((await db.kysely.deleteFrom("people").executeTakeFirst()).numDeletedRows).toBe(3n);
    });

    test("a failed transaction leaves nothing, and the next one works", async () => {
      const failing = db.kysely.transaction().execute(async (trx) => {
        await trx.insertInto("people").values({ name: "a", born: 1 }).execute();
        await trx.insertInto("people").values({ name: "a", born: 1 }).execute();
      });
      await expect(failing).rejects.toThrow(/unique/i);
      expect(await names()).toEqual([]);
      await db.kysely.transaction().execute((trx) => trx.insertInto("people").values({ name: "b", born: 1 }).execute());
      expect(await names()).toEqual(["b"]);
    });

    test("transactions run one after the other: read, add one, write loses nothing", async () => {
      await add("counter", 0);
      const bump = () =>
        db.kysely.transaction().execute(async (trx) => {
          const { born } = await trx
            .selectFrom("people")
            .select("born")
            .where("name", "=", "counter")
            .executeTakeFirstOrThrow();
          await new Promise((resolve) => setTimeout(resolve, 1));
          await trx
            .updateTable("people")
            .set({ born: born + 1 })
            .where("name", "=", "counter")
            .execute();
        });
      await Promise.all(Array.from({ length: 20 }, bump));
      expect(await db.kysely.selectFrom("people").select("born").executeTakeFirstOrThrow()).toEqual({ born: 20 });
    });

    test("a second opening runs only what is new, and foreign keys hold", async () => {
      await add("a");
      await db.close();
      let ran = 0;
      const counted: Migration = { id: "pets-1", up: (trx) => Promise.resolve(ran++).then(() => pets.up(trx)) };
      db = await open([people, counted]);
      await db.close();
      db = await open([people, counted]);
      expect(ran).toBe(1);
      expect(await names()).toEqual(["a"]);
      await db.kysely.insertInto("pets").values({ name: "Rex", owner: "a" }).execute();
      await expect(db.kysely.insertInto("pets").values({ name: "Rex", owner: "?" }).execute()).rejects.toThrow(
        /foreign key/i,
      );
      expect(await db.kysely.selectFrom("migrations").selectAll().orderBy("position").execute()).toEqual([
        { id: "people-1", position: 1 },
        { id: "pets-1", position: 2 },
      ]);
    });

    test("a migration that fails leaves the schema as it was", async () => {
      await db.close();
      const broken: Migration = {
        id: "broken-1",
        async up(trx) {
          await pets.up(trx);
          await sql`select * from nowhere`.execute(trx);
        },
      };
      await expect(open([people, broken])).rejects.toThrow(/nowhere/);
      db = await open([people, pets]);
      expect(await db.kysely.selectFrom("pets").selectAll().execute()).toEqual([]);
    });

    test("two processes may migrate at once", async () => {
      await db.close();
      const both = await Promise.all([open([people, pets]), open([people, pets])]);
      for (const each of both) await each.close();
      db = await open([people, pets]);
    });

    test("two migrations of one name are a bug", async () => {
      await expect(open([people, people])).rejects.toThrow(/people-1/);
    });

    test("closing twice is fine", async () => {
      await db.close();
      await db.close();
    });
  });
}

test("a query that goes past its own transaction gives up and says why; the others go on", async () => {
  const dir = mkdtempSync(join(tmpdir(), "assay-db-"));
  const db = await openDatabase({ dir }, [people]);
  vi.useFakeTimers();
  try {
    const past = db.kysely.transaction().execute(async (trx) => {
      await trx.insertInto("people").values({ name: "a", born: 1 }).execute();
      await db.kysely.selectFrom("people").selectAll().execute();
    });
    const refused = expect(past).rejects.toThrow(/busy for 30 s.\nInside a transaction, use the transaction's object/);
    await vi.advanceTimersByTimeAsync(29_000);
    const patient = db.kysely.selectFrom("people").selectAll().execute();
    await vi.advanceTimersByTimeAsync(1_001);
    await refused;
    expect(await patient).toEqual([]);
  } finally {
    vi.useRealTimers();
    await db.close();
    rmSync(dir, { recursive: true });
  }
});

test("a file that is no database is named", async () => {
  const dir = mkdtempSync(join(tmpdir(), "assay-db-"));
  writeFileSync(join(dir, "assay.sqlite"), "this is no database, but long enough to be looked at. ".repeat(40));
  await expect(openDatabase({ dir }, [])).rejects.toThrow(/assay\.sqlite is not a whole database/);
  rmSync(dir, { recursive: true });
});

test("a URL that is no PostgreSQL database is named, without its password", async () => {
  await expect(openDatabase({ url: "mysql://localhost/x" }, [])).rejects.toThrow(/mysql:/);
  await expect(openDatabase({ url: "not a url" }, [])).rejects.toThrow(/not a URL/);
  const refused = openDatabase({ url: "postgres://me:secret@127.0.0.1:1/x" }, []);
  await expect(refused).rejects.toThrow(
    /PostgreSQL at postgres:\/\/me:\*\*\*@127\.0\.0\.1:1\/x cannot be reached.*ECONNREFUSED/,
  );
  await expect(refused).rejects.not.toThrow(/secret/);
});
