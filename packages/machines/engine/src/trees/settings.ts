import { InvalidInputError } from "@base/errors";
import { ONE } from "./link.ts";

/** What is learned: a number, the probability of 1, or a probability for each of several classes. */
export type TreeTask = "regression" | "binary" | "multiclass";

/** How to boost. */
export interface BoostSettings {
  readonly task: TreeTask;
  /** Rounds; each grows one tree, or one per class. From 1 to 100,000. */
  readonly trees: number;
  /** Most leaves of one tree, from 2 to 65,536. */
  readonly leaves: number;
  /** In (0, 1]; kept to 2^-16. */
  readonly learningRate: number;
  /** Fewest training rows in a leaf; 20 unless said. */
  readonly minRows?: number;
  /** Least sum of curvatures in a leaf, as XGBoost's min_child_weight; 0.001 unless said. */
  readonly minWeight?: number;
  /** Weight of the penalty on squared leaf values; 1 unless said. */
  readonly lambda?: number;
  /** Share of the rows that each round draws, in (0, 1]; 1 unless said. */
  readonly rowShare?: number;
  /** Share of the features that each tree draws, in (0, 1]; 1 unless said. */
  readonly featureShare?: number;
  /** Weight of each class in (0, 64], kept to 1/256, or `balanced`: rows / (classes * rows of the class). */
  readonly classWeights?: readonly number[] | "balanced";
  /** Keeps the share `share` of the rows aside and stops when their loss has not fallen for `rounds` rounds. */
  readonly stopping?: { readonly rounds: number; readonly share: number };
  /** Integer in [0, 2^53) for all draws; 0 unless said. */
  readonly seed?: number;
  /** Number of classes of a multiclass task, from 2 to 256. */
  readonly classes?: number;
}

/** What the growth of one tree needs, in integers. */
export interface GrowSettings {
  readonly leaves: number;
  readonly minRows: number;
  /** In 2^-24, at least 1. */
  readonly minWeight: number;
  /** In 2^-24, at least 1. */
  readonly lambda: number;
  /** In 2^-16. */
  readonly rate: number;
}

const whole = (value: number, low: number, high: number) =>
  Number.isSafeInteger(value) && value >= low && value <= high;

/** Refuses settings out of range with InvalidInputError whose `data.setting` names the first; returns what growth needs. */
export function checkSettings(given: BoostSettings): GrowSettings {
  const { minRows = 20, minWeight = 0.001, lambda = 1, rowShare = 1, featureShare = 1, seed = 0 } = given;
  const refuse = (setting: keyof BoostSettings, must: string): void => {
    throw new InvalidInputError(`Boosting setting ${setting} must be ${must}.`, { data: { setting } });
  };
  if (!["regression", "binary", "multiclass"].includes(given.task)) refuse("task", "regression, binary or multiclass");
  if (!whole(given.trees, 1, 100_000)) refuse("trees", "a whole number from 1 to 100000");
  if (!whole(given.leaves, 2, 65_536)) refuse("leaves", "a whole number from 2 to 65536");
  if (!whole(minRows, 1, 2 ** 22)) refuse("minRows", "a whole number from 1 to 2^22");
  if (!(given.learningRate >= 2 ** -16 && given.learningRate <= 1)) refuse("learningRate", "from 2^-16 to 1");
  if (!(minWeight >= 0 && minWeight <= 1e6)) refuse("minWeight", "from 0 to 1000000");
  if (!(lambda >= 0 && lambda <= 1e6)) refuse("lambda", "from 0 to 1000000");
  if (!(rowShare > 0 && rowShare <= 1)) refuse("rowShare", "above 0 and at most 1");
  if (!(featureShare > 0 && featureShare <= 1)) refuse("featureShare", "above 0 and at most 1");
  if (!whole(seed, 0, Number.MAX_SAFE_INTEGER)) refuse("seed", "a whole number from 0 to 2^53 - 1");
  if (given.task === "multiclass" ? !whole(given.classes ?? 0, 2, 256) : given.classes !== undefined)
    refuse("classes", "a whole number from 2 to 256, for a multiclass task only");
  checkWeights(given, refuse);
  const { stopping } = given;
  if (stopping !== undefined && !(whole(stopping.rounds, 1, 100_000) && stopping.share > 0 && stopping.share < 1))
    refuse("stopping", "whole rounds of at least 1 and a share between 0 and 1");
  return {
    leaves: given.leaves,
    minRows,
    minWeight: Math.max(1, Math.floor(minWeight * ONE + 0.5)),
    lambda: Math.max(1, Math.floor(lambda * ONE + 0.5)),
    rate: Math.floor(given.learningRate * 65_536 + 0.5),
  };
}

function checkWeights(given: BoostSettings, refuse: (setting: keyof BoostSettings, must: string) => void): void {
  const weights = given.classWeights;
  if (weights === undefined || (weights === "balanced" && given.task !== "regression")) return;
  const classes = given.task === "multiclass" ? (given.classes as number) : 2;
  const sound =
    given.task !== "regression" &&
    Array.isArray(weights) &&
    weights.length === classes &&
    weights.every((weight) => weight >= 1 / 256 && weight <= 64);
  if (!sound) refuse("classWeights", "one weight from 1/256 to 64 a class, or balanced, and not for a regression");
}
