// Stores blobs, rows and one file after another until it is killed; says on stdout what has been acknowledged.
import { writeSync } from "node:fs";
import { join } from "node:path";
import { utf8 } from "@base/bytes/hex.ts";
import { lockFolder, openDatabase, openStore } from "@machines/store";

const dir = process.argv[2] as string;
const first = Number(process.argv[3]);
await lockFolder(dir);
const store = await openStore({ dir });
const db = await openDatabase({ dir }, [
  {
    id: "kept-1",
    up: (trx) =>
      trx.schema
        .createTable("kept")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("hash", "text")
        .execute(),
  },
]);
writeSync(1, "ready\n");

for (let i = first; ; i++) {
  const hash = await store.put(utf8(`blob ${i} ${"x".repeat(i % 5_000)}`));
  writeSync(1, `blob ${hash}\n`);
  await db.kysely.transaction().execute(async (trx) => {
    await trx
      .insertInto("kept")
      .values({ id: 2 * i, hash })
      .execute();
    await trx
      .insertInto("kept")
      .values({ id: 2 * i + 1, hash })
      .execute();
  });
  writeSync(1, `row ${2 * i} ${hash}\n`);
  if (i % 10 === 0) {
    const parts = Array.from({ length: 5 }, (_, k) => utf8(`${i} ${k} `.repeat(3_000)));
    const manifest = await store.putFile(
      (async function* () {
        yield* parts;
      })(),
    );
    const named = await store.putJson(manifest);
    writeSync(1, `file ${named}\n`);
  }
  if (process.argv[4] === "once") break;
}
await db.close();
writeSync(1, `done ${join(dir)}\n`);
