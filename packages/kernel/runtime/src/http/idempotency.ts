// Writes that are sent twice under one key are done once.
import { createHash } from "node:crypto";
import type { Database } from "@machines/store";
import { HttpError, type Problem } from "./problem.ts";

/** What a call came to: a status and its JSON. */
export interface Outcome {
  readonly status: number;
  readonly body: unknown;
}

const day = 86_400_000;

/** Remembers outcomes of writes by the caller's key, for a day. */
export class Idempotency {
  readonly #db: Database;
  readonly #clock: () => number;
  readonly #running = new Map<string, Promise<Outcome>>();

  constructor(db: Database, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * Runs `work` unless `key` has an outcome already, which is then given again. A failure that may pass (5xx) is
   * forgotten, so that the caller can try again. Throws HttpError 422 when the key belongs to another request, 409 when
   * the process died in the middle of the first one.
   */
  async once(
    key: string,
    action: string,
    input: unknown,
    work: () => Promise<Outcome>,
  ): Promise<Outcome & { replayed: boolean }> {
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
      throw new HttpError(400, "IdempotencyKeyError", "An idempotency key is 1 to 255 visible ASCII characters.");
    }
    const request = createHash("sha256")
      .update(JSON.stringify([action, input]))
      .digest("hex");
    const table = this.#db.kysely;
    await table
      .deleteFrom("idempotency")
      .where("created", "<", this.#clock() - day)
      .execute();
    const added = await table
      .insertInto("idempotency")
      .values({ key, request, state: "running", status: 0, body: "", created: this.#clock() })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .executeTakeFirst();
    if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0)
      return { ...(await this.#again(key, request)), replayed: true };
    const running = this.#run(key, work);
    this.#running.set(key, running);
    try {
      return { ...(await running), replayed: false };
    } finally {
      this.#running.delete(key);
    }
  }

  async #run(key: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const table = this.#db.kysely;
    const outcome = await work();
    if (outcome.status >= 500) await table.deleteFrom("idempotency").where("key", "=", key).execute();
    else {
      const done = { state: "done", status: outcome.status, body: JSON.stringify(outcome.body) };
      await table.updateTable("idempotency").set(done).where("key", "=", key).execute();
    }
    return outcome;
  }

  async #again(key: string, request: string): Promise<Outcome> {
    const row = await this.#db.kysely.selectFrom("idempotency").selectAll().where("key", "=", key).executeTakeFirst();
    if (row && row.request !== request) {
      throw new HttpError(422, "IdempotencyKeyError", "This idempotency key belongs to another request.", [
        "Use a new key for a new request.",
      ]);
    }
    if (row?.state === "done") return { status: Number(row.status), body: JSON.parse(row.body) as Problem };
    const running = this.#running.get(key);
    if (running) return running;
    throw new HttpError(409, "OutcomeUnknownError", "The node stopped while it worked on this request.", [
      "Look whether it took effect; if not, send it with a new key.",
    ]);
  }
}
