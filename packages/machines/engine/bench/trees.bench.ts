import { randomWord } from "../src/random/philox.ts";
import { boost } from "../src/trees/boost.ts";
import { Predictor } from "../src/trees/ensemble.ts";
import { readFraud } from "../test/evidence.ts";
import { FRAUD } from "../test/treeSettings.ts";
import type { BenchLine } from "./matmul.bench.ts";

/** Seconds of an own JavaScript prototype on the same table and settings, on two cores of an AMD EPYC (Zen 4). */
const REFERENCE = 1.7;

/** A table of the same size as fraud-accounts, for when that is not at hand. */
function made(): { x: Float32Array; y: Float32Array } {
  const [rows, width] = [6888, 38];
  const unit = (stream: number, i: number) => randomWord(1, stream, 0, 0, i) / 2 ** 32;
  const x = Float32Array.from({ length: rows * width }, (_, i) => (unit(90, i) < 0.4 ? 0 : unit(91, i) ** 4 * 1e6));
  const y = Float32Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = [0, 1, 2].map((feature) => (x[row * width + feature] as number) / 1e6) as [
      number,
      number,
      number,
    ];
    return a * b > 0.01 || unit(92, row) + c > 1.2 ? 1 : 0;
  });
  return { x, y };
}

/** 300 trees of 31 leaves on the fraud-accounts table (ASSAY_EVIDENCE), or on a made one of its size; best of three. */
export async function run(): Promise<BenchLine[]> {
  const { x, y } = readFraud("A") ?? made();
  const width = x.length / y.length;
  let [train, predict] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const model = boost(x, y, FRAUD);
    train = Math.min(train, (performance.now() - start) / 1000);
    const predictor = new Predictor(model);
    for (let pass = 0; pass < 3; pass++) {
      const from = performance.now();
      for (let row = 0; row < y.length; row++) predictor.predict(x.subarray(row * width, (row + 1) * width));
      predict = Math.min(predict, ((performance.now() - from) * 1000) / y.length);
    }
  }
  return [
    {
      bench: "engine.trees.train",
      value: train,
      unit: "s",
      against: "JavaScript prototype, 1.7 s",
      ratio: REFERENCE / train,
    },
    { bench: "engine.trees.predict", value: predict, unit: "us/row", against: "goal of 10 us", ratio: 10 / predict },
  ];
}
