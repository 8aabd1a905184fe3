import { readFile } from "node:fs/promises";
import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context, Identity, Progress } from "@kernel/capability";
import { type Recipe, type TrainProgress, type TrainResult, validateRecipe } from "@machines/engine";
import { requireAccess } from "@records/assets/access.ts";
import { buy } from "@records/assets/buy.ts";
import { currencyOf } from "@records/assets/currency.ts";
import { loadStatement } from "@records/assets/load.ts";
import { existingAsset, type PublishedAsset, publishAsset } from "@records/assets/publishAsset.ts";
import { samplesOf } from "@records/assets/samples.ts";
import { drawSalt, keepSalt } from "@records/assets/salts.ts";
import { lower, scopeOf, signStatement } from "@records/assets/sign.ts";
import { rememberSignature } from "@records/assets/signatures.ts";
import { type ModelStatement, parseStatement, type RunStatement } from "@records/assets/statements.ts";
import { trainResumable } from "./checkpoints.ts";
import { type Data, readData } from "@records/assets/data.ts";
import { type RecipeWishes, suggestRecipe } from "./suggestRecipe.ts";

export interface TrainInput extends Omit<RecipeWishes, "target"> {
  /** Column to predict; needed without a recipe. */
  readonly target?: string | undefined;
  /** Data assets, 1 to 16, whose rows are joined in this order. */
  readonly data: readonly string[];
  /** The recipe; suggested from table and target when absent. */
  readonly recipe?: unknown;
  /** File with the recipe as JSON, instead of `recipe`. */
  readonly recipeFile?: string | undefined;
  readonly name?: string | undefined;
  readonly licence: string;
  /** Smallest units. */
  readonly price: bigint;
  readonly royaltyBps: number;
  readonly intendedUse?: string | undefined;
  /** Buys access to the data first where it is missing. */
  readonly buy: boolean;
  /** Starts over, even where an interrupted training can go on. */
  readonly fresh?: boolean | undefined;
  /** Threads for a network's steps, 1 (unless said) to 16; the bytes are the same with any. */
  readonly threads?: number | undefined;
  /** Hash the rows that trained with a secret that this node keeps; as the data does unless said. */
  readonly salted?: boolean | undefined;
  readonly as?: string | undefined;
}

/** A trained and published model. */
export interface TrainedModel extends PublishedAsset {
  readonly name: string;
  /** Hash of the run statement. */
  readonly run: `0x${string}`;
  readonly recipe: Recipe;
  readonly metrics: TrainResult["metrics"];
  readonly parents: string[];
  readonly steps: number;
  /** Milliseconds that the training took. */
  readonly ms: number;
}

/**
 * Trains a model on published data and publishes it: the run's statement commits everything that a repetition needs,
 * the model's statement names run and data, and one transaction puts the model on chain with the data as its parents.
 *
 * The same data and recipe give the same bytes, so training again returns the model that the same identity published
 * before. Throws NoAccessError, NotFoundError, InvalidInputError, TrainingStoppedError, ContractRevertError. SPEC T1-T6.
 */
export async function train(context: Context, input: TrainInput): Promise<TrainedModel> {
  const identity = context.identities.get(input.as);
  for (const id of input.data) {
    if (input.buy) await buy(context, { id, as: identity.name });
    else await requireAccess(context, identity, id);
  }
  const data = await readData(context, input.data);
  const recipe = await recipeFor(data, input);
  const started = performance.now();
  const result = await trainResumable(context, data.table, recipe, {
    signal: context.signal,
    fresh: input.fresh === true,
    ...(input.threads === undefined ? {} : { threads: input.threads }),
    onResumed: (step) => context.log.info("the training goes on where it was interrupted", { step }),
    onProgress: (progress) => context.progress(progressOf(progress)),
  });
  const ms = Math.round(performance.now() - started);
  const found = {
    recipe,
    metrics: result.metrics,
    parents: data.parents.map(({ asset }) => asset),
    steps: result.run.steps,
    ms,
  };
  const existing = await existingAsset(context, identity, result.modelRoot);
  if (existing) {
    const statement = parseStatement("assay/model/1", (await loadStatement(context, existing.id)).statement);
    return { ...existing, ...found, name: statement.name, run: statement.run };
  }
  context.progress({ label: "publishing" });
  await context.store.put(result.model);
  const created = { creator: lower(identity.address), createdAt: new Date(context.clock()).toISOString() };
  // What the owner of the data hides, its user does not show.
  const salted = input.salted === true || data.statements.some(({ roots }) => roots?.rows.salted);
  const run = await putRun(context, identity, data, recipe, result, created, salted);
  const model = modelStatement(input, data, recipe, result, {
    ...created,
    run,
    currency: (await currencyOf(context)).address,
  });
  return { ...(await publishAsset(context, identity, model)), ...found, name: model.name, run };
}

/** What a person sees of a training run. */
export function progressOf({ step, total, loss, validation, fold }: TrainProgress): Progress {
  if (fold !== undefined) return { label: "cross-validation", done: step, total, unit: "folds" };
  const losses = [
    `loss ${loss.toPrecision(3)}`,
    ...(validation === undefined ? [] : [`validation ${validation.toPrecision(3)}`]),
  ];
  return { label: "training", done: step, total, unit: "steps", note: losses.join(", ") };
}

type Created = Pick<RunStatement, "creator" | "createdAt">;

/** Signs and stores the run's statement; returns its hash. */
async function putRun(
  context: Context,
  identity: Identity,
  data: Data,
  recipe: Recipe,
  result: TrainResult,
  created: Created,
  salted: boolean,
) {
  const run: RunStatement = parseStatement("assay/run/1", {
    type: "assay/run/1",
    data: data.parents,
    recipe,
    commitment: result.run,
    model: result.modelRoot,
    samples: await commitSamples(context, data, recipe, salted),
    metrics: result.metrics,
    ...created,
  });
  const signed = await signStatement(identity.account, scopeOf(context), run);
  await context.store.putJson(run);
  await rememberSignature(context, signed);
  return signed.hash;
}

/** Commits to which rows trained and which did not: whoever has a row can have it proved either way. SPEC T12. */
async function commitSamples(context: Context, { table }: Data, recipe: Recipe, salted: boolean) {
  const salt = salted ? drawSalt(context) : null;
  const samples = samplesOf(table, recipe, salt);
  if (salt !== null) for (const { root } of Object.values(samples)) await keepSalt(context, root, salt);
  return samples;
}

function modelStatement(
  input: TrainInput,
  data: Data,
  recipe: Recipe,
  result: TrainResult,
  known: Created & Pick<ModelStatement, "run" | "currency">,
): ModelStatement {
  return {
    type: "assay/model/1",
    name: input.name ?? `${recipe.target} from ${data.statements[0]?.name ?? "data"}`,
    licence: input.licence,
    price: input.price.toString(),
    royaltyBps: input.royaltyBps,
    ...known,
    mediaType: "application/vnd.assay.model",
    root: result.modelRoot,
    size: result.model.length,
    parents: [...data.parents],
    task: recipe.task,
    inputs: recipe.inputs.map(({ column, aggregate }) =>
      aggregate === undefined ? column : `${aggregate} of ${column}`,
    ),
    target: recipe.target,
    metrics: { ...result.metrics },
    intendedUse: input.intendedUse ?? usage(recipe, data),
  };
}

/** The recipe that was given, from a file or in hand, else one suggested from the table. */
async function recipeFor(data: Data, input: TrainInput): Promise<Recipe> {
  if (input.recipe !== undefined && input.recipeFile !== undefined) {
    throw new InvalidInputError("give either a recipe or a file with one", { data: { field: "recipe" } });
  }
  const given = input.recipeFile === undefined ? input.recipe : await readRecipe(input.recipeFile);
  const { target } = input;
  if (given === undefined) {
    if (target === undefined) {
      const columns = data.table.columns.map((column) => column.name).join(", ");
      throw new InvalidInputError(`say which column to predict: --target, one of ${columns}`, {
        data: { field: "target" },
      });
    }
    return suggestRecipe(data.table, { ...input, target });
  }
  const recipe = validateRecipe(given);
  if (target !== undefined && target !== recipe.target) {
    throw new InvalidInputError(`the recipe predicts ${recipe.target}, not ${target}`, { data: { field: "target" } });
  }
  return recipe;
}

async function readRecipe(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new NotFoundError(`the recipe ${file} cannot be read`, { cause, data: { file } });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(`the recipe ${file} is not JSON`, { cause, data: { file } });
  }
}

function usage(recipe: Recipe, data: Data): string {
  const span = recipe.window === undefined ? "one row" : `${recipe.window.days} consecutive days`;
  const rows = data.statements.map(({ name }) => name).join(", ");
  return `Estimates ${recipe.target} from ${span} of the columns it was trained on (${rows}). Outside the range of those rows nothing is known of its errors.`;
}
