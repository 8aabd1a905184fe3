import { BaseError, BugError } from "@base/errors";
import { type Json, toWire } from "@kernel/capability/wire.ts";
import type { Database, Migration } from "@machines/store";

/** The steps of the loop that are done, so that a second start continues where the first one stopped. */
export const storyMigration: Migration = {
  id: "node/story/1",
  async up(db) {
    await db.schema
      .createTable("node_story")
      .addColumn("step", "text", (c) => c.primaryKey())
      .addColumn("position", "integer", (c) => c.notNull())
      .addColumn("title", "text", (c) => c.notNull())
      .addColumn("status", "text", (c) => c.notNull())
      .addColumn("started_at", "bigint", (c) => c.notNull())
      .addColumn("ms", "bigint", (c) => c.notNull())
      .addColumn("detail", "text", (c) => c.notNull())
      .addColumn("result", "text", (c) => c.notNull())
      .execute();
  },
};

/** One step as people see it. `ms` is the wall time it took, over all attempts that finished. */
export interface StoryStep {
  readonly id: string;
  readonly title: string;
  readonly status: "running" | "done" | "failed";
  readonly detail: string;
  readonly startedAt: number;
  readonly ms: number;
  readonly result: Json;
}

/** What a step gives back: a sentence for people and values for programs and later steps. */
export interface StepResult {
  readonly detail: string;
  readonly [value: string]: unknown;
}

/**
 * Runs the steps of a story in order, each remembered once it is done.
 *
 * A step may be interrupted anywhere and run again, so it must find what an earlier attempt left on chain
 * before it makes anything.
 */
export class Story {
  readonly #db: Database;
  readonly #clock: () => number;
  readonly #show: (step: StoryStep) => void;
  #position = 0;

  constructor(db: Database, clock: () => number, show: (step: StoryStep) => void = () => {}) {
    this.#db = db;
    this.#clock = clock;
    this.#show = show;
  }

  /** Runs a step, or gives the remembered result of an earlier run. Values come back in their JSON form. */
  async step(id: string, title: string, run: () => Promise<StepResult>): Promise<Record<string, Json>> {
    const position = this.#position++;
    const known = await this.#find(id);
    if (known?.status === "done") {
      this.#show(known);
      return known.result as Record<string, Json>;
    }
    const startedAt = this.#clock();
    const began = performance.now();
    await this.#save(position, { id, title, status: "running", detail: "", startedAt, ms: 0, result: {} });
    try {
      const { detail, ...values } = await run();
      const ms = Math.round(performance.now() - began);
      await this.#save(position, { id, title, status: "done", detail, startedAt, ms, result: toWire(values) });
      return toWire(values) as Record<string, Json>;
    } catch (error) {
      const detail = error instanceof BaseError ? error.shortMessage : String(error);
      const ms = Math.round(performance.now() - began);
      await this.#save(position, { id, title, status: "failed", detail, startedAt, ms, result: {} });
      throw error;
    }
  }

  /** All steps so far, in order. */
  static async read(db: Database): Promise<StoryStep[]> {
    const rows = await db.kysely.selectFrom("node_story").selectAll().orderBy("position").execute();
    return rows.map(toStep);
  }

  async #find(id: string): Promise<StoryStep | undefined> {
    const row = await this.#db.kysely.selectFrom("node_story").selectAll().where("step", "=", id).executeTakeFirst();
    return row && toStep(row);
  }

  async #save(position: number, step: StoryStep): Promise<void> {
    const row = {
      position,
      title: step.title,
      status: step.status,
      detail: step.detail,
      started_at: step.startedAt,
      ms: step.ms,
      result: JSON.stringify(step.result),
    };
    await this.#db.kysely
      .insertInto("node_story")
      .values({ step: step.id, ...row })
      .onConflict((c) => c.column("step").doUpdateSet(row))
      .execute();
    this.#show(step);
  }
}

/** A value of an earlier step; throws BugError when the step never gave it. */
export function pick<T extends Json = string>(result: Record<string, Json>, key: string): T {
  const value = result[key];
  if (value === undefined) throw new BugError(`the step gave no "${key}"`);
  return value as T;
}

function toStep(row: Record<string, unknown>): StoryStep {
  return {
    id: String(row["step"]),
    title: String(row["title"]),
    status: row["status"] as StoryStep["status"],
    detail: String(row["detail"]),
    startedAt: Number(row["started_at"]),
    ms: Number(row["ms"]),
    result: JSON.parse(String(row["result"])) as Json,
  };
}
