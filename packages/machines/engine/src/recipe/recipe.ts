/** How the values of a column inside one bin become one number. */
export type Aggregate = "sum" | "mean" | "min" | "max";

/** An input column; `aggregate` is needed with a window and forbidden without. */
export interface RecipeInput {
  readonly column: string;
  readonly aggregate?: Aggregate;
}

/** What to learn and how, as plain JSON: the same recipe, table and seed give the same bytes everywhere. */
export interface Recipe {
  readonly version: 1;
  readonly task: "regression" | "binary";
  /** Name of the date column; needed by `window` and by a split by time. */
  readonly time?: string;
  /** Each sample is `days` consecutive daily rows, cut into `bins` bins of equal length (to a day). */
  readonly window?: { readonly days: number; readonly bins: number };
  readonly inputs: readonly RecipeInput[];
  /** Column that is predicted, read at the last row of the window; rows without it are skipped. */
  readonly target: string;
  /** By time: windows that end on or before `trainUntil` train, windows that begin after it test. By ratio: share in (0, 1) that trains. */
  readonly split:
    | { readonly by: "time"; readonly trainUntil: string }
    | { readonly by: "ratio"; readonly train: number };
  readonly model:
    | { readonly kind: "mlp"; readonly hidden: readonly number[] }
    | { readonly kind: "linear" }
    | { readonly kind: "logistic" }
    | TreesModel;
  /** `boost` for trees, and for them only. */
  readonly optimizer: { readonly kind: "adam" | "sgd" | "boost"; readonly learningRate: number };
  /** Passes over the training samples; for trees the rounds, one tree each. */
  readonly epochs: number;
  /** Samples of one step; needed by all models but trees, which see all in every round. */
  readonly batch?: number;
  /** Integer in [0, 2^53): initial weights and batch order follow from it. */
  readonly seed: number;
  /** Steps between committed checkpoints. */
  readonly checkpointEvery: number;
  /** Keeps answers in [0, 1]. */
  readonly clamp?: boolean;
  /** Largest |error| that counts as right in the confidence; 0.05 unless said, in units of the target. */
  readonly tolerance?: number;
}

/**
 * Boosted trees (`src/trees/spec.md`); they take empty cells among the inputs. Fields and their ranges as in
 * `BoostSettings`; early stopping looks at a share of the training samples, never at the test.
 */
export interface TreesModel {
  readonly kind: "trees";
  readonly leaves: number;
  readonly minRows?: number;
  readonly minWeight?: number;
  readonly lambda?: number;
  readonly rowShare?: number;
  readonly featureShare?: number;
  readonly classWeights?: readonly number[] | "balanced";
  readonly stopping?: { readonly rounds: number; readonly share: number };
}

/** Tolerance of a recipe that names none. */
export const DEFAULT_TOLERANCE = 0.05;
