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

/** Sums of gradient, curvature and rows, three numbers a bin, feature after feature. */
type Histogram = Float64Array;

/** Rows by bins, where each feature's bins begin in a histogram, and the gradients. */
interface Binned {
  readonly bins: readonly Uint8Array[];
  /** First number of each feature, and the length of a histogram at the end. */
  readonly offsets: readonly number[];
  readonly g: Float64Array;
  readonly h: Float64Array;
}

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

function histogramOf({ bins, offsets, g, h }: Binned, rows: Uint32Array): Histogram {
  const count = rows.length;
  const sums = new Float64Array(offsets.at(-1) as number);
  const [slopes, curvatures] = [new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < count; i++) {
    slopes[i] = g[rows[i] as number] as number;
    curvatures[i] = h[rows[i] as number] as number;
  }
  for (let feature = 0; feature < bins.length; feature++) {
    const base = offsets[feature] as number;
    const column = bins[feature] as Uint8Array;
    for (let i = 0; i < count; i++) {
      const at = base + (column[rows[i] as number] as number) * 3;
      sums[at] = (sums[at] as number) + (slopes[i] as number);
      sums[at + 1] = (sums[at + 1] as number) + (curvatures[i] as number);
      sums[at + 2] = (sums[at + 2] as number) + 1;
    }
  }
  return sums;
}

function difference(whole: Histogram, part: Histogram): Histogram {
  const rest = new Float64Array(whole.length);
  for (let at = 0; at < rest.length; at++) rest[at] = (whole[at] as number) - (part[at] as number);
  return rest;
}

/** The best split of a leaf: spec 4. */
function bestSplit(
  histogram: Histogram,
  offsets: readonly number[],
  g: number,
  h: number,
  count: number,
  settings: GrowSettings,
): Split | undefined {
  const { lambda, minRows } = settings;
  if (count < 2 * minRows) return undefined;
  const whole = (g * g) / (h + lambda);
  let [gain, feature, bin] = [0, -1, -1];
  for (let candidate = 0; candidate + 1 < offsets.length; candidate++) {
    const start = offsets[candidate] as number;
    const end = (offsets[candidate + 1] as number) - 3; // after the last bin nothing is left for the right side
    let [leftG, leftH, leftCount] = [0, 0, 0];
    for (let at = start; at < end; at += 3) {
      const inBin = histogram[at + 2] as number;
      if (inBin === 0) continue;
      leftG += histogram[at] as number;
      leftH += histogram[at + 1] as number;
      leftCount += inBin;
      if (leftCount < minRows) continue;
      if (count - leftCount < minRows) break;
      const rightG = g - leftG;
      const found = (leftG * leftG) / (leftH + lambda) + (rightG * rightG) / (h - leftH + lambda) - whole;
      if (found > gain) [gain, feature, bin] = [found, candidate, (at - start) / 3];
    }
  }
  return feature < 0 ? undefined : { gain, feature, bin };
}

function makeLeaf(
  node: number,
  rows: Uint32Array,
  histogram: Histogram,
  offsets: readonly number[],
  settings: GrowSettings,
): Leaf {
  let [g, h] = [0, 0];
  for (let at = 0; at < (offsets[1] as number); at += 3) {
    g += histogram[at] as number;
    h += histogram[at + 1] as number;
  }
  return { node, rows, histogram, g, h, split: bestSplit(histogram, offsets, g, h, rows.length, settings) };
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
  const offsets = [0];
  for (const list of thresholds) offsets.push((offsets.at(-1) as number) + (list.length + 1) * 3);
  const binned = { bins, offsets, g, h };
  const leaves = [makeLeaf(addNode(tree), all, histogramOf(binned, all), offsets, settings)];
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
    const smaller = histogramOf(binned, left.length <= right.length ? left : right);
    const other = difference(leaf.histogram, smaller);
    const [forLeft, forRight] = left.length <= right.length ? [smaller, other] : [other, smaller];
    leaves[chosen] = makeLeaf(tree.left[leaf.node] as number, left, forLeft, offsets, settings);
    leaves.push(makeLeaf(tree.right[leaf.node] as number, right, forRight, offsets, settings));
  }
  for (const leaf of leaves) {
    const value = 0 - Math.floor((leaf.g * settings.rate) / (leaf.h + settings.lambda) + 0.5);
    tree.value[leaf.node] = value;
    for (const row of leaf.rows) scores[row] = (scores[row] as number) + value;
  }
  return tree;
}
