import { InvalidInputError } from "@base/errors";
import { type Binned, binRows } from "./bins.ts";
import { Draws } from "./draws.ts";
import type { Ensemble } from "./ensemble.ts";
import { growTree, type Tree } from "./grow.ts";
import type { Histogram } from "./histogram.ts";
import { type Objective, objectiveOf } from "./objective.ts";
import { type BoostSettings, checkSettings, type GrowSettings } from "./settings.ts";

export { type Ensemble, predictRow, scoreRow } from "./ensemble.ts";
export type { BoostSettings } from "./settings.ts";

const MAX_ROWS = 2 ** 22;

/** What one tree was grown on: gradients and curvatures of all rows, and the rows that were drawn for it. */
export interface Grown {
  readonly tree: Tree;
  readonly output: number;
  readonly drawn: Uint32Array;
  readonly g: Float64Array;
  readonly h: Float64Array;
  readonly unit: number;
  readonly settings: GrowSettings;
}

/** A boosting run, round by round. The same rows in any order, settings and seed give the same trees everywhere. */
export class Booster {
  readonly settings: BoostSettings;
  readonly #growth: GrowSettings;
  readonly #objective: Objective;
  readonly #binned: Binned;
  readonly #draws: Draws;
  readonly #used: Uint32Array;
  readonly #aside: Uint32Array;
  readonly #scores: Float64Array[];
  readonly #g: Float64Array[];
  readonly #h: Float64Array[];
  readonly #scratch: { pool: Histogram[]; pairs: Float64Array; rows: Uint32Array };
  readonly #trees: Tree[] = [];
  #bestLoss = Number.POSITIVE_INFINITY;
  #bestRound = 0;

  /**
   * Takes features `x` [rows, features], row-major, NaN for missing, and targets `y` (numbers; 0 or 1; class numbers).
   * Throws InvalidInputError on infinities, on targets that do not fit the task and on settings out of range.
   */
  constructor(x: Float32Array, y: Float32Array, settings: BoostSettings) {
    this.#growth = checkSettings(settings);
    this.settings = settings;
    const rows = y.length;
    const features = rows === 0 ? 0 : x.length / rows;
    if (rows === 0 || rows > MAX_ROWS || features === 0 || !Number.isSafeInteger(features))
      throw new InvalidInputError(`Boosting needs rows (at most ${MAX_ROWS}) of one or more features.`);
    if (x.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY))
      throw new InvalidInputError("Boosting needs finite features; NaN stands for a missing one.");
    this.#binned = binRows(x, rows, features);
    this.#draws = new Draws(x, y, settings.seed ?? 0);
    const aside = settings.stopping === undefined ? [] : this.#draws.aside(settings.stopping.share);
    const all = Uint32Array.from({ length: rows }, (_, row) => row);
    this.#used = all.filter((row) => aside[row] !== true);
    this.#aside = all.filter((row) => aside[row] === true);
    if (this.#used.length === 0 || (settings.stopping !== undefined && this.#aside.length === 0))
      throw new InvalidInputError("Too few rows to keep some aside for early stopping.");
    this.#objective = objectiveOf(y, settings, this.#used);
    const { outputs, start } = this.#objective;
    this.#scores = start.map((value) => new Float64Array(rows).fill(value));
    this.#g = Array.from({ length: outputs }, () => new Float64Array(rows));
    this.#h = Array.from({ length: outputs }, () => new Float64Array(rows));
    this.#scratch = { pool: [], pairs: new Float64Array(rows * 2), rows: new Uint32Array(rows) };
  }

  /** Trees of one round. */
  get outputs(): number {
    return this.#objective.outputs;
  }

  /** Finished rounds. */
  get round(): number {
    return this.#trees.length / this.#objective.outputs;
  }

  /** True when all rounds are done, or none has helped for as long as `stopping` allows. */
  get done(): boolean {
    const { trees, stopping } = this.settings;
    if (this.round >= trees) return true;
    return stopping !== undefined && this.round - this.#bestRound >= stopping.rounds;
  }

  /** Grows one round, or takes over the trees `given` from an earlier run, and returns them; `watch` sees what each stands on. */
  next(given?: readonly Tree[], watch?: (grown: Grown) => void): readonly Tree[] {
    const { outputs, unit } = this.#objective;
    const { rowShare = 1, featureShare = 1 } = this.settings;
    const round = this.round;
    const grown: Tree[] = [];
    const looks = given === undefined || watch !== undefined;
    if (looks)
      for (let k = 0; k < outputs; k++)
        this.#objective.gradients(this.#scores, k, this.#g[k] as Float64Array, this.#h[k] as Float64Array);
    const drawn = looks && rowShare < 1 ? this.#drawRows(round, rowShare) : this.#used;
    for (let k = 0; k < outputs; k++) {
      const [g, h] = [this.#g[k] as Float64Array, this.#h[k] as Float64Array];
      const features = this.#draws.features(this.#trees.length + k, this.#binned.bins.length, featureShare);
      const growth = { binned: this.#binned, g, h, features, unit, settings: this.#growth, scratch: this.#scratch };
      const tree = given?.[k] ?? growTree(growth, drawn.slice());
      watch?.({ tree, output: k, drawn, g, h, unit, settings: this.#growth });
      grown.push(tree);
    }
    grown.forEach((tree, k) => {
      addScores(tree, this.#binned, this.#scores[k] as Float64Array);
    });
    this.#trees.push(...grown);
    this.#judge();
    return grown;
  }

  /** Mean loss over the training rows: squared error in squared units of the target, or log loss. */
  get loss(): number {
    return this.#meanLoss(this.#used);
  }

  /** Mean loss over the rows kept aside for early stopping; undefined when none are. */
  get lossAside(): number | undefined {
    return this.#aside.length === 0 ? undefined : this.#meanLoss(this.#aside);
  }

  /** The ensemble so far; with early stopping, up to its best round. */
  ensemble(): Ensemble {
    const rounds = this.settings.stopping === undefined ? this.round : Math.max(1, this.#bestRound);
    return this.grown(rounds);
  }

  /** The ensemble of the first `rounds` rounds, all finished ones unless said. */
  grown(rounds = this.round): Ensemble {
    const { outputs, shift, start } = this.#objective;
    const trees = this.#trees.slice(0, rounds * outputs);
    return { version: 2, task: this.settings.task, features: this.#binned.bins.length, outputs, shift, start, trees };
  }

  #drawRows(round: number, share: number): Uint32Array {
    const drawn = this.#draws.rows(round, share);
    const aside = new Set(this.#aside);
    const rows = aside.size === 0 ? drawn : drawn.filter((row) => !aside.has(row));
    return rows.length === 0 ? this.#used : rows;
  }

  #meanLoss(rows: Uint32Array): number {
    const scale = this.settings.task === "regression" ? 2 ** (24 - 2 * this.#objective.shift) : 2 ** -20;
    return (this.#sumLoss(rows) * scale) / rows.length;
  }

  #sumLoss(rows: Uint32Array): number {
    let sum = 0;
    for (const row of rows) sum += this.#objective.loss(this.#scores, row);
    return sum;
  }

  #judge(): void {
    if (this.settings.stopping === undefined) return;
    const loss = this.#sumLoss(this.#aside);
    if (loss >= this.#bestLoss) return;
    this.#bestLoss = loss;
    this.#bestRound = this.round;
  }
}

/** Adds a tree's leaf values to the scores of all rows, walking on bins. */
function addScores(tree: Tree, binned: Binned, scores: Float64Array): void {
  const columns = tree.feature.map((feature) => (feature < 0 ? undefined : binned.bins[feature]));
  const limits = Int32Array.from(tree.feature, (feature, node) => lastBin(tree, binned, feature, node));
  const absent = Int32Array.from(tree.feature, (feature) => (feature < 0 ? -1 : (binned.present[feature] as number)));
  for (let row = 0; row < scores.length; row++) {
    let node = 0;
    for (let column = columns[0]; column !== undefined; column = columns[node]) {
      const bin = column[row] as number;
      const yes = bin === absent[node] ? tree.missingLeft[node] === 1 : bin <= (limits[node] as number);
      node = (tree.left[node] as number) + (yes ? 0 : 1);
    }
    scores[row] = (scores[row] as number) + (tree.value[node] as number);
  }
}

/** The last bin of present values that a node sends left. */
function lastBin(tree: Tree, binned: Binned, feature: number, node: number): number {
  if (feature < 0) return -1;
  const at = (binned.thresholds[feature] as Float32Array).indexOf(tree.threshold[node] as number);
  return at < 0 ? (binned.present[feature] as number) - 1 : at;
}

/** Boosts trees on features and targets as {@link Booster} takes them; the same bits on every machine. */
export function boost(x: Float32Array, y: Float32Array, settings: BoostSettings): Ensemble {
  const booster = new Booster(x, y, settings);
  while (!booster.done) booster.next();
  return booster.ensemble();
}
