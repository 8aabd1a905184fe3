import { InvalidInputError } from "@base/errors";
import type { Binned } from "./bins.ts";
import { type Histogram, HistogramBuilder } from "./histogram.ts";
import type { GrowSettings } from "./settings.ts";
import { bestSplit, type Split, type Sums } from "./split.ts";

/** A tree in arrays, plain JSON: node i tests `x[feature] <= threshold`, or is a leaf when `feature` is -1. */
export interface Tree {
  readonly feature: number[];
  readonly threshold: number[];
  /** Node for yes; the node for no is the next one. 0 for a leaf. */
  readonly left: number[];
  /** 1 when a missing value counts as yes. */
  readonly missingLeft: number[];
  /** Leaf value in units of the score. */
  readonly value: number[];
  /** Training rows that reached the node. */
  readonly cover: number[];
}

/** What one tree is grown on. */
export interface Growth {
  readonly binned: Binned;
  readonly g: Float64Array;
  readonly h: Float64Array;
  /** Features that may be tested, ascending. */
  readonly features: readonly number[];
  /** Units of the score in one: leaf value = -G / (H + lambda) * rate * unit. */
  readonly unit: number;
  readonly settings: GrowSettings;
  /** Memory that trees of one run share. */
  readonly scratch: { readonly pool: Histogram[]; readonly pairs: Float64Array; readonly rows: Uint32Array };
}

interface Leaf {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  readonly sums: Sums;
  histogram: Histogram | undefined;
  split: Split | undefined;
}

const LARGEST = 3.4028234663852886e38;

function addNode(tree: Tree, cover: number): number {
  tree.feature.push(-1);
  tree.threshold.push(0);
  tree.left.push(0);
  tree.missingLeft.push(0);
  tree.value.push(0);
  tree.cover.push(cover);
  return tree.feature.length - 1;
}

/** Puts the rows of a leaf that go left before those that go right; both keep their order. */
function partition(
  order: Uint32Array,
  leaf: Leaf,
  column: Uint8Array,
  split: Split,
  absent: number,
  spare: Uint32Array,
) {
  let [next, held] = [leaf.from, 0];
  for (let i = leaf.from; i < leaf.to; i++) {
    const row = order[i] as number;
    const bin = column[row] as number;
    if (bin === absent ? split.missingLeft : bin <= split.bin) order[next++] = row;
    else spare[held++] = row;
  }
  order.set(spare.subarray(0, held), next);
  return next;
}

/** Value of a leaf with these sums, in units of the score: -floor(G * rate * unit / ((H + lambda) * 2^16) + 1/2) in exact integers: spec 5. */
export function leafValue({ g, h }: Pick<Sums, "g" | "h">, unit: number, { lambda, rate }: GrowSettings): number {
  const below = BigInt(h + lambda) * 131_072n;
  const above = BigInt(g) * BigInt(rate) * BigInt(unit) * 2n + below / 2n;
  const down = above >= 0n ? above / below : -((below - 1n - above) / below);
  if (down > 0x7fffffffn || down < -0x7fffffffn)
    throw new InvalidInputError("A leaf value left the range of 32 bits.", {
      hints: ["Scale the target, or use a larger lambda."],
    });
  return Number(-down);
}

/** Grows one tree on the rows in `order`, leaf by leaf, the largest gain first; `order` is permuted. Spec 4 and 5. */
export function growTree(growth: Growth, order: Uint32Array): Tree {
  const { binned, features, settings, scratch, unit } = growth;
  const tree: Tree = { feature: [], threshold: [], left: [], missingLeft: [], value: [], cover: [] };
  const builder = new HistogramBuilder(binned, growth.g, growth.h, features, scratch);
  const open = (leaf: Leaf): Leaf => {
    if (leaf.histogram !== undefined) leaf.split = bestSplit(leaf.histogram, binned, features, leaf.sums, settings);
    if (leaf.split === undefined && leaf.histogram !== undefined) {
      builder.release(leaf.histogram);
      leaf.histogram = undefined;
    }
    return leaf;
  };
  const node = addNode(tree, order.length);
  const sums = totals(growth, order);
  const histogram = builder.build(order, 0, order.length);
  const leaves = [open({ node, from: 0, to: order.length, sums, histogram, split: undefined })];
  while (leaves.length < settings.leaves) {
    let chosen: Leaf | undefined;
    for (const leaf of leaves) if ((leaf.split?.gain ?? 0) > (chosen?.split?.gain ?? 0)) chosen = leaf;
    if (chosen?.split === undefined) break;
    const [left, right] = cut(tree, growth, order, chosen, chosen.split);
    shareHistogram(builder, chosen, left, right, order, settings, leaves.length + 1 === settings.leaves);
    leaves[leaves.indexOf(chosen)] = open(left);
    leaves.push(open(right));
  }
  for (const leaf of leaves) {
    tree.value[leaf.node] = leafValue(leaf.sums, unit, settings);
    if (leaf.histogram !== undefined) builder.release(leaf.histogram);
  }
  return tree;
}

function totals({ g, h }: Growth, order: Uint32Array): Sums {
  let [sumG, sumH] = [0, 0];
  for (const row of order) {
    sumG += g[row] as number;
    sumH += h[row] as number;
  }
  return { g: sumG, h: sumH, count: order.length };
}

/** Writes a split into the tree and its rows into two new leaves, left then right. */
function cut(tree: Tree, { binned, scratch }: Growth, order: Uint32Array, leaf: Leaf, split: Split): [Leaf, Leaf] {
  const { feature, bin, left } = split;
  const absent = binned.present[feature] as number;
  const middle = partition(order, leaf, binned.bins[feature] as Uint8Array, split, absent, scratch.rows);
  const { g, h, count } = leaf.sums;
  const right = { g: g - left.g, h: h - left.h, count: count - left.count };
  tree.feature[leaf.node] = feature;
  tree.threshold[leaf.node] = bin === absent - 1 ? LARGEST : (binned.thresholds[feature]?.[bin] as number);
  tree.missingLeft[leaf.node] = split.missingLeft ? 1 : 0;
  const yes = addNode(tree, left.count);
  addNode(tree, right.count);
  tree.left[leaf.node] = yes;
  const none = { histogram: undefined, split: undefined };
  return [
    { node: yes, from: leaf.from, to: middle, sums: left, ...none },
    { node: yes + 1, from: middle, to: leaf.to, sums: right, ...none },
  ];
}

/** Gives two leaves their histograms, one counted and one by subtraction, unless neither can be split any more. */
function shareHistogram(
  builder: HistogramBuilder,
  parent: Leaf,
  left: Leaf,
  right: Leaf,
  order: Uint32Array,
  { minRows }: GrowSettings,
  last: boolean,
): void {
  const whole = parent.histogram as Histogram;
  parent.histogram = undefined;
  const [small, large] = left.sums.count <= right.sums.count ? [left, right] : [right, left];
  if (last || large.sums.count < 2 * minRows) {
    builder.release(whole);
    return;
  }
  small.histogram = builder.build(order, small.from, small.to);
  builder.subtract(whole, small.histogram);
  large.histogram = whole;
}
