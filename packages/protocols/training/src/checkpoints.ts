import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type Recipe,
  type Table,
  train,
  type TrainOptions,
  type TrainResult,
} from "@machines/engine";

type Needs = Pick<Context, "db" | "clock" | "log">;

/** Milliseconds between two checkpoints that are written, unless said: what a kill can cost. */
const WRITE_EVERY = 2_000;

/** Options of {@link trainResumable} besides the engine's. */
export interface ResumeOptions extends Omit<TrainOptions, "resume" | "onCheckpoint"> {
  /** Starts over even where an interrupted run left a checkpoint. */
  readonly fresh?: boolean;
  /** Milliseconds between two checkpoints that are written; 2000 unless said. */
  readonly writeEvery?: number;
  /** Told when a checkpoint is safely written, and when a run goes on from one. */
  readonly onSaved?: (step: number) => void;
  readonly onResumed?: (step: number) => void;
}

/**
 * Trains like the engine and keeps the newest checkpoint in the node's database while it runs, so that a run that was
 * stopped or killed goes on from there with the same bytes as if it had never stopped. Throws like the engine. SPEC T9.
 */
export async function trainResumable(
  context: Needs,
  table: Table,
  recipe: Recipe,
  options: ResumeOptions = {},
): Promise<TrainResult> {
  const { fresh, writeEvery = WRITE_EVERY, onSaved, onResumed, ...rest } = options;
  const writer = new CheckpointWriter(context, writeEvery, onSaved);
  let job: string | undefined;
  const resume = async (asked: Checkpoint["job"]): Promise<Checkpoint | undefined> => {
    job = asked;
    const found = fresh === true ? undefined : await findCheckpoint(context, asked);
    if (found !== undefined) onResumed?.(found.step);
    return found;
  };
  try {
    const result = await train(table, recipe, {
      ...rest,
      resume,
      onCheckpoint: (checkpoint) => writer.offer(checkpoint),
    });
    await writer.close();
    if (job !== undefined) await context.db.kysely.deleteFrom("training_checkpoints").where("job", "=", job).execute();
    return result;
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** Writes the newest checkpoint every `every` milliseconds at most, one at a time. */
class CheckpointWriter {
  readonly #context: Needs;
  readonly #every: number;
  readonly #onSaved: ((step: number) => void) | undefined;
  #writing: Promise<void> | undefined;
  #last = Number.NEGATIVE_INFINITY;

  constructor(context: Needs, every: number, onSaved: ((step: number) => void) | undefined) {
    this.#context = context;
    this.#every = every;
    this.#onSaved = onSaved;
  }

  offer(checkpoint: Checkpoint): void {
    const now = this.#context.clock();
    if (this.#writing !== undefined || now - this.#last < this.#every) return;
    this.#last = now;
    this.#writing = this.#write(checkpoint).finally(() => {
      this.#writing = undefined;
    });
  }

  /** A full disk must not end a training that needs none. */
  async #write(checkpoint: Checkpoint): Promise<void> {
    const { job, step } = checkpoint;
    const row = {
      job,
      step,
      bytes: Buffer.from(encodeCheckpoint(checkpoint)).toString("base64"),
      at: this.#context.clock(),
    };
    try {
      await this.#context.db.kysely
        .insertInto("training_checkpoints")
        .values(row)
        .onConflict((conflict) => conflict.column("job").doUpdateSet(row))
        .execute();
      this.#onSaved?.(step);
    } catch (error) {
      this.#context.log.warn("a checkpoint was not written", { step, error: String(error) });
    }
  }

  async close(): Promise<void> {
    await this.#writing;
  }
}

async function findCheckpoint({ db, log }: Needs, job: string): Promise<Checkpoint | undefined> {
  const row = await db.kysely
    .selectFrom("training_checkpoints")
    .select("bytes")
    .where("job", "=", job)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  try {
    return decodeCheckpoint(new Uint8Array(Buffer.from(String(row.bytes), "base64")));
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    log.warn("a checkpoint cannot be read: the training starts over", { job });
    return undefined;
  }
}
