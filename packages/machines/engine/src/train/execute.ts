import { InvalidInputError } from "@base/errors";
import type { Program } from "../graph/program.ts";
import { shuffled, STREAM } from "../random/philox.ts";
import { BatchAnswers, gather } from "./answers.ts";
import { Follower, type History, meanLoss } from "./history.ts";
import type { Job } from "./prepare.ts";
import { TrainingStoppedError } from "./result.ts";
import type { Checkpoint, CheckpointRoot, TrainOptions, TrainProgress } from "./run.ts";
import { packState, restore, stateRoot, unpackState } from "./state.ts";

/** What came of a run: committed roots, steps that count, and what it saw of itself. */
export interface Executed {
  readonly checkpoints: readonly CheckpointRoot[];
  /** Steps of the result: all, or those up to the best epoch. */
  readonly steps: number;
  readonly history: History;
}

/** Executes the steps of a job that are left, one graph run each, and follows the losses epoch by epoch. */
export class Execution {
  readonly #job: Job;
  readonly #program: Program;
  readonly #options: Omit<TrainOptions, "resume">;
  readonly #curve: TrainProgress[];
  readonly #follower: Follower;
  readonly #checkpoints: CheckpointRoot[];
  readonly #x: Float32Array;
  readonly #t: Float32Array;
  #validate: ((program: Program) => number) | undefined;
  #step: number;

  constructor(
    job: Job,
    program: Program,
    options: Omit<TrainOptions, "resume">,
    curve: TrainProgress[],
    resume?: Checkpoint,
  ) {
    this.#job = job;
    this.#program = program;
    this.#options = options;
    this.#curve = curve;
    if (resume !== undefined) restore(job, program, resume);
    this.#follower = new Follower(resume?.history);
    this.#checkpoints = [...(resume?.checkpoints ?? [])];
    this.#step = resume?.step ?? 0;
    this.#x = new Float32Array(job.batch * job.features.length);
    this.#t = new Float32Array(job.batch);
    if (job.split.valid !== undefined) this.#validate = validatorOf(job, job.split.valid);
  }

  /** Runs to the end, or to where early stopping ends it, and leaves the result's state in the program. */
  async run(): Promise<Executed> {
    const { recipe, stepsPerEpoch, commitment } = this.#job;
    const total = commitment.steps;
    const reportEvery = Math.max(1, Math.floor(total / 200));
    while (this.#step < total && !this.#stopped()) {
      this.#load(this.#step);
      this.#program.run();
      const done = ++this.#step;
      if (recipe.version === 2) {
        this.#follower.add(this.#program.read("loss")[0] as number);
        if (done % stepsPerEpoch === 0) this.#endEpoch(done);
      }
      if (done % recipe.checkpointEvery === 0) this.#checkpoint(done);
      if (done % reportEvery === 0 || done === total) await this.#report(done, total);
    }
    return this.#finish();
  }

  #stopped(): boolean {
    const { stopping } = this.#job.recipe;
    return (
      stopping !== undefined && this.#follower.waited >= stopping.patience && this.#follower.history.best !== undefined
    );
  }

  /** Writes the batch of a step into the program. */
  #load(step: number): void {
    const { batch, stepsPerEpoch, trainX, trainY, features, commitment } = this.#job;
    const width = features.length;
    const epoch = Math.floor(step / stepsPerEpoch);
    for (let row = 0; row < batch; row++) {
      const place = (step % stepsPerEpoch) * batch + row;
      const sample = shuffled(trainY.length, commitment.orderSeed, STREAM.order, epoch, place);
      this.#x.set(trainX.subarray(sample * width, (sample + 1) * width), row * width);
      this.#t[row] = trainY[sample] as number;
    }
    this.#program.write("x", this.#x);
    this.#program.write("t", this.#t);
  }

  #endEpoch(step: number): void {
    const { recipe, stepsPerEpoch } = this.#job;
    this.#follower.endEpoch(stepsPerEpoch, this.#validate?.(this.#program));
    if (recipe.stopping === undefined || !this.#follower.improved(recipe.stopping.minDelta)) return;
    const epoch = step / stepsPerEpoch;
    this.#follower.keep({ epoch, step, root: stateRoot(this.#program), state: packState(this.#program) });
  }

  #checkpoint(step: number): void {
    const root = stateRoot(this.#program);
    this.#checkpoints.push({ step, root });
    if (this.#options.onCheckpoint === undefined) return;
    const { commitment, recipe } = this.#job;
    this.#options.onCheckpoint({
      job: commitment.job,
      step,
      root,
      state: packState(this.#program),
      checkpoints: [...this.#checkpoints],
      ...(recipe.version === 2 ? { history: this.#follower.history } : {}),
    });
  }

  #finish(): Executed {
    const { history } = this.#follower;
    if (history.best === undefined)
      return { checkpoints: this.#checkpoints, steps: this.#job.commitment.steps, history };
    const { step, root, state } = history.best;
    unpackState(this.#program, state, root);
    return { checkpoints: this.#checkpoints.filter((checkpoint) => checkpoint.step <= step), steps: step, history };
  }

  /** Reports progress, lets other work run, and ends a run that was stopped or has diverged. */
  async #report(step: number, total: number): Promise<void> {
    const loss = this.#program.read("loss")[0] as number;
    if (!Number.isFinite(loss))
      throw new InvalidInputError(`The training diverged: the loss is ${loss} after step ${step}.`, {
        hints: ["Use a smaller learning rate."],
        data: { step, total },
      });
    const validation = this.#follower.history.validation.at(-1);
    const progress = { step, total, loss, ...(validation === undefined ? {} : { validation }) };
    this.#curve.push(progress);
    this.#options.onProgress?.(progress);
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (this.#options.signal?.aborted)
      throw new TrainingStoppedError(`The training was stopped after step ${step} of ${total}.`, {
        data: { step, total },
      });
  }
}

/** The loss on validation samples of the parameters that a step's program holds. */
function validatorOf(job: Job, valid: readonly number[]): (program: Program) => number {
  const width = job.features.length;
  const answers = new BatchAnswers(job.answers, width, valid.length);
  const x = gather(job.samples.x, width, valid);
  const y = Float32Array.from(valid, (sample) => job.samples.y[sample] as number);
  return (program) => {
    answers.load(job.list.map(({ name }) => ({ name, values: program.read(name) })));
    return meanLoss(job.recipe, answers.predict(x), y);
  };
}
