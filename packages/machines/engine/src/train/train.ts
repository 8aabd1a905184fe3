import type { NamedTensor } from "../commit/roots.ts";
import { Program } from "../graph/program.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { validateRecipe } from "../recipe/validate.ts";
import type { Table } from "../table/table.ts";
import { BatchAnswers, gather } from "./answers.ts";
import { crossValidate } from "./crossValidate.ts";
import { type Executed, Execution } from "./execute.ts";
import { type Job, jobOf, meansOf, prepareSamples, seal } from "./prepare.ts";
import { finish, type TrainResult } from "./result.ts";
import type { Checkpoint, RunCommitment, TrainOptions, TrainProgress } from "./run.ts";
import { stateRoot } from "./state.ts";
import { initialState } from "./stepGraph.ts";
import { trainTrees } from "./trees.ts";

export { TrainingStoppedError, type TrainResult } from "./result.ts";

/**
 * Trains a model on a table by a recipe, in the F32S contract: the same bytes on every machine. Throws
 * RecipeError, TableError, InvalidInputError (diverged, foreign checkpoint) or TrainingStoppedError.
 */
export async function train(table: Table, recipe: Recipe, options: TrainOptions = {}): Promise<TrainResult> {
  const prepared = prepareSamples(table, validateRecipe(recipe));
  if (recipe.model.kind === "trees") return await trainTrees(table, prepared, options);
  const job = jobOf(table, prepared);
  const curve: TrainProgress[] = [];
  const { tensors, executed, initialRoot, finalRoot } = await runJob(job, options, curve);
  const { steps, checkpoints, history } = executed;
  const asked = steps === job.commitment.steps ? job.commitment : seal({ ...job.commitment, steps });
  const run: RunCommitment = { ...asked, initialRoot, checkpoints, finalRoot };
  const mean = recipe.version === 1 ? job.norm.mean : meansOf(prepared);
  const predictions = predictTest(job, tensors);
  const folds = await crossValidate(prepared, table, options, async (fold) => {
    const own = jobOf(table, fold);
    return predictTest(
      own,
      (await runJob(own, { ...(options.signal === undefined ? {} : { signal: options.signal }) }, [])).tensors,
    );
  });
  return { ...finish(prepared, { graph: job.answers(1), run }, tensors, mean, predictions, history, folds), curve };
}

/**
 * Steps of a job's result: all of them, or with early stopping those up to the best epoch, found by running the job. Throws
 * like {@link train}.
 */
export async function stepsOf(job: Job, options: Omit<TrainOptions, "resume"> = {}): Promise<number> {
  if (job.recipe.stopping === undefined) return job.commitment.steps;
  return (await runJob(job, options, [])).executed.steps;
}

interface Ran {
  readonly tensors: readonly NamedTensor[];
  readonly executed: Executed;
  readonly initialRoot: RunCommitment["initialRoot"];
  readonly finalRoot: RunCommitment["finalRoot"];
}

/** Runs a job's steps and reads the trained parameters. */
async function runJob(job: Job, options: TrainOptions, curve: TrainProgress[]): Promise<Ran> {
  const program = new Program(job.graph, options.threads === undefined ? {} : { threads: options.threads });
  for (const { name, initial } of job.list) program.write(name, initial);
  for (const { name, values } of initialState(job.graph, job.recipe.seed)) program.write(name, values);
  const initialRoot = stateRoot(program);
  const resume = await checkpointOf(options, job);
  const executed = await new Execution(job, program, options, curve, resume).run();
  const tensors = job.list.map(({ name, shape }) => ({ name, shape, values: program.read(name) }));
  return { tensors, executed, initialRoot, finalRoot: stateRoot(program) };
}

async function checkpointOf({ resume }: TrainOptions, job: Job): Promise<Checkpoint | undefined> {
  return typeof resume === "function" ? await resume(job.commitment.job) : resume;
}

/** A trained network's answers for the test samples. */
function predictTest(job: Job, tensors: readonly NamedTensor[]): Float32Array {
  const width = job.features.length;
  const answers = new BatchAnswers(job.answers, width, job.split.test.length);
  answers.load(tensors);
  return answers.predict(gather(job.samples.x, width, job.split.test));
}
