import type { Hash } from "@base/bytes/hash.ts";
import { leafHash, merkleRootOfHashes } from "@base/bytes/merkle.ts";
import { InvalidInputError } from "@base/errors";
import { jsonHash } from "../commit/roots.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { boostSettings } from "../recipe/validate.ts";
import type { Table } from "../table/table.ts";
import { Booster, boost, type BoostSettings } from "../trees/boost.ts";
import { decodeEnsemble, encodeEnsemble, ensembleRoot, headBytes, treeBytes } from "../trees/encode.ts";
import { type Ensemble, Predictor } from "../trees/ensemble.ts";
import type { Tree } from "../trees/grow.ts";
import { crossValidate } from "./crossValidate.ts";
import { Follower } from "./history.ts";
import { type Asked, askFor, meansOf, type Prepared } from "./prepare.ts";
import { finish, TrainingStoppedError, type TrainResult } from "./result.ts";
import type { Checkpoint, CheckpointRoot, TrainOptions, TrainProgress } from "./run.ts";

/** Boosts trees by a checked recipe: a step is a round, a checkpoint's root is that of the ensemble so far. */
export async function trainTrees(table: Table, prepared: Prepared, options: TrainOptions): Promise<TrainResult> {
  const { recipe, trainX, trainY } = prepared;
  const settings = settingsOf(prepared);
  const booster = new Booster(trainX, trainY, settings);
  const rules = jsonHash({ type: "assay/trees/2", settings });
  const asked = askFor(table, prepared, rules, trainY.length, settings.trees);
  const initialRoot = ensembleRoot(booster.grown());
  const resume = typeof options.resume === "function" ? await options.resume(asked.job) : options.resume;
  const given = resume === undefined ? [] : treesOf(resume, asked);
  const curve: TrainProgress[] = [];
  const follower = new Follower();
  const checkpoints = await execute(booster, given, asked, recipe, options, curve, follower);
  const trees = booster.ensemble();
  const run = { ...asked, initialRoot, checkpoints, finalRoot: ensembleRoot(trees) };
  const folds = await crossValidate(prepared, table, options, async (fold) =>
    predictTest(fold, boost(fold.trainX, fold.trainY, settingsOf(fold))),
  );
  const predictions = predictTest(prepared, trees);
  return { ...finish(prepared, { trees, run }, [], meansOf(prepared), predictions, follower.history, folds), curve };
}

function settingsOf({ recipe, fitted }: Prepared): BoostSettings {
  return boostSettings(recipe, fitted?.classes?.length);
}

/** An ensemble's answers for the test samples. */
function predictTest({ features, samples, split }: Prepared, trees: Ensemble): Float32Array {
  const predictor = new Predictor(trees);
  const width = features.length;
  const answers = new Float32Array(split.test.length * trees.outputs);
  split.test.forEach((sample, row) => {
    answers.set(predictor.predict(samples.x.subarray(sample * width, (sample + 1) * width)), row * trees.outputs);
  });
  return answers;
}

/** The trees of a checkpoint; throws InvalidInputError when it belongs to another run or was altered. */
function treesOf(checkpoint: Checkpoint, asked: Asked): readonly Tree[] {
  if (checkpoint.job !== asked.job)
    throw new InvalidInputError("The checkpoint belongs to another run: table, recipe or seed differ.", {
      data: { expected: asked.job, got: checkpoint.job },
    });
  const ensemble = decodeEnsemble(checkpoint.state);
  const last = checkpoint.checkpoints.at(-1);
  const sound =
    ensembleRoot(ensemble) === checkpoint.root && ensemble.trees.length === checkpoint.step * ensemble.outputs;
  if (!sound || last?.root !== checkpoint.root || last.step !== checkpoint.step || checkpoint.step > asked.steps)
    throw new InvalidInputError("The checkpoint's bytes do not match its root.", { data: { root: checkpoint.root } });
  return ensemble.trees;
}

async function execute(
  booster: Booster,
  given: readonly Tree[],
  asked: Asked,
  recipe: Recipe,
  options: TrainOptions,
  curve: TrainProgress[],
  follower: Follower,
): Promise<CheckpointRoot[]> {
  const total = asked.steps;
  const reportEvery = Math.max(1, Math.floor(total / 200));
  const checkpoints: CheckpointRoot[] = [];
  const leaves: Hash[] = [leafHash(headBytes(booster.grown()))];
  while (!booster.done) {
    const { outputs } = booster;
    const old = given.slice(booster.round * outputs, (booster.round + 1) * outputs);
    const known = old.length > 0;
    for (const tree of booster.next(known ? old : undefined)) leaves.push(leafHash(treeBytes(tree)));
    const step = booster.round;
    if (recipe.version === 2) {
      follower.add(booster.loss);
      follower.endEpoch(1, booster.lossAside);
    }
    if (step % recipe.checkpointEvery === 0) {
      const root = merkleRootOfHashes(leaves);
      checkpoints.push({ step, root });
      if (!known) options.onCheckpoint?.(takeCheckpoint(booster.grown(), asked, root, checkpoints));
    }
    if (!known && (step % reportEvery === 0 || booster.done)) await report(booster, options, curve, total);
  }
  return checkpoints;
}

function takeCheckpoint(
  ensemble: Ensemble,
  { job }: Asked,
  root: Hash,
  checkpoints: readonly CheckpointRoot[],
): Checkpoint {
  const state = encodeEnsemble(ensemble);
  return { job, step: ensemble.trees.length / ensemble.outputs, root, state, checkpoints: [...checkpoints] };
}

/** Reports progress, lets other work run, and ends a run that was stopped. A run that stops early is done at its last round. */
async function report(booster: Booster, options: TrainOptions, curve: TrainProgress[], rounds: number): Promise<void> {
  const total = booster.done ? booster.round : rounds;
  const progress = { step: booster.round, total, loss: booster.loss };
  curve.push(progress);
  options.onProgress?.(progress);
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (options.signal?.aborted && !booster.done)
    throw new TrainingStoppedError(`The training was stopped after round ${booster.round} of ${total}.`, {
      data: { step: booster.round, total },
    });
}
