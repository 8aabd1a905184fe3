/** Scores, gradients and leaf values are integers in units of 2^-16. */
export const ONE = 65_536;

/** A tree in arrays: node i tests `x[feature] <= threshold` (left is yes), or is a leaf when `feature` is -1. */
export interface Tree {
  readonly feature: number[];
  readonly threshold: number[];
  readonly left: number[];
  readonly right: number[];
  /** Leaf value in 2^-16. */
  readonly value: number[];
}

/** What the growth of one tree needs; `lambda` and `rate` in 2^-16. */
export interface GrowSettings {
  readonly leaves: number;
  readonly minRows: number;
  readonly lambda: number;
  readonly rate: number;
}

/** Sums of gradient, curvature and rows per feature and bin: 256 x 3 numbers a feature. */
type Histogram = Float64Array;
const STRIDE = 256 * 3;

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
}

interface Leaf {
  readonly node: number;
  readonly rows: Uint32Array;
  readonly histogram: Histogram;
  readonly g: number;
  readonly h: number;
  readonly split: Split | undefined;
}

function histogramOf(bins: readonly Uint8Array[], rows: Uint32Array, g: Float64Array, h: Float64Array): Histogram {
  const sums = new Float64Array(bins.length * STRIDE);
  bins.forEach((column, feature) => {
    const base = feature * STRIDE;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      const at = base + (column[row] as number) * 3;
      sums[at] = (sums[at] as number) + (g[row] as number);
      sums[at + 1] = (sums[at + 1] as number) + (h[row] as number);
      sums[at + 2] = (sums[at + 2] as number) + 1;
    }
  });
  return sums;
}

/** The best split of a leaf: spec 4. */
function bestSplit(
  histogram: Histogram,
  g: number,
  h: number,
  count: number,
  settings: GrowSettings,
): Split | undefined {
  const { lambda, minRows } = settings;
  const whole = (g * g) / (h + lambda);
  let best: Split | undefined;
  for (let feature = 0; feature * STRIDE < histogram.length; feature++) {
    let [leftG, leftH, leftCount] = [0, 0, 0];
    for (let bin = 0; bin < 255; bin++) {
      const at = feature * STRIDE + bin * 3;
      const inBin = histogram[at + 2] as number;
      if (inBin === 0) continue;
      leftG += histogram[at] as number;
      leftH += histogram[at + 1] as number;
      leftCount += inBin;
      if (leftCount < minRows) continue;
      if (count - leftCount < minRows) break;
      const [rightG, rightH] = [g - leftG, h - leftH];
      const gain = (leftG * leftG) / (leftH + lambda) + (rightG * rightG) / (rightH + lambda) - whole;
      if (gain > (best?.gain ?? 0)) best = { gain, feature, bin };
    }
  }
  return best;
}

function makeLeaf(node: number, rows: Uint32Array, histogram: Histogram, settings: GrowSettings): Leaf {
  let [g, h] = [0, 0];
  for (let at = 0; at < Math.min(STRIDE, histogram.length); at += 3) {
    g += histogram[at] as number;
    h += histogram[at + 1] as number;
  }
  return { node, rows, histogram, g, h, split: bestSplit(histogram, g, h, rows.length, settings) };
}

function addNode(tree: Tree): number {
  tree.feature.push(-1);
  tree.threshold.push(0);
  tree.left.push(-1);
  tree.right.push(-1);
  tree.value.push(0);
  return tree.feature.length - 1;
}

/**
 * Grows one tree on binned rows with gradients `g` and curvatures `h`, and adds its leaf values to `scores`.
 * All sums are integers below 2^53, hence exact.
 */
export function growTree(
  bins: readonly Uint8Array[],
  thresholds: readonly Float32Array[],
  g: Float64Array,
  h: Float64Array,
  scores: Float64Array,
  settings: GrowSettings,
): Tree {
  const tree: Tree = { feature: [], threshold: [], left: [], right: [], value: [] };
  const all = Uint32Array.from({ length: g.length }, (_, row) => row);
  const leaves = [makeLeaf(addNode(tree), all, histogramOf(bins, all, g, h), settings)];
  while (leaves.length < settings.leaves) {
    let chosen = -1;
    leaves.forEach((leaf, index) => {
      if ((leaf.split?.gain ?? 0) > (leaves[chosen]?.split?.gain ?? 0)) chosen = index;
    });
    const leaf = leaves[chosen];
    if (leaf?.split === undefined) break;
    const { feature, bin } = leaf.split;
    const column = bins[feature] as Uint8Array;
    const left = leaf.rows.filter((row) => (column[row] as number) <= bin);
    const right = leaf.rows.filter((row) => (column[row] as number) > bin);
    tree.feature[leaf.node] = feature;
    tree.threshold[leaf.node] = thresholds[feature]?.[bin] as number;
    tree.left[leaf.node] = addNode(tree);
    tree.right[leaf.node] = addNode(tree);
    const smaller = histogramOf(bins, left.length <= right.length ? left : right, g, h);
    const other = leaf.histogram.map((sum, at) => sum - (smaller[at] as number));
    const [forLeft, forRight] = left.length <= right.length ? [smaller, other] : [other, smaller];
    leaves[chosen] = makeLeaf(tree.left[leaf.node] as number, left, forLeft, settings);
    leaves.push(makeLeaf(tree.right[leaf.node] as number, right, forRight, settings));
  }
  for (const leaf of leaves) {
    const value = 0 - Math.floor((leaf.g * settings.rate) / (leaf.h + settings.lambda) + 0.5);
    tree.value[leaf.node] = value;
    for (const row of leaf.rows) scores[row] = (scores[row] as number) + value;
  }
  return tree;
}
