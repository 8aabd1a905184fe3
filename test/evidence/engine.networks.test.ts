// Networks on tables: the UCI heart data of four hospitals from the folder in ASSAY_EVIDENCE (default ../shared), and made-up
// digits. Settings were not chosen by these results; floors are the pooled figures published for the same 740 rows.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Column, type Recipe, type Table, train } from "../../packages/machines/engine/src/index.ts";
import { DIGIT_RECIPE, digitTable } from "../../packages/machines/engine/test/made.ts";

const folder = join(
  process.env["ASSAY_EVIDENCE"] ?? join(import.meta.dirname, "../../../shared"),
  "data/heart-hospitals",
);
const HOSPITALS = ["cleveland", "hungarian", "switzerland", "va"];
const NAMES = [
  "age",
  "sex",
  "pain",
  "pressure",
  "chol",
  "sugar",
  "ecg",
  "rate",
  "angina",
  "oldpeak",
  "slope",
  "vessels",
  "thal",
  "num",
];
const WORDS = ["pain", "ecg"];

/** The 740 rows that are complete without slope, vessels and thal; `ill` is 1 when num is above 0. */
function heartTable(): Table {
  const cells = new Map<string, (string | number)[]>([...NAMES, "hospital", "ill"].map((name) => [name, []]));
  for (const hospital of HOSPITALS)
    for (const line of readFileSync(join(folder, `processed.${hospital}.data`), "utf8")
      .trim()
      .split(/\r?\n/)) {
      const values = line.split(",");
      if (values.some((value, index) => value.trim() === "?" && ![10, 11, 12].includes(index))) continue;
      NAMES.forEach((name, index) => {
        cells.get(name)?.push(WORDS.includes(name) ? `k${Number(values[index])}` : Number(values[index]));
      });
      cells.get("hospital")?.push(hospital);
      cells.get("ill")?.push(Number(values[13]) > 0 ? 1 : 0);
    }
  const columns = [...cells]
    .filter(([name]) => !["slope", "vessels", "thal", "num"].includes(name))
    .map(([name, values]): Column => ({ name, type: typeof values[0] === "number" ? "number" : "string", values }));
  return { rows: columns[0]?.values.length ?? 0, columns };
}

const recipe = (model: Recipe["model"], seed: number): Recipe => ({
  version: 2,
  task: "binary",
  inputs: NAMES.slice(0, 10).map((column) => ({ column })),
  target: "ill",
  split: { by: "ratio", train: 0.66 },
  model,
  optimizer: { kind: "adam", learningRate: 0.005, weightDecay: 0.001 },
  epochs: 60,
  batch: 16,
  seed,
  checkpointEvery: 1000,
});

const there = existsSync(join(folder, "processed.va.data"));
if (!there) console.warn(`The heart data are not in ${folder}: their test is skipped.`);

describe.skipIf(!there)("heart disease, four hospitals pooled, five seeds of split and weights", () => {
  test.each<[string, Recipe["model"]]>([
    ["logistic", { kind: "logistic" }],
    ["perceptron", { kind: "mlp", hidden: [16], dropout: 0.3 }],
  ])("%s reaches the pooled accuracy of the published logistic", async (name, model) => {
    const table = heartTable();
    expect(table.rows).toBe(740);
    let [accuracy, auc] = [0, 0];
    for (let seed = 1; seed <= 5; seed++) {
      const { metrics } = await train(table, recipe(model, seed));
      accuracy += (metrics.binary?.accuracy ?? 0) / 5;
      auc += (metrics.binary?.auc ?? 0) / 5;
    }
    console.log(`heart ${name}: accuracy ${accuracy.toFixed(3)}, AUC ${auc.toFixed(3)}, mean of 5 splits 66/34`);
    expect(accuracy).toBeGreaterThan(0.77); // .795 pooled Adam on the published split, .791 by maximum likelihood
    expect(auc).toBeGreaterThan(0.85); // .881
  });
});

test("ten digits of a seven-segment display, moved about and noisy: a small CNN beats a line on the same pixels", async () => {
  const table = digitTable(1000);
  const recipe: Recipe = { ...DIGIT_RECIPE, epochs: 20 };
  const [network, line] = [await train(table, recipe), await train(table, { ...recipe, model: { kind: "logistic" } })];
  const [own, other] = [network, line].map(({ metrics }) => metrics.report?.classes?.accuracy as number) as [
    number,
    number,
  ];
  console.log(
    `digits: CNN ${own.toFixed(3)}, softmax line ${other.toFixed(3)}, on ${network.metrics.testRows} unseen of 1000`,
  );
  expect(own).toBeGreaterThan(0.75);
  expect(own).toBeGreaterThan(other * 2);
});
