import { InvalidInputError } from "@base/errors";
import {
  type Aggregate,
  type Column,
  columnOf,
  type Recipe,
  type RecipeInput,
  type Table,
  validateRecipe,
} from "@machines/engine";

/** What a person may say about a recipe; the rest is suggested from the table. */
export interface RecipeWishes {
  readonly target: string;
  /** Days of history that one sample sees; each row alone unless said. */
  readonly window?: number | undefined;
  /** Parts that the window is cut into; a fifteenth of the days unless said, at most 12. */
  readonly bins?: number | undefined;
  /** Passes over the training rows. */
  readonly epochs?: number | undefined;
  readonly seed?: number | undefined;
  /** Columns to learn from; all that can be unless said. */
  readonly inputs?: readonly string[] | undefined;
}

const MOST_CATEGORIES = 32;
const STEPS = 4_000;

/**
 * A sound recipe for a table and a target: numbers, booleans, days and short lists of words as inputs, empty cells filled,
 * a small network, the last quarter as the test. Words as a target are classes. Throws InvalidInputError that says which
 * column does not serve. SPEC T1.
 */
export function suggestRecipe(table: Table, wishes: RecipeWishes): Recipe {
  const target = columnOf(table, wishes.target);
  const cells = target.values.filter((value) => value !== null);
  const task = taskOf(target, cells);
  const time = timeColumn(table);
  const window = windowOf(wishes, time);
  const inputs = chooseInputs(table, wishes, window !== undefined, time);
  const samples = Math.max(1, cells.length - (wishes.window ?? 1) + 1);
  const batch = Math.max(1, Math.min(32, Math.floor(samples / 8)));
  const steps = Math.max(1, Math.floor((samples * 3) / 4 / batch));
  const epochs = wishes.epochs ?? Math.min(300, Math.max(5, Math.round(STEPS / steps)));
  const unit = task !== "multiclass" && cells.every((value) => Number(value) >= 0 && Number(value) <= 1);
  return validateRecipe({
    version: 2,
    task,
    ...(time === undefined ? {} : { time: time.name }),
    ...(window === undefined ? {} : { window }),
    inputs,
    target: target.name,
    split:
      time === undefined
        ? { by: "ratio", train: 0.75 }
        : { by: "time", trainUntil: borderDay(time, target, wishes.window ?? 1) },
    // Few rows do not feed a network: a line is all that they can tell.
    model: samples < 100 ? { kind: task === "regression" ? "linear" : "logistic" } : { kind: "mlp", hidden: [16, 8] },
    optimizer: { kind: "adam", learningRate: 0.005 },
    epochs,
    batch,
    seed: wishes.seed ?? 1,
    checkpointEvery: Math.max(1, Math.floor((steps * epochs) / 16)),
    ...(unit && task === "regression" ? { clamp: true } : {}),
    ...(unit || task === "multiclass" ? {} : { tolerance: roundedDeviation(cells.map(Number)) }),
  });
}

/** What there is to predict: numbers, yes and no, or a few kinds of words. */
function taskOf(target: Column, cells: Column["values"]): Recipe["task"] {
  const kinds = new Set(cells);
  const numbers = target.type === "number" || target.type === "boolean";
  if (!numbers && (target.type === "date" || kinds.size > MOST_CATEGORIES)) {
    throw new InvalidInputError(
      `the target ${target.name} is a ${target.type}${target.type === "date" ? "" : ` of ${kinds.size} kinds`}; a model predicts numbers, yes and no, or at most ${MOST_CATEGORIES} kinds`,
      {
        hints: ["Derive a table whose target is a number, true and false, or a short list of words."],
        data: { field: "target" },
      },
    );
  }
  if (kinds.size < 2) throw new InvalidInputError(`the target ${target.name} never changes: there is nothing to learn`);
  if (!numbers) return "multiclass";
  return cells.every((value) => Number(value) === 0 || Number(value) === 1) ? "binary" : "regression";
}

/** A date column whose days never go back: then the past trains and the future tests. */
function timeColumn(table: Table): Column | undefined {
  return table.columns.find(
    ({ type, values }) =>
      type === "date" &&
      values.every((value, row) => value !== null && (row === 0 || String(values[row - 1]) <= String(value))),
  );
}

function windowOf(wishes: RecipeWishes, time: Column | undefined): Recipe["window"] | undefined {
  if (wishes.window === undefined) {
    if (wishes.bins !== undefined)
      throw new InvalidInputError("bins cut a window: say how many days it has", { data: { field: "window" } });
    return undefined;
  }
  if (time === undefined) {
    throw new InvalidInputError("a window needs a date column that goes from day to day", {
      data: { field: "window" },
    });
  }
  return { days: wishes.window, bins: wishes.bins ?? Math.max(1, Math.min(12, Math.round(wishes.window / 15))) };
}

function chooseInputs(table: Table, wishes: RecipeWishes, windowed: boolean, time?: Column): RecipeInput[] {
  for (const name of wishes.inputs ?? []) columnOf(table, name);
  const wanted = table.columns.filter(({ name }) => name !== wishes.target && (wishes.inputs?.includes(name) ?? true));
  const usable = wanted.filter((column) => column !== time && serves(column, windowed));
  const refused = wanted.filter((column) => wishes.inputs !== undefined && !usable.includes(column));
  const first = refused[0];
  if (first) {
    throw new InvalidInputError(
      `the column ${first.name} (${first.type}) cannot be an input${windowed ? " of a window" : ""}`,
      {
        hints: [
          `Inputs are numbers, true and false, days, or texts of at most ${MOST_CATEGORIES} kinds; in a window numbers without empty cells.`,
        ],
        data: { column: first.name },
      },
    );
  }
  if (usable.length === 0) throw new InvalidInputError(`no column besides ${wishes.target} can be an input`);
  if (windowed) return usable.map(({ name, values }) => ({ column: name, aggregate: aggregateOf(values) }));
  return usable.map(inputOf);
}

/** A column with what stands for its empty cells: the median and a mark, or no category. */
function inputOf({ name, type, values }: Column): RecipeInput {
  const holes = values.includes(null);
  if (type === "string") return { column: name, ...(holes ? { missing: "zeros" } : {}) };
  const filled = holes ? { missing: "median" as const, indicator: true } : {};
  return {
    column: name,
    ...(type === "date" ? { calendar: ["year", "yearCycle", "weekCycle"] as const } : {}),
    ...filled,
  };
}

function serves({ type, values }: Column, windowed: boolean): boolean {
  if (windowed) return (type === "number" || type === "boolean") && !values.includes(null);
  if (type === "string") return new Set(values).size <= MOST_CATEGORIES;
  return values.some((value) => value !== null);
}

/** Amounts that are often zero (rain, sales) add up over days; levels (heat, price) are averaged. */
function aggregateOf(values: Column["values"]): Aggregate {
  let [zeros, negative] = [0, false];
  for (const value of values) {
    if (Number(value) === 0) zeros++;
    if (Number(value) < 0) negative = true;
  }
  return !negative && zeros * 4 > values.length ? "sum" : "mean";
}

/** The day that ends the first three quarters of the rows with a target. */
function borderDay(time: Column, target: Column, window: number): string {
  const rows = target.values.flatMap((value, row) => (value === null || row < window - 1 ? [] : [row]));
  const border = rows[Math.floor((rows.length * 3) / 4) - 1] ?? rows[0] ?? 0;
  return String(time.values[border]);
}

/** A fifth of the target's standard deviation to two digits: what counts as right in the confidence. */
function roundedDeviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return Number((Math.sqrt(squares / values.length) / 5).toPrecision(2));
}
