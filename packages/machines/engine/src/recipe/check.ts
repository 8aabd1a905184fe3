import type { z } from "zod";
import { dayNumber } from "../table/table.ts";
import { RecipeError } from "./error.ts";
import type { Recipe } from "./recipe.ts";
import { type Input, recipeSchema } from "./schema.ts";

/** Checks a recipe of version 2: the schema first, then what fields mean for each other. Throws RecipeError. */
export function checkRecipe2(value: unknown): Recipe {
  const parsed = recipeSchema.safeParse(value);
  if (!parsed.success) throw schemaError(parsed.error.issues[0] as z.core.$ZodIssue, value);
  const recipe = value as Recipe;
  checkTime(recipe);
  checkLayout(recipe);
  recipe.inputs.forEach((input, index) => {
    checkInput(recipe, input, `inputs[${index}]`);
  });
  checkTwice(recipe);
  checkModel(recipe);
  checkTraining(recipe);
  return recipe;
}

function schemaError(issue: z.core.$ZodIssue, value: unknown): RecipeError {
  const path = issue.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  const at = path.replace(/^\./, "");
  if (issue.code === "unrecognized_keys")
    return new RecipeError(`${at === "" ? "recipe" : at}.${issue.keys[0]}`, "is not known here.");
  const found = issue.path.reduce<unknown>(
    (inner, part) => (inner as Record<PropertyKey, unknown> | null)?.[part],
    value,
  );
  if (found === undefined) return new RecipeError(at, "is missing.");
  if (issue.code === "invalid_union" && "note" in issue && issue.note === "No matching discriminator")
    return new RecipeError(at, "is not one of the kinds that are known here.");
  return new RecipeError(at === "" ? "recipe" : at, `${issue.message.replace(/^Invalid input: /, "")}.`);
}

function refuse(wrong: boolean, path: string, message: string): void {
  if (wrong) throw new RecipeError(path, message);
}

function checkTime({ time, window, split, series }: Recipe): void {
  if (window !== undefined) {
    refuse(series !== undefined, "series", "has no place beside a window.");
    refuse(window.bins > window.days, "window.bins", "must not exceed window.days.");
    refuse(time === undefined, "time", "is needed by a window.");
  }
  if (split.by !== "time") {
    refuse(
      split.train + (split.valid ?? 0) >= 1,
      "split.valid",
      "leaves nothing to test: train and valid must stay below 1.",
    );
    return;
  }
  refuse(time === undefined, "time", "is needed by a split by time.");
  refuse(dayNumber(split.trainUntil) === undefined, "split.trainUntil", "must be a day, YYYY-MM-DD.");
  if (split.validUntil === undefined) return;
  refuse(dayNumber(split.validUntil) === undefined, "split.validUntil", "must be a day, YYYY-MM-DD.");
  refuse(split.validUntil <= split.trainUntil, "split.validUntil", "must lie after trainUntil.");
}

function checkLayout({ layout, window, series, inputs }: Recipe): void {
  if (layout === undefined) return;
  refuse(window !== undefined, "window", `has no place beside the layout ${layout.kind}.`);
  if (layout.kind === "sequence") return;
  refuse(series !== undefined, "series", `has no meaning for the layout ${layout.kind}.`);
  refuse(inputs.length !== 1, "inputs", `must list one column for the layout ${layout.kind}.`);
  const extra = Object.keys(inputs[0] as Input).find((key) => key !== "column");
  refuse(extra !== undefined, `inputs[0].${extra}`, `has no meaning for the layout ${layout.kind}.`);
}

function checkInput({ window, layout, model, target }: Recipe, input: Input, path: string): void {
  const { aggregate, lags, calendar, type, missing, standardise, column } = input;
  refuse(window !== undefined && aggregate === undefined, `${path}.aggregate`, "is missing: a window needs it.");
  refuse(window === undefined && aggregate !== undefined, `${path}.aggregate`, "needs a window.");
  const single = window !== undefined ? "a window" : layout?.kind === "sequence" ? "a sequence" : undefined;
  refuse(single !== undefined && lags !== undefined, `${path}.lags`, `has no place in ${single}.`);
  if (window !== undefined)
    for (const key of ["type", "calendar", "missing", "indicator"] as const)
      refuse(input[key] !== undefined, `${path}.${key}`, "has no place in a window.");
  refuse(
    type === "date" && calendar === undefined,
    `${path}.calendar`,
    "is missing: a date is learnt from by its parts.",
  );
  refuse(calendar !== undefined && (type ?? "date") !== "date", `${path}.calendar`, "needs a date.");
  refuse(missing === "zeros" && type === "number", `${path}.missing`, "zeros are for categories: give the number 0.");
  refuse(
    type === "category" && missing !== undefined && !["zeros", "refuse"].includes(String(missing)),
    `${path}.missing`,
    "must be zeros or refuse for a category.",
  );
  refuse(model.kind === "trees" && standardise !== undefined, `${path}.standardise`, "has no meaning for trees.");
  const now = lags === undefined || lags.includes(0);
  refuse(
    column === target && now,
    `${path}.column`,
    "is the target: only its earlier rows (lags from 1) may be learnt from.",
  );
}

function checkTwice({ inputs }: Recipe): void {
  const seen = new Set<string>();
  inputs.forEach(({ column, aggregate }, index) => {
    const key = JSON.stringify([column, aggregate]);
    refuse(seen.has(key), `inputs[${index}]`, "is listed twice.");
    seen.add(key);
  });
}

function checkModel({ model, task, layout, optimizer, batch }: Recipe): void {
  const trees = model.kind === "trees";
  refuse(model.kind === "linear" && task !== "regression", "model.kind", "linear needs the task regression.");
  refuse(
    model.kind === "logistic" && task === "regression",
    "model.kind",
    "logistic needs the task binary or multiclass.",
  );
  refuse(
    trees !== (optimizer.kind === "boost"),
    "optimizer.kind",
    `must ${trees ? "" : "not "}be boost for ${model.kind}.`,
  );
  refuse(trees && batch !== undefined, "batch", "has no meaning for trees: leave it out.");
  refuse(!trees && batch === undefined, "batch", "is missing.");
  refuse(layout?.kind === "text" && model.kind !== "transformer", "model.kind", "must be transformer for text.");
  if (model.kind === "transformer") {
    const ordered = layout?.kind === "text" || layout?.kind === "sequence";
    refuse(!ordered, "model.kind", "transformer needs the layout sequence or text.");
    refuse(model.width % model.heads !== 0, "model.heads", "must divide the width.");
  }
  if (model.kind !== "cnn") return;
  if (layout?.kind !== "image") throw new RecipeError("model.kind", "cnn needs the layout image.");
  let [channels, height, width] = layout.shape;
  model.layers.forEach((layer, index) => {
    const path = `model.layers[${index}]`;
    const { groups = 1, stride = 1, pool = 1 } = layer;
    refuse(
      channels % groups !== 0 || layer.channels % groups !== 0,
      `${path}.groups`,
      "must divide the channels before and after.",
    );
    refuse(layer.pooling !== undefined && layer.pool === undefined, `${path}.pooling`, "needs pool.");
    [height, width] = [height, width].map((side) => Math.floor(Math.ceil(side / stride) / pool)) as [number, number];
    refuse(height < 1 || width < 1, path, "leaves nothing of the image.");
    channels = layer.channels;
  });
}

function checkTraining(recipe: Recipe): void {
  const { model, task, split, stopping, classWeights, crossValidation, window, layout, inputs, clamp } = recipe;
  refuse(clamp !== undefined && task === "multiclass", "clamp", "has no meaning for several classes.");
  const validates = split.by === "time" ? split.validUntil !== undefined : split.valid !== undefined;
  if (stopping !== undefined) {
    refuse(model.kind === "trees", "stopping", "is for networks: trees have model.stopping.");
    refuse(
      !validates,
      "stopping",
      `needs validation samples: give split.${split.by === "time" ? "validUntil" : "valid"}.`,
    );
  }
  if (classWeights !== undefined) {
    refuse(task === "regression", "classWeights", "has no meaning for a regression.");
    refuse(
      task === "binary" && classWeights !== "balanced" && classWeights.length !== 2,
      "classWeights",
      "needs two weights for a binary task.",
    );
    refuse(model.kind === "trees" && model.classWeights !== undefined, "model.classWeights", "is given twice.");
  }
  const overlapping =
    window !== undefined || layout?.kind === "sequence" || inputs.some(({ lags }) => lags !== undefined);
  refuse(
    crossValidation !== undefined && overlapping,
    "crossValidation",
    "would see rows of the held-out part: samples that share rows cannot be dealt out.",
  );
}
