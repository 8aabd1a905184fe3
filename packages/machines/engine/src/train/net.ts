import { batchMatmul } from "../graph/batchMatmul.ts";
import type { Builder } from "../graph/build.ts";
import { type Shape, sizeOf } from "../graph/ir.ts";
import { randomWord, STREAM, uniform } from "../random/philox.ts";
import type { Parameter } from "./network.ts";

/** Words for dropout; beside the streams of `STREAM`. */
const DROP_STREAM = 20;

/** Multiplier and modulus of the two generators of Wichmann and Hill (AS 183, 1982) that dropout adds up. */
const GENERATORS = [
  [171, 30_269],
  [172, 30_307],
] as const;

/** 1.5 * 2^23: adding and taking it away rounds a small binary32 number to the nearest whole one. */
const ROUNDER = 12_582_912;

interface Declared {
  readonly name: string;
  readonly shape: Shape;
  /** Uniform within +-limit, or this value everywhere. */
  readonly limit?: number;
  readonly fill?: number;
}

/**
 * Writes a network into a graph. Parameters are declared where they are first used, so one function describes both the
 * network's arithmetic and its weights. With `training` the graph also drops values as the recipe asks.
 */
export class Net {
  readonly b: Builder;
  readonly training: boolean;
  readonly #declared: Declared[] = [];
  #drops = 0;

  constructor(b: Builder, training: boolean) {
    this.b = b;
    this.training = training;
  }

  /** A trained tensor, drawn uniformly within +-sqrt(gain / fanIn). */
  weight(name: string, shape: Shape, fanIn: number, gain: number): string {
    this.#declared.push({ name, shape, limit: Math.sqrt(gain / fanIn) });
    return this.b.input(name, shape, "param");
  }

  /** A trained tensor that begins at one value. */
  filled(name: string, shape: Shape, fill: number): string {
    this.#declared.push({ name, shape, fill });
    return this.b.input(name, shape, "param");
  }

  /** First values of all parameters, in the order of their declaration. */
  initialise(seed: number): Parameter[] {
    return this.#declared.map(({ name, shape, limit, fill }, index) => {
      const size = sizeOf(shape);
      const initial =
        limit === undefined ? new Float32Array(size).fill(fill ?? 0) : uniform(size, limit, seed, STREAM.init, index);
      return { name, shape, initial };
    });
  }

  op(op: string, inputs: readonly string[], attrs?: Parameters<Builder["op"]>[2]): string {
    return this.b.op(op, inputs, attrs);
  }

  reshape(value: string, shape: Shape): string {
    return this.b.op("reshape", [value], { shape: [...shape] });
  }

  permute(value: string, perm: readonly number[]): string {
    return this.b.op("permute", [value], { perm: [...perm] });
  }

  scale(value: string, factor: number): string {
    return this.b.op("mul", [value, this.b.scalar(factor)]);
  }

  /** x W + b on rows. */
  dense(name: string, x: string, to: number, gain: number): string {
    const from = this.b.shape(x)[1] as number;
    const product = this.op("matmul", [x, this.weight(`w.${name}`, [from, to], from, gain)]);
    return this.op("add", [product, this.filled(`b.${name}`, [1, to], 0)]);
  }

  activate(kind: string, x: string): string {
    if (kind !== "gelu") return this.op(kind, [x]);
    // Hendrycks and Gimpel (2016), tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
    const cube = this.op("mul", [this.op("mul", [x, x]), x]);
    const inner = this.op("add", [x, this.scale(cube, 0.044715)]);
    const gate = this.op("add", [this.op("tanh", [this.scale(inner, 0.7978845608028654)]), this.b.scalar(1)]);
    return this.op("mul", [this.scale(x, 0.5), gate]);
  }

  /** Layer normalisation (Ba, Kiros and Hinton, 2016) of rows [n, width]. */
  layerNorm(name: string, x: string): string {
    const width = this.b.shape(x)[1] as number;
    const average = (value: string) => this.scale(this.op("rowsum", [value]), 1 / width);
    const centred = this.op("sub", [x, average(x)]);
    const variance = average(this.op("mul", [centred, centred]));
    const deviation = this.op("sqrt", [this.op("add", [variance, this.b.scalar(1e-5)])]);
    const scaled = this.op("mul", [this.op("div", [centred, deviation]), this.filled(`g.norm.${name}`, [1, width], 1)]);
    return this.op("add", [scaled, this.filled(`b.norm.${name}`, [1, width], 0)]);
  }

  /** Rows of zeros and one 1 at whole numbers [n, 1] from 0 to count - 1; a row of zeros elsewhere. */
  oneHot(ids: string, count: number): string {
    return oneHot(this.b, ids, count);
  }

  /** Products pair by pair, see `batchMatmul`. */
  products(left: string, right: string): string {
    return batchMatmul(this.b, left, right);
  }

  /**
   * In training sets the share `rate` of the values to 0 and scales the rest up. Each value has two small integer
   * generators of its own, kept in the state and exact in binary32, so a step needs no numbers from outside.
   */
  dropout(x: string, rate: number | undefined): string {
    if (!this.training || rate === undefined || rate === 0) return x;
    const shape = this.b.shape(x);
    const index = this.#drops++;
    const parts = GENERATORS.map(([multiplier, modulus], which) => {
      const name = `drop${which}.${index}`;
      const product = this.scale(this.b.input(name, shape, "state"), multiplier);
      const whole = this.#round(this.scale(product, 1 / modulus));
      const next = this.op("sub", [product, this.scale(whole, modulus)]);
      this.b.update(name, next);
      return this.scale(next, 1 / modulus);
    }) as [string, string];
    const sum = this.op("add", parts);
    const drawn = this.op("add", [this.op("sub", [sum, this.#round(sum)]), this.b.scalar(0.5 - rate)]);
    return this.op("mul", [x, this.op("gate", [this.b.scalar(1 / (1 - rate)), drawn])]);
  }

  #round(value: string): string {
    const rounder = this.b.scalar(ROUNDER);
    return this.op("sub", [this.op("add", [value, rounder]), rounder]);
  }
}

/** See {@link Net.oneHot}: relu(1 - |id - k|), exact on whole numbers. */
export function oneHot(b: Builder, ids: string, count: number): string {
  const apart = b.op("sub", [
    ids,
    b.constant(
      Float32Array.from({ length: count }, (_, k) => k),
      [1, count],
    ),
  ]);
  const size = b.op("add", [b.op("relu", [apart]), b.op("relu", [b.op("sub", [b.scalar(0), apart])])]);
  return b.op("relu", [b.op("sub", [b.scalar(1), size])]);
}

/** First values of a dropout generator: whole numbers from 1 to modulus - 1. */
export function dropoutState(name: string, size: number, seed: number): Float32Array {
  const [which, index] = name.slice("drop".length).split(".").map(Number) as [0 | 1, number];
  const modulus = GENERATORS[which][1];
  return Float32Array.from(
    { length: size },
    (_, i) => 1 + (randomWord(seed, DROP_STREAM, which, index, i) % (modulus - 1)),
  );
}
