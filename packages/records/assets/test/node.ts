// The rooms' test node, on each database that tests run on.
import type { Capability } from "@kernel/capability";
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";
import { type Database, type Migration, openDatabase } from "@machines/store";
import { sql } from "kysely";

export type { TestNode };
export type DatabaseKind = "sqlite" | "postgres";

/** The databases that tests run on: PostgreSQL too where ASSAY_TEST_POSTGRES names one. */
export const databases: readonly DatabaseKind[] = process.env["ASSAY_TEST_POSTGRES"]
  ? ["sqlite", "postgres"]
  : ["sqlite"];

/** A database with this schema; `drop` removes what PostgreSQL keeps of it. */
export async function openTestDatabase(
  kind: DatabaseKind,
  dir: string,
  migrations: readonly Migration[],
): Promise<{ db: Database; drop: () => Promise<void> }> {
  if (kind === "sqlite") return { db: await openDatabase({ dir }, migrations), drop: async () => {} };
  const url = new URL(process.env["ASSAY_TEST_POSTGRES"] as string);
  const schema = `t${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = await openDatabase({ url: url.href }, []);
  await sql.raw(`create schema ${schema}`).execute(admin.kysely);
  url.searchParams.set("options", `-c search_path=${schema}`);
  const drop = async () => {
    await sql.raw(`drop schema ${schema} cascade`).execute(admin.kysely);
    await admin.close();
  };
  return { db: await openDatabase({ url: url.href }, migrations), drop };
}

/** A node on this kind of database. */
export function startNode(
  capabilities: readonly Capability[],
  names: readonly string[],
  kind: DatabaseKind = "sqlite",
): Promise<TestNode> {
  const database = (dir: string, migrations: readonly Migration[]) => openTestDatabase(kind, dir, migrations);
  return startTestNode({ capabilities, names, database });
}
