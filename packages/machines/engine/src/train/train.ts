import type { Hash } from "@base/bytes/hash.ts";
import { InvalidInputError } from "@base/errors";
import { fromBytes, toBytes } from "../bits.ts";
import { type NamedTensor, tensorsRoot } from "../commit/roots.ts";
import { Program } from "../graph/program.ts";
import type { Graph } from "../graph/ir.ts";
import type { Answer } from "../model/evaluate.ts";
import { shuffled, STREAM } from "../random/philox.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { validateRecipe } from "../recipe/validate.ts";
import type { Table } from "../table/table.ts";
import { inferenceGraph } from "./network.ts";
import { type Job, prepareJob } from "./prepare.ts";
import { finish, TrainingStoppedError, type TrainResult } from "./result.ts";
import type { Checkpoint, CheckpointRoot, RunCommitment, TrainOptions, TrainProgress } from "./run.ts";
import { initialState } from "./stepGraph.ts";
import { trainTrees } from "./trees.ts";

export { TrainingStoppedError, type TrainResult } from "./result.ts";

/**
 * Trains a model on a table by a recipe, in the F32S contract: the same bytes on every machine. Throws
 * RecipeError, TableError, InvalidInputError (diverged, foreign checkpoint) or TrainingStoppedError.
 */
export async function train(table: Table, recipe: Recipe, options: TrainOptions = {}): Promise<TrainResult> {
  if (validateRecipe(recipe).model.kind === "trees") return await trainTrees(table, recipe, options);
  const job = prepareJob(table, recipe);
  const program = new Program(job.graph);
  for (const { name, initial } of job.list) program.write(name, initial);
  for (const { name, values } of initialState(job.graph)) program.write(name, values);
  const initialRoot = stateRoot(program);
  const curve: TrainProgress[] = [];
  const checkpoints = await execute(job, program, options, curve);
  const run: RunCommitment = { ...job.commitment, initialRoot, checkpoints, finalRoot: stateRoot(program) };
  const tensors = job.list.map(({ name, shape }) => ({ name, shape, values: program.read(name) }));
  const inference = inferenceGraph(job.recipe, job.list, job.norm);
  return { ...finish(job, { graph: inference, run }, tensors, job.norm.mean, answerWith(inference, tensors)), curve };
}

function answerWith(inference: Graph, tensors: readonly NamedTensor[]): Answer {
  const program = new Program(inference);
  for (const { name, values } of tensors) program.write(name, values);
  return (x) => {
    program.write("x", x);
    program.run();
    return program.read("output")[0] as number;
  };
}

function stateTensors(program: Program): NamedTensor[] {
  const inputs = program.graph.inputs.filter((input) => input.role !== "data");
  return inputs.map(({ name, shape }) => ({ name, shape, values: program.read(name) }));
}

function stateRoot(program: Program): Hash {
  return tensorsRoot("assay/state/1", stateTensors(program));
}

/** Puts a checkpoint's state into the program; throws InvalidInputError when it belongs to another run or was altered. */
function restore(job: Job, program: Program, checkpoint: Checkpoint): void {
  if (checkpoint.job !== job.commitment.job)
    throw new InvalidInputError("The checkpoint belongs to another run: table, recipe or seed differ.", {
      data: { expected: job.commitment.job, got: checkpoint.job },
    });
  const values = fromBytes(checkpoint.state);
  let at = 0;
  for (const { name, values: current } of stateTensors(program)) {
    if (at + current.length <= values.length) program.write(name, values.subarray(at, at + current.length));
    at += current.length;
  }
  const last = checkpoint.checkpoints.at(-1);
  const sound = at * 4 === checkpoint.state.length && stateRoot(program) === checkpoint.root;
  if (
    !sound ||
    last?.root !== checkpoint.root ||
    last.step !== checkpoint.step ||
    checkpoint.step > job.commitment.steps
  )
    throw new InvalidInputError("The checkpoint's bytes do not match its root.", { data: { root: checkpoint.root } });
}

function takeCheckpoint(
  job: Job,
  program: Program,
  step: number,
  root: Hash,
  checkpoints: readonly CheckpointRoot[],
): Checkpoint {
  const parts = stateTensors(program).map(({ values }) => toBytes(values));
  const state = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    state.set(part, at);
    at += part.length;
  }
  return { job: job.commitment.job, step, root, state, checkpoints: [...checkpoints] };
}

/** Runs all steps that are left; the answer lists the committed roots. */
async function execute(
  job: Job,
  program: Program,
  options: TrainOptions,
  curve: TrainProgress[],
): Promise<CheckpointRoot[]> {
  const { recipe, batch, stepsPerEpoch, trainX, trainY } = job;
  const total = job.commitment.steps;
  const width = job.features.length;
  const checkpoints: CheckpointRoot[] = [...(options.resume?.checkpoints ?? [])];
  if (options.resume !== undefined) restore(job, program, options.resume);
  const reportEvery = Math.max(1, Math.floor(total / 200));
  const x = new Float32Array(batch * width);
  const t = new Float32Array(batch);
  for (let step = options.resume?.step ?? 0; step < total; step++) {
    const epoch = Math.floor(step / stepsPerEpoch);
    for (let row = 0; row < batch; row++) {
      const place = (step % stepsPerEpoch) * batch + row;
      const sample = shuffled(trainY.length, job.commitment.orderSeed, STREAM.order, epoch, place);
      x.set(trainX.subarray(sample * width, (sample + 1) * width), row * width);
      t[row] = trainY[sample] as number;
    }
    program.write("x", x);
    program.write("t", t);
    program.run();
    const done = step + 1;
    if (done % recipe.checkpointEvery === 0) {
      const root = stateRoot(program);
      checkpoints.push({ step: done, root });
      options.onCheckpoint?.(takeCheckpoint(job, program, done, root, checkpoints));
    }
    if (done % reportEvery === 0 || done === total) await report(program, options, curve, done, total);
  }
  return checkpoints;
}

/** Reports progress, lets other work run, and ends a run that was stopped or has diverged. */
async function report(
  program: Program,
  options: TrainOptions,
  curve: TrainProgress[],
  step: number,
  total: number,
): Promise<void> {
  const loss = program.read("loss")[0] as number;
  if (!Number.isFinite(loss))
    throw new InvalidInputError(`The training diverged: the loss is ${loss} after step ${step}.`, {
      hints: ["Use a smaller learning rate."],
      data: { step, total },
    });
  const progress = { step, total, loss };
  curve.push(progress);
  options.onProgress?.(progress);
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (options.signal?.aborted)
    throw new TrainingStoppedError(`The training was stopped after step ${step} of ${total}.`, {
      data: { step, total },
    });
}
