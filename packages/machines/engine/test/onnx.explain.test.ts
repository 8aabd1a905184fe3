import { expect, test } from "vitest";
import { enumeratedShapley, forestShapley } from "../src/onnx/shapley.ts";
import { follows, type TreeNode } from "../src/onnx/ops/ml.ts";
import { STREAM, uniform } from "../src/random/philox.ts";

const FEATURES = 6;

/** A random forest: full trees of a depth over random features, leaf weights and missing sides. */
function forest(seed: number, trees: number, depth: number): { nodes: TreeNode[]; roots: number[] } {
  const draws = uniform(trees * 2 ** (depth + 1) * 4, 1, seed, STREAM.init, 11);
  let next = 0;
  const draw = (): number => draws[next++] as number;
  const nodes: TreeNode[] = [];
  const grow = (left: number): number => {
    const at = nodes.length;
    const feature = Math.floor(((draw() + 1) / 2) * FEATURES) % FEATURES;
    const node: TreeNode = {
      leaf: left === 0,
      mode: draw() > 0 ? "BRANCH_LEQ" : "BRANCH_GT",
      feature,
      split: draw(),
      missingTrue: draw() > 0,
      yes: -1,
      no: -1,
      weights: [[0, draw()]],
    };
    nodes.push(node);
    if (left > 0) {
      node.yes = grow(left - 1);
      node.no = grow(left - 1);
    }
    return at;
  };
  return { roots: Array.from({ length: trees }, () => grow(depth)), nodes };
}

const weightOf = ({ weights }: TreeNode): number => weights[0]?.[1] ?? 0;

function score({ nodes, roots }: ReturnType<typeof forest>, x: ArrayLike<number>): number {
  let sum = 0;
  for (const root of roots) {
    let node = nodes[root] as TreeNode;
    while (!node.leaf) node = nodes[follows(node, x[node.feature] as number) ? node.yes : node.no] as TreeNode;
    sum += weightOf(node);
  }
  return sum;
}

test("values of trees are those of all coalitions, missing values included", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const trees = forest(seed, 5, 4);
    const x = Array.from(uniform(FEATURES, 1, seed, STREAM.init, 12));
    const reference = Array.from(uniform(FEATURES, 1, seed, STREAM.init, 13));
    if (seed % 3 === 0) x[seed % FEATURES] = Number.NaN;
    const fast = forestShapley(trees.nodes, trees.roots, weightOf, x, reference);
    const slow = enumeratedShapley(FEATURES, (masks) =>
      masks.map((mask) =>
        score(
          trees,
          x.map((value, j) => ((mask & (1 << j)) === 0 ? (reference[j] as number) : value)),
        ),
      ),
    );
    for (let j = 0; j < FEATURES; j++) expect(fast[j]).toBeCloseTo(slow[j] as number, 10);
    expect(fast.reduce((a, b) => a + b, 0)).toBeCloseTo(score(trees, x) - score(trees, reference), 10);
  }
});
