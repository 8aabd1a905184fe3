import { InvalidInputError, NotFoundError } from "@base/errors";
import { type SortedProof, SortedTree } from "@base/bytes/sortedTree.ts";
import type { Context } from "@kernel/capability";
import { loadModel, sampleRows, type Table } from "@machines/engine";
import { type Influence, influenceOf } from "@machines/engine/influence/influence.ts";
import { readModel } from "@records/assets/execute.ts";
import { type Data, readData } from "@records/assets/data.ts";
import { loadTable } from "@records/assets/load.ts";
import { type RowSet, rowHashes } from "@records/assets/rowSet.ts";
import { findSalt } from "@records/assets/salts.ts";
import { sampleHashes } from "@records/assets/samples.ts";
import { parseStatement } from "@records/assets/statements.ts";
import { statementHash } from "@records/assets/sign.ts";
import { influenceText, LIMITS } from "./influenceText.ts";
import { type Slice, sliceRows } from "./sliceRows.ts";
import { tableFor } from "./run.ts";
import { type SignedReport, signReport } from "./signReport.ts";

/** Which answer is traced, and how many rows are named. */
export interface InfluenceQuestion extends Slice {
  readonly model: string;
  /** Where the row in question is: a data asset, a CSV file, or CSV text. */
  readonly data?: string | undefined;
  readonly file?: string | undefined;
  readonly content?: string | undefined;
  /** Rows to name on each side, 1 to 100. */
  readonly top: number;
  /** Probability from which the answer counts as yes. */
  readonly threshold: number;
}

export interface InfluenceInput extends InfluenceQuestion {
  readonly as?: string | undefined;
}

/** A training row and what it added to the answer. */
export interface NamedRow {
  /** Position in the training data as joined; the first is 0. */
  readonly row: number;
  readonly asset: string;
  /** Position in that asset's table. */
  readonly at: number;
  /** First row of the sample, where it spans several. */
  readonly first?: number;
  /** In units of the score; above 0 raised it. */
  readonly value: number;
  /** Its part of what all rows moved. */
  readonly share: number;
  /** Hash of the row as the run's statement commits to it; null where it commits to none. */
  readonly hash: `0x${string}` | null;
}

/** A named row with the path to the run's committed rows, and its cells where this node may show them. */
export interface ShownRow extends NamedRow {
  readonly proof: Extract<SortedProof, { leaf: unknown }> | null;
  readonly cells: string | null;
}

type Needs = Pick<Context, "db" | "store" | "chain" | "contracts" | "vault">;

/** The report without who signs it and when, and what is shown beside it. */
export interface Traced {
  readonly content: ReturnType<typeof contentOf>["content"];
  readonly rows: ReadonlyMap<number, Pick<ShownRow, "proof" | "cells">>;
  readonly trained: RowSet | null;
}

export type InfluenceReport = SignedReport &
  Pick<Traced["content"], "method" | "unit" | "output" | "label" | "answer" | "score" | "samples"> & {
    readonly for: ShownRow[];
    readonly against: ShownRow[];
    readonly trained: RowSet | null;
    readonly limits: string[];
    readonly text: string;
  };

/**
 * Traces one answer of a trained model to the training rows that moved it most, for and against, and puts the trace on
 * record: a signed statement without any cell of any row. Each row comes with the proof that it trained the model.
 * Throws NotFoundError where model, run or data is not at hand, InvalidInputError, TableError. SPEC T16, T17.
 */
export async function influence(context: Context, input: InfluenceInput): Promise<InfluenceReport> {
  const identity = context.identities.get(input.as);
  const { content, rows, trained } = await traceInfluence(context, input);
  const signed = await signReport(context, identity, content);
  const shown = (named: readonly NamedRow[]): ShownRow[] =>
    named.map((row) => ({ ...row, ...(rows.get(row.row) ?? { proof: null, cells: null }) }));
  const { method, unit, output, label, answer, score, samples } = content;
  const report = {
    ...signed,
    ...{ method, unit, output, answer, score, samples, trained },
    ...(label === undefined ? {} : { label }),
    for: shown(content.for),
    against: shown(content.against),
    limits: [...LIMITS[method]],
  };
  return { ...report, text: influenceText(input.model, report) };
}

/** Computes a trace; the same model, data and question give the same content. SPEC T16. */
export async function traceInfluence(context: Needs, input: InfluenceQuestion): Promise<Traced> {
  const { bytes, root, statement } = await readModel(context, BigInt(input.model));
  if (statement.type !== "assay/model/1")
    throw new InvalidInputError(`asset ${input.model} came without a training run: nobody knows its rows`);
  const run = parseStatement("assay/run/1", await context.store.getJson(statement.run));
  const data = await readData(
    context,
    run.data.map(({ asset }) => asset),
  );
  const { recipe } = loadModel(bytes);
  const question = sliceRows(await tableFor(context, input), input, recipe.time, sampleRows(recipe));
  const found = influenceOf(bytes, data.table, question);
  const asked = input.data === undefined ? undefined : (await loadTable(context, input.data)).asset;
  const sets = run.samples ?? {};
  const salt = await saltOf(context, sets);
  const { content, named } = contentOf(found, {
    model: { asset: input.model, root },
    run: statement.run,
    question: {
      ...(asked === undefined ? {} : { data: { asset: asked.id, root: asked.root } }),
      ...{ from: input.from ?? null, to: input.to ?? null, row: input.row ?? null },
      rows: statementHash(question.columns.map(({ name, values }) => ({ name, values }))),
    },
    top: input.top,
    threshold: input.threshold,
    binary: recipe.task === "binary",
    places: placesOf(data),
    hashes: run.samples === undefined ? undefined : (rows) => rowHashes(data.table, salt, rows),
    trained: sets["train"] ?? null,
  });
  const tree = sets["train"] && new SortedTree(sampleHashes(data.table, recipe, salt)["train"] ?? []);
  const sealed = data.statements.some((one) => one.sealed !== undefined);
  const rows = new Map(
    named.map(({ row, hash }) => {
      const proof = tree && hash !== null ? tree.prove(hash) : null;
      const cells = sealed ? null : cellsOf(data.table, row);
      return [row, { proof: proof !== null && proof !== undefined && "leaf" in proof ? proof : null, cells }] as const;
    }),
  );
  return { content, rows, trained: sets["train"] ?? null };
}

interface Grounds {
  readonly model: { readonly asset: string; readonly root: string };
  readonly run: string;
  readonly question: object;
  readonly top: number;
  readonly threshold: number;
  readonly binary: boolean;
  readonly places: (row: number) => { readonly asset: string; readonly at: number };
  readonly hashes: ((rows: readonly number[]) => readonly `0x${string}`[]) | undefined;
  readonly trained: RowSet | null;
}

/** Ranks the rows, and writes down what is signed. */
function contentOf(found: Influence, grounds: Grounds) {
  const { model, run, question, top, threshold, trained } = grounds;
  const { method, unit, output, label, score, base, samples } = found;
  const up = grounds.binary ? output >= threshold : label !== undefined || output >= base;
  const moved = samples.reduce((sum, { value }) => sum + Math.abs(value), 0);
  const ranked = samples
    .map(({ rows, value }) => ({ rows, value, toward: up ? value : -value }))
    .sort((a, b) => b.toward - a.toward || a.rows[1] - b.rows[1]);
  const chosen = [
    ranked.slice(0, top).filter(({ toward }) => toward > 0),
    ranked
      .slice(-top)
      .filter(({ toward }) => toward < 0)
      .sort((a, b) => a.toward - b.toward || a.rows[1] - b.rows[1]),
  ] as const;
  const name = (list: (typeof chosen)[number]): NamedRow[] => {
    const hashes = grounds.hashes?.(list.map(({ rows }) => rows[1]));
    return list.map(({ rows: [first, last], value }, index) => ({
      row: last,
      ...grounds.places(last),
      ...(first === last ? {} : { first }),
      value,
      share: moved === 0 ? 0 : Math.abs(value) / moved,
      hash: hashes?.[index] ?? null,
    }));
  };
  const [pro, contra] = [name(chosen[0]), name(chosen[1])];
  const direction = up ? "above" : "below";
  const answer = label ?? (grounds.binary ? (up ? "yes" : "no") : `${direction} the typical answer`);
  const content = {
    type: "assay/influence/1" as const,
    ...{ model, run, question, top, threshold, method, unit, output },
    ...(label === undefined ? {} : { label }),
    ...{ answer, score, samples: samples.length, for: pro, against: contra, trained },
  };
  return { content, named: [...pro, ...contra] };
}

async function saltOf(context: Needs, sets: Readonly<Record<string, RowSet>>) {
  const salted = Object.values(sets).find((set) => set.salted);
  if (salted === undefined) return null;
  const salt = await findSalt(context, salted.root);
  if (salt !== undefined) return salt;
  throw new NotFoundError("the rows that trained are hashed with a salt that this node does not have", {
    hints: ["Ask the node of the model's publisher."],
  });
}

/** From a row of the joined data to its asset, and its place there. */
function placesOf({ parents, statements }: Data): Grounds["places"] {
  const counts = statements.map(({ rows }) => rows);
  return (row) => {
    let [at, index] = [row, 0];
    while (index + 1 < counts.length && at >= (counts[index] as number)) at -= counts[index++] as number;
    return { asset: parents[index]?.asset as string, at };
  };
}

function cellsOf(table: Table, row: number): string {
  return table.columns.map(({ name, values }) => `${name}=${values[row] ?? ""}`).join(" ");
}
