import { expect, test } from "vitest";
import { Builder } from "../graph/build.ts";
import { Program } from "../graph/program.ts";
import type { Optimizer, Schedule } from "../recipe/schema.ts";
import { Net } from "./net.ts";
import { optimise } from "./optimise.ts";
import { initialState } from "./stepGraph.ts";

type Kind = Exclude<Optimizer, { kind: "boost" }>;

/** Values of one weight over steps whose gradients are given. */
function path(optimizer: Kind, slopes: readonly number[], length = { steps: 100, stepsPerEpoch: 10 }): number[] {
  const b = new Builder();
  const g = b.input("g", [1, 1], "data");
  const w = b.input("w.x", [1, 1], "param");
  optimise(b, optimizer, [w], [b.op("add", [g, b.scalar(0)])], length);
  const graph = b.finish();
  const program = new Program(graph);
  program.write("w.x", Float32Array.of(1));
  for (const { name, values } of initialState(graph)) program.write(name, values);
  return slopes.map((slope) => {
    program.write("g", Float32Array.of(slope));
    program.run();
    return program.read("w.x")[0] as number;
  });
}

/** Rates of the first steps under a schedule: what a gradient of 1 takes off. */
function rates(schedule: Schedule, steps = 100): number[] {
  const weights = path({ kind: "sgd", learningRate: 0.01, schedule }, new Array<number>(steps).fill(1));
  return weights.map((weight, step) => (step === 0 ? 1 : (weights[step - 1] as number)) - weight);
}

test("schedules give the rates that their names say", () => {
  const cosine = rates({ kind: "cosine", warmup: 10, final: 0.1 });
  cosine.forEach((rate, step) => {
    const part = Math.max(0, step - 10) / 90;
    const expected = 0.01 * Math.min(1, (step + 1) / 10) * (0.1 + (0.9 * (1 + Math.cos(Math.PI * part))) / 2);
    expect(rate, `step ${step}`).toBeCloseTo(expected, 6);
  });
  rates({ kind: "step", every: 2, factor: 0.5 }).forEach((rate, step) => {
    expect(rate, `step ${step}`).toBeCloseTo(0.01 * 0.5 ** Math.floor(step / 20), 6);
  });
  rates({ kind: "constant", warmup: 4 }, 12).forEach((rate, step) => {
    expect(rate, `step ${step}`).toBeCloseTo(0.01 * Math.min(1, (step + 1) / 4), 6);
  });
});

const SLOPES = Array.from({ length: 20 }, (_, step) => Math.sin(step * 1.7) + 0.3);
const RATE = 0.05;

/** The published rules in binary64. */
const RULES: readonly [string, Kind, () => (w: number, g: number) => number][] = [
  [
    "sgd with decay",
    { kind: "sgd", learningRate: RATE, weightDecay: 0.1 },
    () => (w, g) => w * (1 - RATE * 0.1) - RATE * g,
  ],
  [
    "momentum",
    { kind: "momentum", learningRate: RATE, momentum: 0.8 },
    () => {
      let v = 0;
      return (w, g) => {
        v = 0.8 * v + g;
        return w - RATE * v;
      };
    },
  ],
  [
    "Nesterov",
    { kind: "momentum", learningRate: RATE, nesterov: true },
    () => {
      let v = 0;
      return (w, g) => {
        v = 0.9 * v + g;
        return w - RATE * (g + 0.9 * v);
      };
    },
  ],
  [
    "Adagrad",
    { kind: "adagrad", learningRate: RATE },
    () => {
      let s = 0;
      return (w, g) => {
        s += g * g;
        return w - (RATE * g) / (Math.sqrt(s) + 1e-8);
      };
    },
  ],
  ...(["adam", "adamw", "yogi"] as const).map((kind): (typeof RULES)[number] => [
    kind,
    { kind, learningRate: RATE },
    () => {
      let [m, v, t] = [0, 0, 0];
      return (w, g) => {
        t++;
        m = 0.9 * m + 0.1 * g;
        v = kind === "yogi" ? v - 0.001 * Math.sign(v - g * g) * g * g : 0.999 * v + 0.001 * g * g;
        const step = m / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + (kind === "yogi" ? 1e-3 : 1e-8));
        return w * (kind === "adamw" ? 1 - RATE * 0.01 : 1) - RATE * step;
      };
    },
  ]),
];

test.each(RULES)("%s follows its published rule", (_, optimizer, rule) => {
  const next = rule();
  let expected = 1;
  path(optimizer, SLOPES).forEach((weight, step) => {
    expected = next(expected, SLOPES[step] as number);
    expect(Math.abs(weight - expected), `step ${step}`).toBeLessThan(3e-5);
  });
});

test("clipping shortens long gradients and leaves short ones", () => {
  const clipped: Kind = { kind: "sgd", learningRate: 0.1, clip: 0.5 };
  expect(path(clipped, [0.25])[0]).toBeCloseTo(1 - 0.025, 6);
  expect(path(clipped, [40])[0]).toBeCloseTo(1 - 0.05, 5);
});

test("dropout drops the share that it should, afresh in every step, and keeps the mean", () => {
  const b = new Builder();
  const net = new Net(b, true);
  b.output("y", net.dropout(b.input("x", [40, 50], "data"), 0.3));
  const graph = b.finish();
  const program = new Program(graph);
  for (const { name, values } of initialState(graph, 5)) program.write(name, values);
  program.write("x", new Float32Array(2000).fill(1));
  const masks: string[] = [];
  const kept = new Float64Array(2000);
  let sum = 0;
  for (let step = 0; step < 200; step++) {
    program.run();
    const y = program.read("y");
    expect(y.every((value) => value === 0 || Math.abs(value - 1 / 0.7) < 1e-6)).toBe(true);
    y.forEach((value, index) => {
      sum += value;
      kept[index] = (kept[index] as number) + (value > 0 ? 1 : 0);
    });
    masks.push(
      y
        .subarray(0, 64)
        .map((value) => (value > 0 ? 1 : 0))
        .join(""),
    );
  }
  expect(sum / 400_000).toBeCloseTo(1, 2);
  expect(new Set(masks).size).toBe(200);
  for (const count of kept) expect(Math.abs(count / 200 - 0.7)).toBeLessThan(0.17); // 5 standard deviations
});
