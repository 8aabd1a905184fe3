import { expect, test } from "vitest";
import { randomWord } from "../random/philox.ts";
import { boost, type BoostSettings } from "./boost.ts";
import { type Ensemble, Predictor } from "./ensemble.ts";
import type { Tree } from "./grow.ts";
import { Explainer, quadrature } from "./shap.ts";

const unit = (a: number, i: number) => randomWord(6, 95, a, 0, i) / 2 ** 32;
const [ROWS, WIDTH] = [400, 5];
const x = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => (unit(1, i) < 0.05 ? Number.NaN : unit(2, i)));
const rowOf = (row: number) => x.subarray(row * WIDTH, (row + 1) * WIDTH);
const present = (row: number, feature: number) => rowOf(row)[feature] || 0;
const y = Float32Array.from({ length: ROWS }, (_, row) =>
  Math.round(2 * present(row, 0) * present(row, 1) + (present(row, 2) > 0.4 ? present(row, 3) : 0)),
);
const settings: BoostSettings = {
  task: "multiclass",
  classes: 4,
  trees: 6,
  leaves: 12,
  learningRate: 0.3,
  minRows: 4,
};
const MODELS: Ensemble[] = [
  boost(x, y, settings),
  boost(x, y, { task: "regression", trees: 8, leaves: 16, learningRate: 0.5, minRows: 3 }),
];

/** Mean of a tree's answer when only the features of `known` (a bit mask) are known. */
function expected(tree: Tree, at: number, row: Float32Array, known: number): number {
  const feature = tree.feature[at] as number;
  if (feature < 0) return tree.value[at] as number;
  const left = tree.left[at] as number;
  if (((known >> feature) & 1) === 1) {
    const value = row[feature] as number;
    const yes = Number.isNaN(value) ? tree.missingLeft[at] === 1 : value <= (tree.threshold[at] as number);
    return expected(tree, left + (yes ? 0 : 1), row, known);
  }
  const [a, b] = [tree.cover[left] as number, tree.cover[left + 1] as number];
  return (a * expected(tree, left, row, known) + b * expected(tree, left + 1, row, known)) / (a + b);
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const bits = (mask: number) => mask.toString(2).replaceAll("0", "").length;

/** Shapley's definition: all coalitions of the features. */
function shapley(model: Ensemble, row: Float32Array, output: number): number[] {
  const worth = Array.from({ length: 2 ** WIDTH }, (_, known) =>
    model.trees
      .filter((_, index) => index % model.outputs === output)
      .reduce((sum, tree) => sum + expected(tree, 0, row, known), model.start[output] as number),
  );
  return Array.from({ length: WIDTH }, (_, feature) =>
    worth.reduce((sum, value, known) => {
      if (((known >> feature) & 1) === 1) return sum;
      const size = known === 0 ? 0 : bits(known);
      const weight = (factorial(size) * factorial(WIDTH - 1 - size)) / factorial(WIDTH);
      return sum + weight * ((worth[known | (1 << feature)] as number) - value);
    }, 0),
  );
}

test("contributions are Shapley's, by the definition, within a unit or two of rounding", () => {
  for (const model of MODELS) {
    const [predictor, explainer] = [new Predictor(model), new Explainer(model)];
    for (let row = 0; row < 40; row++)
      for (let output = 0; output < model.outputs; output++) {
        const score = predictor.scores(rowOf(row))[output] as number;
        const { values } = explainer.explain(rowOf(row), score, output);
        shapley(model, rowOf(row), output).forEach((value, feature) => {
          expect(Math.abs(value - (values[feature] as number))).toBeLessThan(4);
        });
      }
  }
});

test("base and contributions add up to the score, exactly", () => {
  for (const model of MODELS) {
    const [predictor, explainer] = [new Predictor(model), new Explainer(model)];
    for (let row = 0; row < ROWS; row++)
      for (let output = 0; output < model.outputs; output++) {
        const score = predictor.scores(rowOf(row))[output] as number;
        const { base, values } = explainer.explain(rowOf(row), score, output);
        expect([base, ...values].every(Number.isSafeInteger)).toBe(true);
        expect(base + values.reduce((sum, value) => sum + value, 0)).toBe(score);
      }
  }
});

test("a feature that no tree tests adds nothing", () => {
  const constant = x.map((value, i) => (i % WIDTH === 4 ? 7 : value));
  const model = boost(constant, y, { task: "regression", trees: 20, leaves: 8, learningRate: 0.2 });
  const row = constant.subarray(0, WIDTH);
  const score = new Predictor(model).scores(row)[0] as number;
  expect(new Explainer(model).explain(row, score).values[4]).toBe(0);
});

test("quadrature is exact for the polynomials that it must take", () => {
  for (let count = 1; count <= 16; count++)
    for (let degree = 0; degree < 2 * count; degree++) {
      const area = quadrature(count).reduce((sum, [u, weight]) => sum + weight * u ** degree, 0);
      expect(area).toBeCloseTo(1 / (degree + 1), 12);
    }
});
