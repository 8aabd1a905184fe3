import type { Ensemble } from "./ensemble.ts";
import type { Tree } from "./grow.ts";

/** What each feature added to a score, in integers of 2^-shift: base + sum of values = score, exactly. */
export interface Attribution {
  readonly base: number;
  readonly values: readonly number[];
  readonly score: number;
}

/** A leaf with the tests on the way to it, those of one feature joined. */
interface Path {
  readonly value: number;
  readonly features: readonly number[];
  /** Per feature: share of the training rows that stay on the path when the feature is unknown. */
  readonly shares: readonly number[];
  /** Per feature: the tests on it, as node numbers, and whether the path goes left there. */
  readonly tests: readonly (readonly (readonly [node: number, left: boolean])[])[];
}

/** Nodes u in (0, 1) and weights of Gauss-Legendre quadrature with `count` points: exact up to degree 2 count - 1. */
export function quadrature(count: number): readonly (readonly [u: number, weight: number])[] {
  const known = quadratures.get(count);
  if (known !== undefined) return known;
  let roots: number[] = [];
  for (let degree = 1; degree <= count; degree++) {
    const borders = [-1, ...roots, 1];
    roots = Array.from({ length: degree }, (_, i) =>
      rootBetween(degree, borders[i] as number, borders[i + 1] as number),
    );
  }
  const points = roots.map((t): readonly [number, number] => {
    const [, slope] = legendre(count, t);
    return [(1 + t) / 2, 1 / ((1 - t * t) * slope * slope)];
  });
  quadratures.set(count, points);
  return points;
}

const quadratures = new Map<number, readonly (readonly [number, number])[]>();

/** The Legendre polynomial of a degree and its slope at t in (-1, 1). */
function legendre(degree: number, t: number): [value: number, slope: number] {
  let [before, value] = [1, t];
  for (let n = 2; n <= degree; n++) [before, value] = [value, ((2 * n - 1) * t * value - (n - 1) * before) / n];
  return [value, (degree * (before - t * value)) / (1 - t * t)];
}

function rootBetween(degree: number, low: number, high: number): number {
  let [from, to] = [low, high];
  const rising = legendreSign(degree, low) < 0;
  for (let i = 0; i < 80; i++) {
    const middle = (from + to) / 2;
    if (legendre(degree, middle)[0] < 0 === rising) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

/** Sign of the polynomial at a border: the exact one at -1 and 1, the computed one between. */
function legendreSign(degree: number, t: number): number {
  if (t === -1) return degree % 2 === 0 ? 1 : -1;
  return legendre(degree, t)[0];
}

/** All paths of a tree, leaves in the order of a walk that goes left first. */
function pathsOf(tree: Tree): Path[] {
  const paths: Path[] = [];
  const walk = (node: number, tests: readonly (readonly [number, boolean])[]): void => {
    if ((tree.feature[node] as number) < 0) {
      paths.push(joinTests(tree, node, tests));
      return;
    }
    const left = tree.left[node] as number;
    walk(left, [...tests, [node, true]]);
    walk(left + 1, [...tests, [node, false]]);
  };
  walk(0, []);
  return paths;
}

function joinTests(tree: Tree, leaf: number, tests: readonly (readonly [number, boolean])[]): Path {
  const features = [...new Set(tests.map(([node]) => tree.feature[node] as number))];
  const own = features.map((feature) => tests.filter(([node]) => tree.feature[node] === feature));
  const shares = own.map((list) =>
    list.reduce((share, [node, left]) => {
      const child = (tree.left[node] as number) + (left ? 0 : 1);
      return (share * (tree.cover[child] as number)) / (tree.cover[node] as number);
    }, 1),
  );
  return { value: tree.value[leaf] as number, features, shares, tests: own };
}

function follows(tree: Tree, tests: Path["tests"][number], x: Float32Array): boolean {
  return tests.every(([node, left]) => {
    const value = x[tree.feature[node] as number] as number;
    const yes = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
    return yes === left;
  });
}

/**
 * Exact Shapley values of one tree where an unknown feature follows the training rows (path-dependent TreeSHAP,
 * Lundberg et al. 2020), added to `values`; returns the tree's mean. The weighted sum over coalitions is the
 * integral of prod(share (1 - u) + follows u) over u in [0, 1], a polynomial, taken exactly by quadrature.
 */
function addTree(tree: Tree, paths: readonly Path[], x: Float32Array, values: Float64Array): number {
  let mean = 0;
  for (const { value, features, shares, tests } of paths) {
    const count = features.length;
    const own = tests.map((list) => (follows(tree, list, x) ? 1 : 0));
    mean += shares.reduce((product, share) => product * share, value);
    if (count === 0) continue;
    for (const [u, weight] of quadrature(Math.ceil(count / 2))) {
      let product = value * weight;
      for (let i = 0; i < count; i++) product *= (shares[i] as number) * (1 - u) + (own[i] as number) * u;
      for (let i = 0; i < count; i++) {
        const factor = (shares[i] as number) * (1 - u) + (own[i] as number) * u;
        const feature = features[i] as number;
        values[feature] =
          (values[feature] as number) + (product / factor) * ((own[i] as number) - (shares[i] as number));
      }
    }
  }
  return mean;
}

/** Explains an ensemble's scores; paths are listed once. */
export class Explainer {
  readonly #ensemble: Ensemble;
  readonly #paths: readonly (readonly Path[])[];

  constructor(ensemble: Ensemble) {
    this.#ensemble = ensemble;
    this.#paths = ensemble.trees.map(pathsOf);
  }

  /**
   * Shapley values of the score of `output` for a row, in binary64 in a fixed order, then rounded to integers of
   * 2^-shift; what rounding leaves over goes to the largest value (the first of equals), so the sum is exact.
   */
  explain(x: Float32Array, score: number, output = 0): Attribution {
    const { outputs, start, trees, features } = this.#ensemble;
    const exact = new Float64Array(features);
    let mean = start[output] as number;
    for (let index = output; index < trees.length; index += outputs)
      mean += addTree(trees[index] as Tree, this.#paths[index] as readonly Path[], x, exact);
    const base = Math.floor(mean + 0.5);
    const values = Array.from(exact, (value) => Math.floor(value + 0.5));
    let largest = 0;
    values.forEach((value, feature) => {
      if (Math.abs(value) > Math.abs(values[largest] as number)) largest = feature;
    });
    const left = score - base - values.reduce((sum, value) => sum + value, 0);
    values[largest] = (values[largest] as number) + left;
    return { base, values, score };
  }
}
