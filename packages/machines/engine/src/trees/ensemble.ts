import { InvalidInputError } from "@base/errors";
import { binOf } from "./bins.ts";
import type { Tree } from "./grow.ts";
import { logistic, ONE, softmax } from "./link.ts";
import type { TreeTask } from "./settings.ts";

/** A boosted ensemble, plain JSON. Every number is an integer but the thresholds, which are binary32. */
export interface Ensemble {
  readonly version: 2;
  readonly task: TreeTask;
  /** Numbers of an input row. */
  readonly features: number;
  /** Scores of a row: 1, or one per class. */
  readonly outputs: number;
  /** Scores and leaf values count units of 2^-shift. */
  readonly shift: number;
  /** First score of each output. */
  readonly start: readonly number[];
  /** Round after round, one tree per output. */
  readonly trees: readonly Tree[];
}

const MOST_RANKS = 32_767;
/** A leaf's first word: a rank above all others, so that its test leads to itself, and the sign that says it is a leaf. */
const LEAF = -65_536;

/**
 * Ready to answer. A row is first ranked: per feature, how many of the thresholds that occur lie below its value.
 * Then every test compares two small integers; nodes are two words (feature and rank; left). A leaf leads to itself.
 */
export class Predictor {
  readonly ensemble: Ensemble;
  readonly #thresholds: readonly Float32Array[];
  readonly #words: Int32Array;
  /** Per node: whether a missing value goes left; the value of a leaf. */
  readonly #missingLeft: Uint8Array;
  readonly #values: Int32Array;
  readonly #roots: Int32Array;
  readonly #ranks: Int32Array;
  readonly #scores: Float64Array;

  /** Throws InvalidInputError on more than 65,536 features or 32,767 different thresholds of one feature. */
  constructor(ensemble: Ensemble) {
    const { trees, features, outputs } = ensemble;
    this.ensemble = ensemble;
    this.#thresholds = thresholdsIn(ensemble);
    if (features > 65_536 || this.#thresholds.some((list) => list.length > MOST_RANKS))
      throw new InvalidInputError("The ensemble has too many features, or too many thresholds of one feature.");
    const ranks = this.#thresholds.map((list) => new Map(Array.from(list, (value, rank) => [value, rank])));
    const count = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
    this.#words = new Int32Array(count * 2);
    this.#missingLeft = new Uint8Array(count);
    this.#values = new Int32Array(count);
    this.#roots = new Int32Array(trees.length);
    this.#ranks = new Int32Array(features);
    this.#scores = new Float64Array(outputs);
    let at = 0;
    trees.forEach((tree, index) => {
      this.#roots[index] = at * 2;
      tree.feature.forEach((feature, node) => {
        const to = (at + node) * 2;
        const rank = ranks[feature]?.get(tree.threshold[node] as number) ?? 0;
        this.#words[to] = feature < 0 ? LEAF : feature + rank * 65_536;
        this.#words[to + 1] = feature < 0 ? to : (at + (tree.left[node] as number)) * 2;
        this.#values[at + node] = tree.value[node] as number;
        this.#missingLeft[at + node] = tree.missingLeft[node] as number;
      });
      at += tree.feature.length;
    });
  }

  /** Integer scores of a row, in 2^-shift; the array is used again by the next call. */
  scores(x: Float32Array): Float64Array {
    const { outputs, start } = this.ensemble;
    const lacks = this.#rank(x);
    for (let k = 0; k < outputs; k++)
      this.#scores[k] = (start[k] as number) + (lacks ? this.#sum(k, outputs) : this.#sumPresent(k, outputs));
    return this.#scores;
  }

  /** The answers for a row, binary32: one number, the probability of 1, or a probability per class. */
  predict(x: Float32Array): Float32Array {
    return answersOf(this.ensemble, this.scores(x));
  }

  /** Ranks a row; true when a value is missing (its rank is -1). */
  #rank(x: Float32Array): boolean {
    const ranks = this.#ranks;
    const thresholds = this.#thresholds;
    let lacks = false;
    for (let feature = 0; feature < ranks.length; feature++) {
      const value = x[feature] as number;
      if (Number.isNaN(value)) {
        ranks[feature] = -1;
        lacks = true;
      } else ranks[feature] = binOf(thresholds[feature] as Float32Array, value);
    }
    return lacks;
  }

  /** Walks four trees at a time, without a branch on what a test says, until all stand on leaves. */
  #sumPresent(from: number, step: number): number {
    const [words, roots, ranks, values] = [this.#words, this.#roots, this.#ranks, this.#values];
    let sum = 0;
    let tree = from;
    for (; tree + 3 * step < roots.length; tree += 4 * step) {
      let a = roots[tree] as number;
      let b = roots[tree + step] as number;
      let c = roots[tree + 2 * step] as number;
      let d = roots[tree + 3 * step] as number;
      for (;;) {
        const atA = words[a] as number;
        const atB = words[b] as number;
        const atC = words[c] as number;
        const atD = words[d] as number;
        if ((atA & atB & atC & atD) < 0) break;
        a = (words[a + 1] as number) + ((((atA >>> 16) - (ranks[atA & 65_535] as number)) >>> 31) << 1);
        b = (words[b + 1] as number) + ((((atB >>> 16) - (ranks[atB & 65_535] as number)) >>> 31) << 1);
        c = (words[c + 1] as number) + ((((atC >>> 16) - (ranks[atC & 65_535] as number)) >>> 31) << 1);
        d = (words[d + 1] as number) + ((((atD >>> 16) - (ranks[atD & 65_535] as number)) >>> 31) << 1);
      }
      sum += (values[a >> 1] as number) + (values[b >> 1] as number);
      sum += (values[c >> 1] as number) + (values[d >> 1] as number);
    }
    return tree < roots.length ? sum + this.#sum(tree, step) : sum;
  }

  #sum(from: number, step: number): number {
    const [words, ranks] = [this.#words, this.#ranks];
    let sum = 0;
    for (let tree = from; tree < this.#roots.length; tree += step) {
      let node = this.#roots[tree] as number;
      for (let word = words[node] as number; word >= 0; word = words[node] as number) {
        const rank = ranks[word & 65_535] as number;
        const yes = rank < 0 ? this.#missingLeft[node >> 1] === 1 : rank <= word >> 16;
        node = (words[node + 1] as number) + (yes ? 0 : 2);
      }
      sum += this.#values[node >> 1] as number;
    }
    return sum;
  }
}

/** Per feature: the thresholds that occur in an ensemble, ascending. */
function thresholdsIn({ trees, features }: Ensemble): Float32Array[] {
  const found = Array.from({ length: features }, () => new Set<number>());
  for (const { feature, threshold } of trees)
    feature.forEach((tested, node) => {
      if (tested >= 0) found[tested]?.add(threshold[node] as number);
    });
  return found.map((set) => Float32Array.from(set).sort());
}

/** Answers from integer scores, binary32: spec 6. */
export function answersOf(ensemble: Ensemble, scores: Float64Array): Float32Array {
  if (ensemble.task !== "multiclass") {
    const answers = new Float32Array(1);
    const score = scores[0] as number;
    answers[0] = ensemble.task === "regression" ? score / 2 ** ensemble.shift : logistic(score) / ONE;
    return answers;
  }
  const p = new Float64Array(ensemble.outputs);
  softmax(scores, ensemble.outputs, p);
  return Float32Array.from(p, (value) => value / ONE);
}

/** The integer score of one row for the first output, in 2^-shift. For many rows keep a {@link Predictor}. */
export function scoreRow(ensemble: Ensemble, x: Float32Array): number {
  return new Predictor(ensemble).scores(x)[0] as number;
}

/** The first answer for one row. For many rows keep a {@link Predictor}. */
export function predictRow(ensemble: Ensemble, x: Float32Array): number {
  return new Predictor(ensemble).predict(x)[0] as number;
}
