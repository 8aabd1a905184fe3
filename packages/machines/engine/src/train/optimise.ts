import type { Builder } from "../graph/build.ts";
import { sizeOf } from "../graph/ir.ts";
import type { Optimizer, Schedule } from "../recipe/schema.ts";

/** Steps of a run, which schedules are stretched over. */
export interface Length {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/**
 * Adds the optimiser of a version 2 recipe to a step graph. Whatever changes from step to step (counters, running
 * powers, moments) is state, so a step depends on nothing but state and data.
 */
export function optimise(
  b: Builder,
  optimizer: Exclude<Optimizer, { kind: "boost" }>,
  names: readonly string[],
  slopes: readonly string[],
  length: Length,
): void {
  const rate = writeRate(b, optimizer.learningRate, optimizer.schedule, length);
  const gradients = optimizer.clip === undefined ? slopes : clipped(b, slopes, optimizer.clip);
  const decay = optimizer.weightDecay ?? (optimizer.kind === "adamw" ? 0.01 : 0);
  const corrections = "beta1" in optimizer || ADAPTIVE.has(optimizer.kind) ? writePowers(b, optimizer) : undefined;
  names.forEach((name, index) => {
    const step = writeStep(b, optimizer, name, gradients[index] as string, corrections);
    const moved = b.op("mul", [rate, step]);
    if (decay === 0 || !name.startsWith("w.")) {
      b.update(name, b.op("sub", [name, moved]));
      return;
    }
    const kept = b.op("sub", [b.scalar(1), b.op("mul", [rate, b.scalar(decay)])]);
    b.update(name, b.op("sub", [b.op("mul", [name, kept]), moved]));
  });
}

const ADAPTIVE = new Set(["adam", "adamw", "yogi"]);

type Moments = Extract<Optimizer, { kind: "adam" | "adamw" | "yogi" }>;

interface Corrections {
  readonly beta1: string;
  readonly rest1: string;
  readonly beta2: string;
  readonly rest2: string;
  /** 1 - beta^t. */
  readonly first: string;
  readonly second: string;
}

function writePowers(b: Builder, optimizer: Optimizer): Corrections {
  const { beta1: b1 = 0.9, beta2: b2 = 0.999 } = optimizer as Moments;
  const one = b.scalar(1);
  const running = (name: string, beta: string) => {
    const power = b.op("mul", [b.input(name, [], "state"), beta]);
    b.update(name, power);
    return b.op("sub", [one, power]);
  };
  const [beta1, beta2] = [b.scalar(b1), b.scalar(b2)];
  return {
    beta1,
    beta2,
    rest1: b.op("sub", [one, beta1]),
    rest2: b.op("sub", [one, beta2]),
    first: running("power1", beta1),
    second: running("power2", beta2),
  };
}

/** What the rate is multiplied with, before it is taken off the parameter. */
function writeStep(b: Builder, optimizer: Optimizer, name: string, g: string, corrections?: Corrections): string {
  switch (optimizer.kind) {
    case "momentum": {
      const mu = b.scalar(optimizer.momentum ?? 0.9);
      const velocity = b.op("add", [b.op("mul", [mu, state(b, "m", name)]), g]);
      b.update(`m.${name}`, velocity);
      return optimizer.nesterov === true ? b.op("add", [g, b.op("mul", [mu, velocity])]) : velocity;
    }
    case "adagrad": {
      // Duchi, Hazan and Singer, 2011.
      const sum = b.op("add", [state(b, "v", name), b.op("mul", [g, g])]);
      b.update(`v.${name}`, sum);
      return b.op("div", [g, b.op("add", [b.op("sqrt", [sum]), b.scalar(optimizer.epsilon ?? 1e-8)])]);
    }
    case "adam":
    case "adamw":
    case "yogi":
      return adaptive(b, optimizer, name, g, corrections as Corrections);
    default:
      return g;
  }
}

const state = (b: Builder, kind: "m" | "v", name: string) => b.input(`${kind}.${name}`, b.shape(name), "state");

/** Adam (Kingma and Ba, 2015), AdamW (Loshchilov and Hutter, 2019) and Yogi (Zaheer et al., 2018), bias-corrected. */
function adaptive(b: Builder, optimizer: Moments, name: string, g: string, c: Corrections): string {
  const first = b.op("add", [b.op("mul", [state(b, "m", name), c.beta1]), b.op("mul", [g, c.rest1])]);
  const square = b.op("mul", [g, g]);
  const v = state(b, "v", name);
  let second: string;
  if (optimizer.kind === "yogi") {
    const apart = b.op("sub", [v, square]);
    const one = b.scalar(1);
    const sign = b.op("sub", [b.op("gate", [one, apart]), b.op("gate", [one, b.op("sub", [b.scalar(0), apart])])]);
    second = b.op("sub", [v, b.op("mul", [b.op("mul", [sign, square]), c.rest2])]);
  } else second = b.op("add", [b.op("mul", [v, c.beta2]), b.op("mul", [square, c.rest2])]);
  b.update(`m.${name}`, first);
  b.update(`v.${name}`, second);
  const epsilon = b.scalar(optimizer.epsilon ?? (optimizer.kind === "yogi" ? 1e-3 : 1e-8));
  const root = b.op("sqrt", [b.op("div", [second, c.second])]);
  return b.op("div", [b.op("div", [first, c.first]), b.op("add", [root, epsilon])]);
}

/** Scales all gradients down together when their common length is above `most`. */
function clipped(b: Builder, slopes: readonly string[], most: number): string[] {
  const squares = slopes.map((slope) => {
    const row = b.op("reshape", [slope], { shape: [1, sizeOf(b.shape(slope))] });
    return b.op("reshape", [b.op("rowsum", [b.op("mul", [row, row])])], { shape: [] });
  });
  const sum = squares.reduce((total, square) => b.op("add", [total, square]));
  const length = b.op("add", [b.op("sqrt", [sum]), b.scalar(1e-6)]);
  const factor = atMostOne(b, b.op("div", [b.scalar(most), length]));
  return slopes.map((slope) => b.op("mul", [slope, factor]));
}

/** min(value, 1) = 1 - relu(1 - value). */
function atMostOne(b: Builder, value: string): string {
  const one = b.scalar(1);
  return b.op("sub", [one, b.op("relu", [b.op("sub", [one, value])])]);
}

/** The rate of this step as a number of the graph: a constant, or computed from the counter `clock` and from `decay`. */
function writeRate(b: Builder, learningRate: number, schedule: Schedule | undefined, length: Length): string {
  const base = b.scalar(learningRate);
  if (schedule === undefined || (schedule.kind === "constant" && schedule.warmup === undefined)) return base;
  let rate = base;
  const { warmup = 0 } = schedule;
  const needsClock = warmup > 0 || schedule.kind === "cosine";
  let clock = "";
  if (needsClock) {
    clock = b.input("clock", [], "state");
    b.update("clock", b.op("add", [clock, b.scalar(1)]));
  }
  if (schedule.kind === "step")
    rate = b.op("mul", [rate, writeDecay(b, schedule.every * length.stepsPerEpoch, schedule.factor)]);
  if (schedule.kind === "cosine") {
    const span = Math.max(1, length.steps - warmup);
    const done = b.op("mul", [b.op("relu", [b.op("sub", [clock, b.scalar(warmup)])]), b.scalar(1 / span)]);
    rate = b.op("mul", [rate, writeCosine(b, done, schedule.final ?? 0)]);
  }
  if (warmup === 0) return rate;
  const risen = b.op("mul", [b.op("add", [clock, b.scalar(1)]), b.scalar(1 / warmup)]);
  return b.op("mul", [rate, atMostOne(b, risen)]);
}

/** factor^k after k times `every` steps, as state: `phase` counts steps since the last change. */
function writeDecay(b: Builder, every: number, factor: number): string {
  const one = b.scalar(1);
  const decay = b.input("decay", [], "state");
  const next = b.op("add", [b.input("phase", [], "state"), one]);
  const due = b.op("gate", [one, b.op("sub", [next, b.scalar(every - 0.5)])]);
  const wait = b.op("sub", [one, due]);
  b.update("phase", b.op("mul", [next, wait]));
  const lower = b.op("mul", [b.op("mul", [decay, b.scalar(factor)]), due]);
  b.update("decay", b.op("add", [b.op("mul", [decay, wait]), lower]));
  return decay;
}

/** pi^n / n! for n = 1, 3, ... 11, with the signs of the sine's series. */
const SINE = [
  Math.PI,
  -5.16771278004997,
  2.550164039877345,
  -0.5992645293207921,
  0.08214588661112823,
  -0.00737043094571435,
];

/** final + (1 - final) (1 + cos(pi u)) / 2 for u in [0, 1]; the cosine is -sin(pi (u - 1/2)) by its series. */
function writeCosine(b: Builder, u: string, final: number): string {
  const v = b.op("sub", [u, b.scalar(0.5)]);
  const square = b.op("mul", [v, v]);
  let sum = b.scalar(SINE.at(-1) as number);
  for (const term of SINE.slice(0, -1).reverse()) sum = b.op("add", [b.scalar(term), b.op("mul", [square, sum])]);
  const wave = b.op("mul", [b.op("sub", [b.scalar(1), b.op("mul", [v, sum])]), b.scalar((1 - final) / 2)]);
  return b.op("add", [b.scalar(final), wave]);
}
