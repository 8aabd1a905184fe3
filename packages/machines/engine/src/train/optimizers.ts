import type { Builder } from "../graph/build.ts";

/** Adds an optimiser's arithmetic to a step graph and updates every parameter. */
export type Optimizer = (
  b: Builder,
  names: readonly string[],
  gradients: readonly string[],
  learningRate: number,
) => void;

/** Stochastic gradient descent: p - rate * g. */
export const sgd: Optimizer = (b, names, gradients, learningRate) => {
  const rate = b.scalar(learningRate);
  names.forEach((name, index) => {
    b.update(name, b.op("sub", [name, b.op("mul", [rate, gradients[index] as string])]));
  });
};

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Adam (Kingma and Ba, 2015) with beta 0.9 and 0.999, epsilon 1e-8 outside the root. The running powers of
 * beta are state, so a step needs no step number: p - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
 */
export const adam: Optimizer = (b, names, gradients, learningRate) => {
  const [beta1, beta2, one] = [b.scalar(BETA1), b.scalar(BETA2), b.scalar(1)];
  const [rest1, rest2] = [b.op("sub", [one, beta1]), b.op("sub", [one, beta2])];
  const power1 = b.op("mul", [b.input("power1", [], "state"), beta1]);
  const power2 = b.op("mul", [b.input("power2", [], "state"), beta2]);
  const [correction1, correction2] = [b.op("sub", [one, power1]), b.op("sub", [one, power2])];
  b.update("power1", power1);
  b.update("power2", power2);
  names.forEach((name, index) => {
    const g = gradients[index] as string;
    const m = b.input(`m.${name}`, b.shape(name), "state");
    const v = b.input(`v.${name}`, b.shape(name), "state");
    const first = b.op("add", [b.op("mul", [m, beta1]), b.op("mul", [g, rest1])]);
    const second = b.op("add", [b.op("mul", [v, beta2]), b.op("mul", [b.op("mul", [g, g]), rest2])]);
    b.update(`m.${name}`, first);
    b.update(`v.${name}`, second);
    const root = b.op("sqrt", [b.op("div", [second, correction2])]);
    const step = b.op("div", [b.op("div", [first, correction1]), b.op("add", [root, b.scalar(EPSILON)])]);
    b.update(name, b.op("sub", [name, b.op("mul", [b.scalar(learningRate), step])]));
  });
};
