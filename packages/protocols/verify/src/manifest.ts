import { fromBytes, toBytes } from "@machines/engine/bits.ts";
import type { Graph } from "@machines/engine/graph/ir.ts";
import { STREAM, uniform } from "@machines/engine/random/philox.ts";
import type { Recipe } from "@machines/engine/recipe/recipe.ts";
import type { Table } from "@machines/engine/table/table.ts";
import { type Job as Training, jobOf, prepareSamples } from "@machines/engine/train/prepare.ts";
import { stepsOf } from "@machines/engine/train/train.ts";
import { decodeEnsemble, encodeEnsemble } from "@machines/engine/trees/encode.ts";
import { initialState } from "@machines/engine/train/stepGraph.ts";
import { IntegrityError, InvalidInputError } from "@base/errors";
import { bitsOf } from "@machines/engine/bits.ts";
import type { Hash, Store } from "@machines/store";
import { z } from "zod";
import { type About, aboutSchema } from "./about.ts";
import { checkTreeSizes } from "./answerRun.ts";
import type { FirstValue, Run } from "./replay.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hash>;
const count = z.int().nonnegative();
const firstValue = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fill"), bits: count }),
  z.object({ kind: z.literal("uniform"), bits: count, index: count }),
  z.object({ kind: z.literal("given"), values: hash }),
]);

/** What is needed to run a claimed job again; tensors are blobs of little-endian binary32. */
const manifest = z.object({
  type: z.literal("assay/dispute-run/1"),
  graph: z.unknown(),
  trees: hash.optional(),
  data: z.array(hash),
  rows: count,
  batch: count,
  steps: count,
  stepsPerEpoch: count,
  seed: count,
  orderSeed: count,
  first: z.array(firstValue),
  output: z.string().optional(),
  about: z.unknown().optional(),
});

/** Stores a run with its tensors and what it is said to be; the hash is what a claim names. */
export async function putRun(store: Pick<Store, "put" | "putJson">, run: Run, about?: About): Promise<Hash> {
  const tensor = (values: Float32Array) => store.put(toBytes(values));
  const data: Hash[] = [];
  for (const values of run.data) data.push(await tensor(values));
  const first: unknown[] = [];
  for (const value of run.first)
    first.push(value.kind === "given" ? { kind: "given", values: await tensor(value.values) } : value);
  const trees = run.trees === undefined ? {} : { trees: await store.put(encodeEnsemble(run.trees)) };
  const labelled = about === undefined ? {} : { about };
  return store.putJson({ type: "assay/dispute-run/1", ...run, ...trees, data, first, ...labelled });
}

/** What a manifest says that its job is, if it says it in a form that is known. */
export async function aboutOf(store: Pick<Store, "getJson">, at: Hash): Promise<About | undefined> {
  const found = (await store.getJson(at)) as { about?: unknown } | null;
  return aboutSchema.safeParse(found?.about).data;
}

/** A stored run. Throws NotFoundError when bytes are nowhere to be had, IntegrityError when they are no run. */
export async function getRun(store: Pick<Store, "get" | "getJson">, at: Hash): Promise<Run> {
  const parsed = manifest.safeParse(await store.getJson(at));
  if (!parsed.success) throw new IntegrityError(`The bytes of ${at} are not a run.`, { cause: parsed.error });
  const { type: _, about: __, graph, trees, data, first, output, ...numbers } = parsed.data;
  const ensemble = trees === undefined ? undefined : decodeEnsemble(await store.get(trees));
  if (ensemble !== undefined) checkTreeSizes(ensemble);
  const tensor = async (root: Hash) => fromBytes(await store.get(root));
  return {
    ...numbers,
    ...(output === undefined ? {} : { output }),
    graph: graph as Graph,
    ...(ensemble === undefined ? {} : { trees: ensemble }),
    data: await Promise.all(data.map(tensor)),
    first: await Promise.all(
      first.map(
        async (value): Promise<FirstValue> =>
          value.kind === "given" ? { kind: "given", values: await tensor(value.values) } : value,
      ),
    ),
  };
}

/**
 * The run of a training: what table and recipe commit to. Where a run stops early or keeps its best epoch, its steps are those
 * of its result, found by running it. Throws InvalidInputError for trees, which are not a graph. Rule D22.
 */
export async function runOf(table: Table, recipe: Recipe, options: Parameters<typeof stepsOf>[1] = {}): Promise<Run> {
  if (recipe.model.kind === "trees")
    throw new InvalidInputError("Trees are not trained step by step on a graph; their runs cannot be claimed yet.");
  const prepared = jobOf(table, prepareSamples(table, recipe));
  const { graph, trainX, trainY, batch, stepsPerEpoch, commitment } = prepared;
  return {
    graph,
    data: [trainX, trainY],
    rows: trainY.length,
    batch,
    steps: await stepsOf(prepared, options),
    stepsPerEpoch,
    seed: commitment.seed,
    orderSeed: commitment.orderSeed,
    first: firstValues(prepared),
  };
}

/** Rules for the first values: a drawn tensor by its limit, an even one by its value, anything else by its root. */
function firstValues({ graph, list, commitment }: Pick<Training, "graph" | "list" | "commitment">): FirstValue[] {
  const states = new Map(initialState(graph, commitment.seed).map(({ name, values }) => [name, values]));
  return graph.inputs
    .filter(({ role }) => role !== "data")
    .map(({ name, shape }): FirstValue => {
      const layer = list.findIndex((parameter) => parameter.name === name);
      const values = list[layer]?.initial ?? states.get(name);
      if (values === undefined) throw new InvalidInputError(`The graph has no first value for ${name}.`);
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      if (bits.every((word) => word === bits[0])) return { kind: "fill", bits: bits[0] ?? 0 };
      for (const gain of [6, 3])
        for (let index = 0; index <= list.length; index++) {
          const limit = Math.fround(Math.sqrt(gain / (shape[0] ?? 1)));
          const probe = uniform(1, limit, commitment.seed, STREAM.init, index);
          if (probe[0] !== values[0]) continue;
          const drawn = uniform(values.length, limit, commitment.seed, STREAM.init, index);
          if (drawn.every((value, i) => value === values[i])) return { kind: "uniform", bits: bitsOf(limit), index };
        }
      return { kind: "given", values };
    });
}
