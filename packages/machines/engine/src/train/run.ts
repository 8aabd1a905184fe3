import type { Hash } from "@base/bytes/hash.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { History } from "./history.ts";

/** What a training run promises: with the same table and recipe anyone gets these roots. Plain JSON. */
export interface RunCommitment {
  readonly version: 1;
  /** Root over the table as it was read. */
  readonly table: Hash;
  /** SHA-256 of the recipe's canonical JSON. */
  readonly recipe: Hash;
  /** SHA-256 of the step graph's canonical JSON. */
  readonly graph: Hash;
  /** Root over the training samples, features and targets, in sample order. */
  readonly dataRoot: Hash;
  /** Seed of the batch order. */
  readonly orderSeed: number;
  /** Seed of the initial weights. */
  readonly seed: number;
  readonly batch: number;
  readonly steps: number;
  readonly optimizer: Recipe["optimizer"];
  /** SHA-256 over all fields above: what a run is asked to do, before any result. */
  readonly job: Hash;
  /** Root over parameters and optimiser state before the first step. */
  readonly initialRoot: Hash;
  /** The same after every `checkpointEvery`-th step; `step` counts finished steps. */
  readonly checkpoints: readonly CheckpointRoot[];
  readonly finalRoot: Hash;
}

/** Root of the state after `step` steps. */
export interface CheckpointRoot {
  readonly step: number;
  readonly root: Hash;
}

/** Everything needed to go on with a run from the middle. */
export interface Checkpoint {
  readonly job: Hash;
  readonly step: number;
  readonly root: Hash;
  /** Parameters and optimiser state in graph order, little-endian binary32. */
  readonly state: Uint8Array;
  /** Roots committed so far, this one included. */
  readonly checkpoints: readonly CheckpointRoot[];
  /** Networks of version 2: losses so far and, with early stopping, the best epoch. */
  readonly history?: History;
}

/** Where a training run stands: steps done, steps in all, loss of the last batch. */
export interface TrainProgress {
  readonly step: number;
  readonly total: number;
  readonly loss: number;
  /** Loss on the validation samples after the last finished epoch. */
  readonly validation?: number;
  /** Set while a cross-validation runs: folds that are done; `step` and `total` count folds then. */
  readonly fold?: number;
}

/** How a run is watched, stopped and resumed. None of it changes a bit of the result. */
export interface TrainOptions {
  /** Called about 200 times over the run, and after the last step. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Called for every committed checkpoint; its bytes may be stored. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  readonly signal?: AbortSignal;
  /** Threads at work, 1 (unless said) to 16. */
  readonly threads?: number;
  /** Goes on from here instead of the beginning; a function is asked once the job's hash is known. */
  readonly resume?: Checkpoint | ((job: Hash) => Promise<Checkpoint | undefined>);
}
