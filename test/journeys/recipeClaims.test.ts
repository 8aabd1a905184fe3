// D22: which shipped recipes' runs can be claimed.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, train } from "@machines/engine";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { sampleOf } from "@machines/engine/model/model.ts";
import { openStore } from "@machines/store";
import { expect, test } from "vitest";
import { EXAMPLES, TABLES } from "../../packages/machines/engine/test/examples.ts";
import { answerOf } from "@protocols/verify/answerRun.ts";
import { getRun, putRun, runOf } from "@protocols/verify/manifest.ts";
import { Replay } from "@protocols/verify/replay.ts";

/** Recipes that SPEC.md names as not claimable, by the table of their example. */
const named = [
  ...(await readFile(new URL("../../packages/protocols/verify/SPEC.md", import.meta.url), "utf8")).matchAll(
    /not claimable: the recipe on `(\w+)`/g,
  ),
].map(([, table]) => table as string);

test.each(EXAMPLES)("the run of the recipe on %s can be claimed, or SPEC.md says why not", async (name, recipe) => {
  const table = (TABLES[name] as () => ReturnType<(typeof TABLES)[string]>)();
  if (named.includes(name)) {
    await expect(runOf(table, recipe)).rejects.toThrow(/cannot be claimed/);
    // Its answers can.
    const { model } = await train(table, recipe);
    const answer = new Replay(answerOf(model, sampleOf(decodeBundle(model), table, 17)));
    const said = answer.valuesOf(1)[answer.outputIndex()] as Float32Array;
    expect([...said]).toEqual([loadModel(model).predict(table)[17]?.output]);
    return;
  }
  const { run: commitment } = await train(table, recipe);
  const run = await runOf(table, recipe);
  const replay = new Replay(run);
  expect(run.steps).toBe(commitment.steps);
  expect(replay.result).toBe(commitment.finalRoot);
  expect(replay.rootAt(1)).toBe(commitment.initialRoot);
  const dir = await mkdtemp(join(tmpdir(), "assay-run-"));
  try {
    const store = await openStore({ dir });
    expect(new Replay(await getRun(store, await putRun(store, run))).jobHash).toBe(replay.jobHash);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test("only trees are named, and a run that stops early has fewer steps than it was asked for", async () => {
  expect(named).toEqual(["heart"]);
  const [name, recipe] = EXAMPLES.find(([, { stopping }]) => stopping !== undefined) as (typeof EXAMPLES)[number];
  const table = (TABLES[name] as () => ReturnType<(typeof TABLES)[string]>)();
  const run = await runOf(table, recipe);
  expect(run.steps).toBeLessThan(run.stepsPerEpoch * recipe.epochs);
  expect(run.steps % run.stepsPerEpoch).toBe(0);
});
