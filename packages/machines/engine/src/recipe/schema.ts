import { z } from "zod";

// The recipe of version 2: one description from which validation, types and the published JSON Schema all come.

const name = z.string().min(1).max(200);
const share = z.number().gt(0).lt(1);
const whole = (low: number, high: number) => z.int().min(low).max(high);
const real = (low: number, high: number) => z.number().gt(low).lt(high);

const dayText = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day, YYYY-MM-DD")
  .meta({ format: "date" });

const CALENDAR = ["year", "month", "day", "weekday", "dayOfYear", "yearCycle", "weekCycle"] as const;

const input = z
  .strictObject({
    column: name.describe(
      "Column of the table; with the layout `image` the prefix of its pixel columns (p: p0, p1, ...).",
    ),
    aggregate: z
      .enum(["sum", "mean", "min", "max"])
      .optional()
      .describe("With a window: how a bin becomes one number."),
    type: z
      .enum(["number", "category", "date"])
      .optional()
      .describe("What the column is; as in the table unless said. A category becomes one input per value (one-hot)."),
    missing: z
      .union([z.enum(["refuse", "mean", "median", "zeros"]), z.number()])
      .optional()
      .describe(
        "What stands for an empty cell: mean or median of the training rows, a number, `zeros` (no category); refused unless said.",
      ),
    indicator: z.boolean().optional().describe("Adds an input that is 1 where the cell is empty."),
    standardise: z
      .boolean()
      .optional()
      .describe("Brings the column to mean 0 and deviation 1 of the training rows; true unless said. Not for trees."),
    lags: z
      .array(whole(0, 3660))
      .min(1)
      .max(64)
      .optional()
      .describe("Reads the column that many rows earlier (0: the row itself), instead of in the row alone."),
    calendar: z.array(z.enum(CALENDAR)).min(1).optional().describe("Parts of a date column to learn from."),
  })
  .describe("An input column and what is done with it.");

const window = z
  .strictObject({ days: whole(1, 3660), bins: whole(1, 3660) })
  .describe("Each sample is `days` consecutive daily rows, cut into `bins` bins of equal length (to a day).");

const layout = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("sequence"), rows: whole(2, 1024) })
      .describe("Each sample is this many consecutive rows, and stays a sequence of rows."),
    z
      .strictObject({
        kind: z.literal("text"),
        level: z.enum(["character", "word"]),
        length: whole(1, 1024).describe("Tokens that are read; longer texts are cut, shorter ones padded."),
        vocabulary: whole(1, 4096).describe("Most frequent tokens of the training rows that are told apart."),
      })
      .describe("The one input column holds text, read as a sequence of tokens."),
    z
      .strictObject({
        kind: z.literal("image"),
        shape: z.tuple([whole(1, 64), whole(1, 512), whole(1, 512)]).describe("Channels, height, width."),
        scale: real(0, 1e9).optional().describe("Pixels are divided by this; 255 unless said."),
      })
      .describe("Each row is an image: columns <prefix>0, <prefix>1, ... channel by channel, row by row."),
  ])
  .describe("What the inputs are when not one row of columns.");

const split = z.discriminatedUnion("by", [
  z
    .strictObject({ by: z.literal("ratio"), train: share, valid: share.optional() })
    .describe("Shares of the samples, drawn by the seed (in order with a window or sequence); the rest tests."),
  z
    .strictObject({ by: z.literal("time"), trainUntil: dayText, validUntil: dayText.optional() })
    .describe(
      "Samples that end by `trainUntil` train; those that begin later and end by `validUntil` validate; later ones test.",
    ),
  z
    .strictObject({ by: z.literal("group"), column: name, train: share, valid: share.optional() })
    .describe("Shares of the groups, drawn by the seed: no group is on two sides."),
]);

const activation = z.enum(["relu", "tanh", "sigmoid", "gelu"]);
const width = whole(1, 4096);
const dropout = z.number().min(0).lt(1).optional().describe("Share of values set to 0 in training.");
const classWeights = z
  .union([
    z
      .array(
        z
          .number()
          .min(1 / 256)
          .max(64),
      )
      .min(2)
      .max(256),
    z.literal("balanced"),
  ])
  .describe("Weight of each class in the loss, or `balanced`: rows / (classes * rows of the class).");

const layer = z.strictObject({
  channels: whole(1, 1024),
  kernel: whole(1, 15).optional().describe("Side of the window; 3 unless said."),
  stride: whole(1, 8).optional(),
  groups: whole(1, 1024).optional().describe("Groups of channels that do not see each other; 1 unless said."),
  pool: whole(2, 8).optional().describe("Side of a pooling window after the layer."),
  pooling: z.enum(["max", "average"]).optional(),
});

const model = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("linear") }),
  z.strictObject({ kind: z.literal("logistic") }),
  z.strictObject({
    kind: z.literal("mlp"),
    hidden: z.array(width).min(1).max(16),
    activation: activation.optional(),
    dropout,
  }),
  z
    .strictObject({
      kind: z.literal("cnn"),
      layers: z.array(layer).min(1).max(16),
      hidden: z.array(width).max(8).optional().describe("Dense layers after the convolutions."),
      activation: activation.optional(),
      dropout,
    })
    .describe("Convolutional network on images; each layer keeps the plane's size before stride and pooling."),
  z
    .strictObject({
      kind: z.literal("transformer"),
      width: whole(2, 1024),
      heads: whole(1, 64),
      layers: whole(1, 16),
      feedForward: width.optional().describe("4 * width unless said."),
      causal: z.boolean().optional().describe("Each place sees earlier ones only."),
      pool: z.enum(["mean", "last"]).optional().describe("What is read out: the mean of all places, or the last one."),
      dropout,
    })
    .describe("Encoder with learnt positions and normalisation before each block, on sequences and texts."),
  z
    .strictObject({
      kind: z.literal("trees"),
      leaves: whole(2, 65_536),
      minRows: whole(1, 2 ** 22).optional(),
      minWeight: z.number().min(0).max(1e6).optional(),
      lambda: z.number().min(0).max(1e6).optional(),
      rowShare: z.number().gt(0).max(1).optional(),
      featureShare: z.number().gt(0).max(1).optional(),
      classWeights: classWeights.optional(),
      stopping: z
        .strictObject({ rounds: whole(1, 100_000), share })
        .optional()
        .describe(
          "Keeps a share of the training samples aside and stops when their loss has not fallen for that many rounds.",
        ),
    })
    .describe("Gradient-boosted trees (src/trees/spec.md); they take empty cells among the inputs."),
]);

const schedule = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant"), warmup: whole(1, 1e9).optional() }),
  z.strictObject({
    kind: z.literal("step"),
    every: whole(1, 1e9).describe("Epochs after which the rate is multiplied."),
    factor: share,
    warmup: whole(1, 1e9).optional(),
  }),
  z.strictObject({
    kind: z.literal("cosine"),
    final: z.number().min(0).lt(1).optional().describe("Share of the rate that is left at the end; 0 unless said."),
    warmup: whole(1, 1e9).optional().describe("Steps over which the rate rises from 0."),
  }),
]);

const learningRate = real(0, 1000);
const common = {
  learningRate,
  schedule: schedule
    .optional()
    .describe("How the rate changes; it is computed inside the step from a counter that is part of the state."),
  weightDecay: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("Decoupled: each step also takes rate * decay * weight off. 0.01 for adamw, else 0 unless said."),
  clip: real(0, 1e9).optional().describe("Largest length of the gradient of a step; longer ones are scaled down."),
};
const beta = z.number().min(0).lt(1).optional();
const moments = { beta1: beta, beta2: beta, epsilon: real(0, 1).optional() };
const optimizer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sgd"), ...common }),
  z.strictObject({
    kind: z.literal("momentum"),
    ...common,
    momentum: beta.describe("0.9 unless said."),
    nesterov: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal("adam"), ...common, ...moments }),
  z.strictObject({ kind: z.literal("adamw"), ...common, ...moments }),
  z.strictObject({ kind: z.literal("yogi"), ...common, ...moments }),
  z.strictObject({ kind: z.literal("adagrad"), ...common, epsilon: real(0, 1).optional() }),
  z.strictObject({ kind: z.literal("boost"), learningRate: z.number().gt(0).max(1) }),
]);

const stopping = z
  .strictObject({ patience: whole(1, 100_000), minDelta: z.number().min(0).optional() })
  .describe(
    "Ends when the validation loss has not fallen by more than `minDelta` for `patience` epochs; the best epoch is the result.",
  );

/** The recipe of version 2. */
export const recipeSchema = z
  .strictObject({
    version: z.literal(2),
    task: z.enum(["regression", "binary", "multiclass"]),
    time: name.optional().describe("Date column; needed by a window and by a split by time."),
    window: window.optional(),
    layout: layout.optional(),
    series: name.optional().describe("Column whose rows form series of their own: lags and sequences stay inside one."),
    inputs: z.array(input).min(1).max(1024),
    target: name.describe("Column that is predicted, read at the sample's last row; rows without it are skipped."),
    split,
    model,
    optimizer,
    epochs: whole(1, 100_000).describe("Passes over the training samples; rounds for trees."),
    batch: whole(1, 65_536).optional().describe("Samples of one step; not for trees."),
    seed: whole(0, Number.MAX_SAFE_INTEGER).describe("Initial weights and the order of batches follow from it."),
    checkpointEvery: whole(1, 1_000_000_000).describe("Steps between committed checkpoints."),
    clamp: z.boolean().optional().describe("Keeps answers in [0, 1]."),
    tolerance: real(0, 1e30)
      .optional()
      .describe("Largest |error| that counts as right in the confidence; 0.05 unless said."),
    stopping: stopping.optional(),
    classWeights: classWeights.optional(),
    crossValidation: z.strictObject({ folds: whole(2, 50) }).optional(),
  })
  .describe("What to learn from a table and how (Assay recipe, version 2).");

type Frozen<T> = T extends readonly (infer E)[]
  ? T extends readonly [infer A, infer B, infer C]
    ? readonly [A, B, C]
    : readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** One entry of `inputs`. */
export type Input = Frozen<z.output<typeof input>>;
/** `layout`. */
export type Layout = Frozen<z.output<typeof layout>>;
/** `split`. */
export type Split = Frozen<z.output<typeof split>>;
/** `model`. */
export type Model = Frozen<z.output<typeof model>>;
/** `optimizer`. */
export type Optimizer = Frozen<z.output<typeof optimizer>>;
/** `optimizer.schedule`. */
export type Schedule = Frozen<z.output<typeof schedule>>;
/** `stopping`. */
export type Stopping = Frozen<z.output<typeof stopping>>;
/** `classWeights`. */
export type ClassWeights = Frozen<z.output<typeof classWeights>>;
/** Parts of a date that a model may learn from. */
export type CalendarPart = (typeof CALENDAR)[number];

/** JSON Schema (2020-12) of the recipe of version 2, for editors and other tools. */
export function recipeJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(recipeSchema, { io: "input" }) as Record<string, unknown>;
}
