import { InvalidInputError } from "@base/errors";
import { dayNumber } from "../table/table.ts";
import { type BoostSettings, checkSettings } from "../trees/settings.ts";
import { checkRecipe2 } from "./check.ts";
import { RecipeError } from "./error.ts";
import type { Recipe, TreesModel } from "./recipe.ts";

export { RecipeError } from "./error.ts";

type Fields = Record<string, unknown>;

function object(value: unknown, path: string, allowed: readonly string[], optional: readonly string[] = []): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RecipeError(path, "must be an object.");
  for (const key of Object.keys(value))
    if (!allowed.includes(key) && !optional.includes(key))
      throw new RecipeError(`${path}.${key}`, `is not known here. Known: ${[...allowed, ...optional].join(", ")}.`);
  for (const key of allowed)
    if ((value as Fields)[key] === undefined) throw new RecipeError(`${path}.${key}`, "is missing.");
  return value as Fields;
}

function text(value: unknown, path: string): void {
  if (typeof value !== "string" || value === "") throw new RecipeError(path, "must be a text that is not empty.");
}

function oneOf(value: unknown, path: string, choices: readonly string[]): void {
  if (typeof value !== "string" || !choices.includes(value))
    throw new RecipeError(path, `must be one of ${choices.join(", ")}, not ${JSON.stringify(value)}.`);
}

function integer(value: unknown, path: string, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < low || (value as number) > high)
    throw new RecipeError(path, `must be a whole number from ${low} to ${high}, not ${JSON.stringify(value)}.`);
}

function real(value: unknown, path: string, low: number, high: number): void {
  if (typeof value !== "number" || !(value > low && value < high))
    throw new RecipeError(path, `must be a number between ${low} and ${high}, not ${JSON.stringify(value)}.`);
}

function checkInputs(value: unknown, windowed: boolean): void {
  if (!Array.isArray(value) || value.length === 0) throw new RecipeError("inputs", "must list at least one column.");
  if (value.length > 1024) throw new RecipeError("inputs", "may list at most 1024 columns.");
  const seen = new Set<string>();
  value.forEach((entry, index) => {
    const path = `inputs[${index}]`;
    const input = object(entry, path, windowed ? ["column", "aggregate"] : ["column"]);
    text(input.column, `${path}.column`);
    if (windowed) oneOf(input.aggregate, `${path}.aggregate`, ["sum", "mean", "min", "max"]);
    const key = `${String(input.column)}/${String(input.aggregate)}`;
    if (seen.has(key)) throw new RecipeError(path, "is listed twice.");
    seen.add(key);
  });
}

const TREE_FIELDS = ["minRows", "minWeight", "lambda", "rowShare", "featureShare", "classWeights", "stopping"];

/** How a recipe of trees is boosted; the recipe's model must name trees. `classes` counts those of a multiclass task. */
export function boostSettings(recipe: Recipe, classes = 2): BoostSettings {
  const { kind: _, ...model } = recipe.model as TreesModel;
  const { task, epochs, seed, optimizer, classWeights } = recipe;
  return {
    task,
    ...(classWeights === undefined ? {} : { classWeights }),
    ...(model as Omit<BoostSettings, "task" | "trees" | "learningRate">),
    ...(task === "multiclass" ? { classes } : {}),
    trees: epochs,
    learningRate: optimizer.learningRate,
    seed,
  };
}

function checkTrees(recipe: Recipe): void {
  if (recipe.model.kind !== "trees") return;
  const { stopping } = recipe.model;
  if (stopping !== undefined) object(stopping, "model.stopping", ["rounds", "share"]);
  try {
    checkSettings(boostSettings(recipe));
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const setting = String(error.data.setting);
    throw new RecipeError(setting === "learningRate" ? `optimizer.${setting}` : `model.${setting}`, error.shortMessage);
  }
}

function checkModel(value: unknown, task: unknown): void {
  const kind = (value as Fields | null)?.kind;
  oneOf(kind, "model.kind", ["mlp", "linear", "logistic", "trees"]);
  if (kind === "linear" && task !== "regression")
    throw new RecipeError("model.kind", "linear needs the task regression.");
  if (kind === "logistic" && task !== "binary") throw new RecipeError("model.kind", "logistic needs the task binary.");
  if (kind === "trees") {
    object(value, "model", ["kind", "leaves"], TREE_FIELDS);
    return;
  }
  const model = object(value, "model", kind === "mlp" ? ["kind", "hidden"] : ["kind"]);
  if (kind !== "mlp") return;
  const hidden = model.hidden;
  if (!Array.isArray(hidden) || hidden.length === 0 || hidden.length > 16)
    throw new RecipeError("model.hidden", "must list 1 to 16 layer widths.");
  hidden.forEach((width, index) => {
    integer(width, `model.hidden[${index}]`, 1, 4096);
  });
}

/** Checks a recipe from outside field by field; throws RecipeError that names the field. Returns it unchanged. */
export function validateRecipe(value: unknown): Recipe {
  if ((value as Fields | null)?.version === 2) return checkRecipe2(value);
  const required = [
    "version",
    "task",
    "inputs",
    "target",
    "split",
    "model",
    "optimizer",
    "epochs",
    "seed",
    "checkpointEvery",
  ];
  const recipe = object(value, "recipe", required, ["batch", "time", "window", "clamp", "tolerance"]);
  const trees = (recipe.model as Fields | null)?.kind === "trees";
  if (recipe.version !== 1) throw new RecipeError("version", `must be 1 or 2, not ${JSON.stringify(recipe.version)}.`);
  oneOf(recipe.task, "task", ["regression", "binary"]);
  text(recipe.target, "target");
  if (recipe.time !== undefined) text(recipe.time, "time");
  if (recipe.window !== undefined) {
    const window = object(recipe.window, "window", ["days", "bins"]);
    integer(window.days, "window.days", 1, 3660);
    integer(window.bins, "window.bins", 1, window.days as number);
    if (recipe.time === undefined) throw new RecipeError("time", "is needed by a window.");
  }
  checkInputs(recipe.inputs, recipe.window !== undefined);
  const by = (recipe.split as Fields | null)?.by;
  oneOf(by, "split.by", ["time", "ratio"]);
  const split = object(recipe.split, "split", by === "time" ? ["by", "trainUntil"] : ["by", "train"]);
  if (by === "ratio") real(split.train, "split.train", 0, 1);
  else {
    if (recipe.time === undefined) throw new RecipeError("time", "is needed by a split by time.");
    if (typeof split.trainUntil !== "string" || dayNumber(split.trainUntil) === undefined)
      throw new RecipeError("split.trainUntil", "must be a day, YYYY-MM-DD.");
  }
  checkModel(recipe.model, recipe.task);
  const optimizer = object(recipe.optimizer, "optimizer", ["kind", "learningRate"]);
  oneOf(optimizer.kind, "optimizer.kind", trees ? ["boost"] : ["adam", "sgd"]);
  real(optimizer.learningRate, "optimizer.learningRate", 0, 1000);
  integer(recipe.epochs, "epochs", 1, 100_000);
  if (!trees) integer(recipe.batch, "batch", 1, 65_536);
  else if (recipe.batch !== undefined) throw new RecipeError("batch", "has no meaning for trees: leave it out.");
  integer(recipe.seed, "seed", 0, Number.MAX_SAFE_INTEGER);
  integer(recipe.checkpointEvery, "checkpointEvery", 1, 1_000_000_000);
  if (recipe.clamp !== undefined && typeof recipe.clamp !== "boolean")
    throw new RecipeError("clamp", "must be true or false.");
  if (recipe.tolerance !== undefined) real(recipe.tolerance, "tolerance", 0, 1e30);
  checkTrees(value as Recipe);
  return value as Recipe;
}
