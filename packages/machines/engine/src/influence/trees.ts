import { InvalidInputError } from "@base/errors";
import type { Prepared } from "../train/prepare.ts";
import { boostSettings } from "../recipe/validate.ts";
import { Booster, type Grown } from "../trees/boost.ts";
import { type Ensemble, Predictor } from "../trees/ensemble.ts";
import { leafValue, type Tree } from "../trees/grow.ts";
import type { Shares } from "./shares.ts";

/** The leaf that a row of features reaches; NaN stands for a missing value. */
function leafOf(tree: Tree, x: Float32Array, at: number): number {
  let node = 0;
  for (let feature = tree.feature[0] as number; feature >= 0; feature = tree.feature[node] as number) {
    const value = x[at + feature] as number;
    const yes = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
    node = (tree.left[node] as number) + (yes ? 0 : 1);
  }
  return node;
}

/**
 * What each training row adds to the score of `x`: in every tree, the value of the leaf that `x` reaches less the value
 * that the same leaf has without the row, structure and gradients as they were. To first order this is BoostIn (Brophy,
 * Hammoudeh and Lowd, JMLR 24(154), 2023). All in integers; the boosting is replayed and every leaf must come out as the
 * ensemble has it. Throws InvalidInputError when one does not: then these are not the rows that trained it.
 */
export function treeShares(trees: Ensemble, prepared: Prepared, x: Float32Array, output: number): Shares {
  const { recipe, fitted, trainX, trainY, features } = prepared;
  const booster = new Booster(trainX, trainY, boostSettings(recipe, fitted?.classes?.length));
  const sums = new Float64Array(trainY.length);
  const watch = (grown: Grown): void => {
    const leaves = checkLeaves(grown, trainX, features.length);
    if (grown.output === output) addShares(grown, leaves, leafOf(grown.tree, x, 0), sums);
  };
  for (let from = 0; from < trees.trees.length; from += trees.outputs)
    booster.next(trees.trees.slice(from, from + trees.outputs), watch);
  const score = new Predictor(trees).scores(x)[output] as number;
  const scale = 2 ** -trees.shift;
  return { score: score * scale, values: sums.map((value) => value * scale) };
}

/** The leaf of each drawn row, after checking that their gradients make the tree's values. */
function checkLeaves({ tree, drawn, g, h, unit, settings }: Grown, x: Float32Array, width: number): Uint32Array {
  const count = tree.feature.length;
  const [sumG, sumH] = [new Float64Array(count), new Float64Array(count)];
  const leaves = Uint32Array.from(drawn, (row) => leafOf(tree, x, row * width));
  drawn.forEach((row, index) => {
    const leaf = leaves[index] as number;
    sumG[leaf] = (sumG[leaf] as number) + (g[row] as number);
    sumH[leaf] = (sumH[leaf] as number) + (h[row] as number);
  });
  for (let node = 0; node < count; node++) {
    if ((tree.feature[node] as number) >= 0) continue;
    if (leafValue({ g: sumG[node] as number, h: sumH[node] as number }, unit, settings) !== tree.value[node])
      throw new InvalidInputError("The trees do not follow from these rows: a leaf has another value.", {
        hints: ["Ask with the data and the recipe that trained the model."],
      });
  }
  return leaves;
}

function addShares(
  { tree, drawn, g, h, unit, settings }: Grown,
  leaves: Uint32Array,
  leaf: number,
  sums: Float64Array,
) {
  let [sumG, sumH] = [0, 0];
  drawn.forEach((row, index) => {
    if (leaves[index] !== leaf) return;
    sumG += g[row] as number;
    sumH += h[row] as number;
  });
  const whole = tree.value[leaf] as number;
  drawn.forEach((row, index) => {
    if (leaves[index] !== leaf) return;
    const without = leafValue({ g: sumG - (g[row] as number), h: sumH - (h[row] as number) }, unit, settings);
    sums[row] = (sums[row] as number) + whole - without;
  });
}
