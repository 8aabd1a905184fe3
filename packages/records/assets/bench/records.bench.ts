import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDatabase } from "@machines/store";
import { migrations } from "../src/tables.ts";
import { trace } from "../src/trace.ts";
import { fillLineage } from "./graph.ts";

/** One line of `npm run bench -- --json`; a ratio above 1 means that Assay is ahead of `against`. */
export interface Result {
  readonly bench: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string;
  readonly ratio: number;
}

const edges = 1_000_000;
const warming = 200;
const queries = 1_000;
const drafts = fileURLToPath(new URL("../../../../.tmp", import.meta.url));

/**
 * A lineage of a million edges as pipelines have it (each thing made from one to three of those before it, 1.5 on
 * average), and 1,000 traces of ten steps down from things all over it: nodes with their newest words, edges with
 * statement, signature and event, and the tree as text. 200 other questions come first to warm up whatever a running
 * node has warm.
 */
export async function run(): Promise<Result[]> {
  await mkdir(drafts, { recursive: true });
  const dir = await mkdtemp(join(drafts, "bench-lineage-"));
  try {
    const db = await openDatabase({ dir }, migrations);
    const things = await fillLineage(db, edges);
    const times: number[] = [];
    const sizes: number[] = [];
    for (let i = 0; i < warming + queries; i++) {
      const id = `asset:${1000 + ((i * 7919 * 613) % (things - 1000))}`;
      const began = performance.now();
      const lineage = await trace({ db }, { id, direction: "sources", depth: 10 });
      times.push(performance.now() - began);
      sizes.push(lineage.edges.length);
      if (lineage.edges.some(({ proof }) => proof.signature === null)) throw new Error(`${id}: an edge has no proof`);
    }
    await db.close();
    const late = times.slice(warming).sort((a, b) => a - b);
    const p99 = late[Math.ceil(late.length * 0.99) - 1] as number;
    const median = late[late.length >> 1] as number;
    const some = sizes.sort((a, b) => a - b);
    const line = (bench: string, value: number, unit: string, against: string, ratio: number) => ({
      bench,
      value,
      unit,
      against,
      ratio,
    });
    return [
      line("records.lineage.p99.ms", p99, "ms", "bar 10", 10 / p99),
      line("records.lineage.median.ms", median, "ms", "bar 10", 10 / median),
      line("records.lineage.edges.median", some[some.length >> 1] as number, "edges", "1 edge", 1),
      line("records.lineage.edges.max", some.at(-1) as number, "edges", "1 edge", 1),
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
