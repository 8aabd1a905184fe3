import { follows, type TreeNode } from "./ops/ml.ts";

/** n! for small n, exact in binary64 up to 22. */
function factorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

/**
 * Exact Shapley values of a forest's score for one target, where an unknown feature takes the value of a reference row
 * (interventional TreeSHAP of Lundberg et al., 2020, for one reference): values add up to score(x) - score(reference).
 * Uses + - x / only, in the order of the trees.
 */
export function forestShapley(
  nodes: readonly TreeNode[],
  roots: readonly number[],
  weightOf: (leaf: TreeNode) => number,
  x: ArrayLike<number>,
  reference: ArrayLike<number>,
): Float64Array {
  const values = new Float64Array(x.length);
  const own: number[] = [];
  const others: number[] = [];
  const walk = (at: number, depth: number): void => {
    const node = nodes[at];
    if (node === undefined || depth > nodes.length) return;
    if (node.leaf) {
      const weight = weightOf(node);
      const [a, b] = [own.length, others.length];
      if (weight === 0 || a + b === 0) return;
      const all = factorial(a + b);
      for (const feature of own)
        values[feature] = (values[feature] as number) + (weight * factorial(a - 1) * factorial(b)) / all;
      for (const feature of others)
        values[feature] = (values[feature] as number) - (weight * factorial(a) * factorial(b - 1)) / all;
      return;
    }
    const { feature } = node;
    const [mine, theirs] = [follows(node, x[feature] as number), follows(node, reference[feature] as number)];
    const go = (yes: boolean): void => walk(yes ? node.yes : node.no, depth + 1);
    if (mine === theirs) go(mine);
    else if (own.includes(feature)) go(mine);
    else if (others.includes(feature)) go(theirs);
    else {
      own.push(feature);
      go(mine);
      own.pop();
      others.push(feature);
      go(theirs);
      others.pop();
    }
  };
  for (const root of roots) walk(root, 0);
  return values;
}

/** Most features whose coalitions are tried one by one. */
export const MAX_ENUMERATED = 12;

/**
 * Exact Shapley values of any function of `count` features by trying every coalition: `evaluate` answers for lists of
 * masks (bit j set: feature j has its own value, else the reference's). At most {@link MAX_ENUMERATED} features.
 */
export function enumeratedShapley(
  count: number,
  evaluate: (masks: readonly number[]) => readonly number[],
): Float64Array {
  const masks = Array.from({ length: 2 ** count }, (_, mask) => mask);
  const answers = evaluate(masks);
  const weights = Array.from(
    { length: count },
    (_, size) => (factorial(size) * factorial(count - size - 1)) / factorial(count),
  );
  const values = new Float64Array(count);
  for (const mask of masks) {
    let size = 0;
    for (let bits = mask; bits !== 0; bits &= bits - 1) size++;
    for (let j = 0; j < count; j++)
      if ((mask & (1 << j)) === 0)
        values[j] =
          (values[j] as number) +
          (weights[size] as number) * ((answers[mask | (1 << j)] as number) - (answers[mask] as number));
  }
  return values;
}
