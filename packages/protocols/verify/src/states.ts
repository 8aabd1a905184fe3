import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { concatBytes, utf8 } from "@base/bytes/hex.ts";
import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { fromBytes, toBytes } from "@machines/engine/bits.ts";
import type { Replay } from "./replay.ts";

// What a player that was killed in the middle of a game goes on from, instead of running the whole training again. Rule D26.

type Needs = Pick<Context, "db" | "store" | "clock" | "log">;

/** Bytes on disk at most: of one job, and of all jobs in dispute together. */
interface Bounds {
  readonly job: number;
  readonly all: number;
}

const STATE_BYTES: Bounds = { job: 256 * 2 ** 20, all: 2 ** 30 };

/** Runs of no more steps are run again faster than they are read. */
const WORTH = 32;

/** Bytes of a blob at most, unless one state alone is longer: a blob is written durably, which takes longer than its bytes do. */
const BLOB_BYTES = 8 * 2 ** 20;

/** States of a run side by side in one blob. */
interface KeptBlob {
  readonly blob: Hash;
  readonly states: readonly { readonly low: number; readonly root: Hash }[];
}

interface Kept {
  readonly blobs: readonly KeptBlob[];
  readonly roots: readonly (readonly [low: number, root: Hash])[];
}

const headOf = (job: Hash, low: number) => utf8(`assay/replay-states/1\n${job}\n${String(low).padStart(16, "0")}\n`);

/**
 * Keeps some of a run's states as blobs, and the roots that were computed, so that `restoreStates` finds them after a restart. The row
 * that names the blobs is written before them: what is on disk can always be found and removed. A full disk ends no game.
 */
export async function keepStates(context: Needs, replay: Replay, most: Bounds = STATE_BYTES): Promise<void> {
  if (replay.run.steps <= WORTH) return;
  try {
    await writeKept(context, replay, most);
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    context.log.warn("states of a run were not kept", { job: replay.jobHash, reason: error.shortMessage });
  }
}

async function writeKept(context: Needs, replay: Replay, bounds: Bounds): Promise<void> {
  const job = replay.jobHash;
  const kept = await readKept(context, job);
  const most = Math.min(bounds.job, bounds.all - (await othersBytes(context, job)));
  const fresh = freshBlobs(replay, kept?.blobs ?? [], Math.floor(most / replay.stateBytes));
  const known = replay.knownRoots();
  if (fresh.length === 0 && kept?.roots.length === known.size) return;
  const blobs = [...(kept?.blobs ?? []), ...fresh.map(({ blob, states }) => ({ blob, states }))];
  const text = canonicalJson({ blobs, roots: [...known] });
  const bytes = blobs.reduce((sum, { states }) => sum + states.length, 0) * replay.stateBytes;
  const row = { job, kept_json: text, seal: sha256Hex(utf8(text)), bytes, at: context.clock() };
  await context.db.kysely
    .insertInto("dispute_states")
    .values(row)
    .onConflict((c) => c.column("job").doUpdateSet(row))
    .execute();
  for (const one of fresh) await context.store.put(one.bytes, { local: true });
}

/** Milliseconds that a run goes on before the rest of the node has its turn, and between two writes of its states. */
const [SLICE, WRITE_EVERY] = [100, 30_000];

/** Runs a job to its end while the rest of the node goes on, and keeps states on the way: a kill costs half a minute of a long run. */
export async function runThrough(context: Needs & Pick<Context, "signal">, replay: Replay): Promise<void> {
  let written = context.clock();
  let began = context.clock();
  while (!replay.advance(() => context.clock() - began >= SLICE)) {
    if (context.clock() - written >= WRITE_EVERY) {
      await keepStates(context, replay);
      written = context.clock();
    }
    await new Promise((resolve) => setImmediate(resolve));
    context.signal.throwIfAborted();
    began = context.clock();
  }
}

/** Puts kept states back into a replay of the same job; each has to have its root. How many fitted. */
export async function restoreStates(context: Omit<Needs, "clock">, replay: Replay): Promise<number> {
  const kept = await readKept(context, replay.jobHash);
  if (kept === undefined) return 0;
  const size = replay.stateBytes;
  let [found, listed] = [0, 0];
  for (const { blob, states } of kept.blobs) {
    listed += states.length;
    try {
      const bytes = (await context.store.get(blob, { local: true })).subarray(headOf(replay.jobHash, 0).length);
      for (const [i, { low, root }] of states.entries())
        if (replay.restore(low, fromBytes(bytes.slice(i * size, (i + 1) * size)), root)) found++;
    } catch (error) {
      // States that are lost cost steps, nothing else.
      if (!(error instanceof BaseError)) throw error;
      context.log.warn("kept states cannot be read", { job: replay.jobHash, reason: error.shortMessage });
    }
  }
  // Roots alone prove nothing: they are taken where all states that they stand beside were right. Else all is written anew.
  if (found < listed) await forgetStates(context, replay.jobHash);
  else for (const [low, root] of kept.roots) replay.knowRoot(low, root);
  return found;
}

/** Removes what was kept of a job. */
export async function forgetStates(context: Omit<Needs, "clock">, job: Hash): Promise<void> {
  const kept = await readKept(context, job);
  for (const { blob } of kept?.blobs ?? []) await context.store.remove(blob);
  await context.db.kysely.deleteFrom("dispute_states").where("job", "=", job).execute();
}

/** Removes what was kept of a job about which no game is open. */
export async function forgetIdle(context: Omit<Needs, "clock">, job: Hash): Promise<void> {
  const open = await context.db.kysely
    .selectFrom("ix_dispute_games as g")
    .innerJoin("ix_dispute_claims as c", "c.claim", "g.claim")
    .leftJoin("ix_dispute_ends as e", "e.game", "g.game")
    .select("g.game")
    .where("c.job", "=", job)
    .where("e.game", "is", null)
    .executeTakeFirst();
  if (open === undefined) await forgetStates(context, job);
}

/** Job: removes what was kept of a game's job, once no game about this job is open. */
export async function forget(context: Context, { game }: { game: string }): Promise<void> {
  const jobs = await context.db.kysely
    .selectFrom("ix_dispute_games as g")
    .innerJoin("ix_dispute_claims as c", "c.claim", "g.claim")
    .select("c.job")
    .distinct()
    .where("g.game", "=", game)
    .execute();
  for (const { job } of jobs) await forgetIdle(context, String(job) as Hash);
}

async function readKept({ db, log }: Pick<Needs, "db" | "log">, job: Hash): Promise<Kept | undefined> {
  const row = await db.kysely.selectFrom("dispute_states").selectAll().where("job", "=", job).executeTakeFirst();
  if (row === undefined) return undefined;
  const text = String(row["kept_json"]);
  if (sha256Hex(utf8(text)) === row["seal"]) return JSON.parse(text) as Kept;
  log.warn("what was kept of a run is damaged", { job });
  return undefined;
}

async function othersBytes({ db }: Pick<Needs, "db">, job: Hash): Promise<number> {
  const { bytes } = await db.kysely
    .selectFrom("dispute_states")
    .select(({ fn }) => fn.sum("bytes").as("bytes"))
    .where("job", "!=", job)
    .executeTakeFirstOrThrow();
  return Number(bytes ?? 0);
}

/** States that are not kept yet, in blobs: at even distances, so that not more than `fit` will be kept in the end. */
function freshBlobs(
  replay: Replay,
  known: readonly KeptBlob[],
  fit: number,
): readonly (KeptBlob & { readonly bytes: Uint8Array })[] {
  const listed = new Set(known.flatMap(({ states }) => states.map(({ low }) => low)));
  const distance = replay.every * Math.ceil(Math.floor(replay.end / replay.every) / Math.max(1, fit));
  const lows = [...replay.keptStates().keys()]
    .filter((low) => low > 1 && low % distance === 0 && !listed.has(low))
    .sort((a, b) => a - b)
    .slice(0, Math.max(0, fit - listed.size));
  const each = Math.max(1, Math.floor(BLOB_BYTES / replay.stateBytes));
  return Array.from({ length: Math.ceil(lows.length / each) }, (_, i) =>
    blobOf(replay, lows.slice(i * each, (i + 1) * each)),
  );
}

function blobOf(replay: Replay, lows: readonly number[]): KeptBlob & { readonly bytes: Uint8Array } {
  const values = lows.flatMap((low) => replay.stateAt(low).map(toBytes));
  const bytes = concatBytes(headOf(replay.jobHash, lows[0] ?? 0), ...values);
  return { blob: sha256Hex(bytes), states: lows.map((low) => ({ low, root: replay.rootAt(low) })), bytes };
}
