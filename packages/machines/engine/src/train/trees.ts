import type { Hash } from "@base/bytes/hash.ts";
import { leafHash, merkleRootOfHashes } from "@base/bytes/merkle.ts";
import { InvalidInputError } from "@base/errors";
import { jsonHash } from "../commit/roots.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { boostSettings } from "../recipe/validate.ts";
import type { Table } from "../table/table.ts";
import { Booster } from "../trees/boost.ts";
import { decodeEnsemble, encodeEnsemble, ensembleRoot, headBytes, treeBytes } from "../trees/encode.ts";
import { type Ensemble, Predictor } from "../trees/ensemble.ts";
import type { Tree } from "../trees/grow.ts";
import { type Asked, askFor, type Prepared, prepareSamples } from "./prepare.ts";
import { finish, TrainingStoppedError, type TrainResult } from "./result.ts";
import type { Checkpoint, CheckpointRoot, TrainOptions, TrainProgress } from "./run.ts";

/** Boosts trees by a checked recipe: a step is a round, a checkpoint's root is that of the ensemble so far. */
export async function trainTrees(table: Table, recipe: Recipe, options: TrainOptions): Promise<TrainResult> {
  const prepared = prepareSamples(table, recipe);
  const { trainX, trainY } = prepared;
  const settings = boostSettings(recipe);
  const booster = new Booster(trainX, trainY, settings);
  const rules = jsonHash({ type: "assay/trees/2", settings });
  const asked = askFor(table, prepared, rules, trainY.length, settings.trees);
  const initialRoot = ensembleRoot(booster.grown());
  const given = options.resume === undefined ? [] : treesOf(options.resume, asked);
  const curve: TrainProgress[] = [];
  const checkpoints = await execute(booster, given, asked, recipe.checkpointEvery, options, curve);
  const trees = booster.ensemble();
  const run = { ...asked, initialRoot, checkpoints, finalRoot: ensembleRoot(trees) };
  const predictor = new Predictor(trees);
  const answer = (x: Float32Array): number => predictor.predict(x)[0] as number;
  return { ...finish(prepared, { trees, run }, [], means(prepared), answer), curve };
}

/** The trees of a checkpoint; throws InvalidInputError when it belongs to another run or was altered. */
function treesOf(checkpoint: Checkpoint, asked: Asked): readonly Tree[] {
  if (checkpoint.job !== asked.job)
    throw new InvalidInputError("The checkpoint belongs to another run: table, recipe or seed differ.", {
      data: { expected: asked.job, got: checkpoint.job },
    });
  const ensemble = decodeEnsemble(checkpoint.state);
  const last = checkpoint.checkpoints.at(-1);
  const sound = ensembleRoot(ensemble) === checkpoint.root && ensemble.trees.length === checkpoint.step;
  if (!sound || last?.root !== checkpoint.root || last.step !== checkpoint.step || checkpoint.step > asked.steps)
    throw new InvalidInputError("The checkpoint's bytes do not match its root.", { data: { root: checkpoint.root } });
  return ensemble.trees;
}

async function execute(
  booster: Booster,
  given: readonly Tree[],
  asked: Asked,
  checkpointEvery: number,
  options: TrainOptions,
  curve: TrainProgress[],
): Promise<CheckpointRoot[]> {
  const total = asked.steps;
  const reportEvery = Math.max(1, Math.floor(total / 200));
  const checkpoints: CheckpointRoot[] = [];
  const leaves: Hash[] = [leafHash(headBytes(booster.grown()))];
  while (!booster.done) {
    const old = given[booster.round];
    for (const tree of booster.next(old === undefined ? undefined : [old])) leaves.push(leafHash(treeBytes(tree)));
    const step = booster.round;
    if (step % checkpointEvery === 0) {
      const root = merkleRootOfHashes(leaves);
      checkpoints.push({ step, root });
      if (old === undefined) options.onCheckpoint?.(takeCheckpoint(booster.grown(), asked, root, checkpoints));
    }
    if (old === undefined && (step % reportEvery === 0 || booster.done)) await report(booster, options, curve, total);
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
  return { job, step: ensemble.trees.length, root, state, checkpoints: [...checkpoints] };
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

/** Means of the training samples where they have a value, in binary64, rows ascending; 0 where none has. */
function means({ trainX, trainY, features }: Prepared): Float32Array {
  return Float32Array.from(features, (_, feature) => {
    let [sum, count] = [0, 0];
    for (let row = 0; row < trainY.length; row++) {
      const value = trainX[row * features.length + feature] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count === 0 ? 0 : sum / count;
  });
}
