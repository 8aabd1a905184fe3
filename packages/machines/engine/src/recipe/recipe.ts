import type { ClassWeights, Input, Layout, Model, Optimizer, Split, Stopping } from "./schema.ts";

/** How the values of a column inside one bin become one number. */
export type Aggregate = "sum" | "mean" | "min" | "max";

/** An input column. Version 1 knows `column` and, with a window, `aggregate`; the rest is version 2. */
export type RecipeInput = Input;

/**
 * What to learn and how, as plain JSON: the same recipe, table and seed give the same bytes everywhere. Version 1 is
 * what it was when first published, to the byte; whatever is marked with 2 needs `version: 2`.
 */
export interface Recipe {
  readonly version: 1 | 2;
  /** 2: `multiclass`. */
  readonly task: "regression" | "binary" | "multiclass";
  /** Name of the date column; needed by `window` and by a split by time. */
  readonly time?: string | undefined;
  /** Each sample is `days` consecutive daily rows, cut into `bins` bins of equal length (to a day). */
  readonly window?: { readonly days: number; readonly bins: number } | undefined;
  /** 2: what the inputs are when not one row of columns: `sequence`, `text` or `image`. */
  readonly layout?: Layout | undefined;
  /** 2: column whose rows form series of their own: lags and sequences never look into another one. */
  readonly series?: string | undefined;
  readonly inputs: readonly RecipeInput[];
  /** Column that is predicted, read at the last row of the window; rows without it are skipped. */
  readonly target: string;
  readonly split: Split;
  readonly model: Model;
  /** `boost` for trees, and for them only. */
  readonly optimizer: Optimizer;
  /** Passes over the training samples; for trees the rounds, one tree (or one per class) each. */
  readonly epochs: number;
  /** Samples of one step; needed by all models but trees, which see all in every round. */
  readonly batch?: number | undefined;
  /** Integer in [0, 2^53): initial weights and batch order follow from it. */
  readonly seed: number;
  /** Steps between committed checkpoints. */
  readonly checkpointEvery: number;
  /** Keeps answers in [0, 1]. */
  readonly clamp?: boolean | undefined;
  /** Largest |error| that counts as right in the confidence; 0.05 unless said, in units of the target. */
  readonly tolerance?: number | undefined;
  /** 2: ends a network's training when the validation loss has stopped falling; the best epoch is kept. */
  readonly stopping?: Stopping | undefined;
  /** 2: weight of each class in the loss. */
  readonly classWeights?: ClassWeights | undefined;
  /** 2: measures the recipe on `folds` parts of the training samples, each by a model that has not seen it. */
  readonly crossValidation?: { readonly folds: number } | undefined;
}

/** A recipe's model when it is made of trees. */
export type TreesModel = Extract<Model, { kind: "trees" }>;

/** Tolerance of a recipe that names none. */
export const DEFAULT_TOLERANCE = 0.05;
