import { modelSchema } from "../src/onnx/proto.ts";
import { encodeTensor, fromNumbers, longs, type OnnxTensor } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";
import { STREAM, uniform } from "../src/random/philox.ts";

type Fields = Record<string, unknown>;

const int = (name: string, value: number): Fields => ({ name, i: BigInt(value), type: 2 });
const ints = (name: string, values: readonly number[]): Fields => ({ name, ints: values.map(BigInt), type: 7 });
const text = (name: string, value: string): Fields => ({ name, s: new TextEncoder().encode(value), type: 3 });
const float = (name: string, value: number): Fields => ({ name, f: value, type: 1 });

/** Random binary32 numbers in (-scale, scale). */
export function random(shape: readonly number[], seed: number, scale = 1): OnnxTensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return fromNumbers("float32", shape, uniform(count, scale, seed, STREAM.init, 31));
}

/** Writes the nodes of a model one after another. */
export class Sketch {
  readonly #nodes: Fields[] = [];
  readonly #initial: Fields[] = [];
  #next = 0;

  /** A constant of the file. */
  weight(tensor: OnnxTensor): string {
    const name = `w${this.#initial.length}`;
    this.#initial.push(encodeTensor(tensor, name));
    return name;
  }

  /** A node; its results' names. */
  many(opType: string, input: readonly string[], attribute: readonly Fields[], outputs: number): string[] {
    const output = Array.from({ length: outputs }, () => `v${this.#next++}`);
    this.#nodes.push({ opType, name: `n${this.#nodes.length}`, input, output, attribute });
    return output;
  }

  node(opType: string, input: readonly string[], attribute: readonly Fields[] = []): string {
    return this.many(opType, input, attribute, 1)[0] as string;
  }

  /** The bytes; inputs are [name, element type, extents], 0 for one that is open. */
  file(inputs: readonly (readonly [string, number, readonly number[]])[], outputs: readonly string[]): Uint8Array {
    const slot = (name: string, elemType: number, dims?: readonly number[]): Fields => {
      const dim = dims?.map((n, i) => (n === 0 ? { param: `d${i}` } : { value: BigInt(n) }));
      return { name, type: { tensorType: { elemType, ...(dim === undefined ? {} : { shape: { dim } }) } } };
    };
    return encodeMessage(modelSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: "", version: 17n }],
      graph: {
        name: "g",
        node: this.#nodes,
        initializer: this.#initial,
        input: inputs.map(([name, type, dims]) => slot(name, type, dims)),
        output: outputs.map((name) => ({ name })),
      },
    });
  }
}

/** A model, what to feed it, and its output. */
export interface Network {
  readonly file: Uint8Array;
  readonly feeds: Readonly<Record<string, OnnxTensor>>;
  readonly output: string;
}

/** A network that shrinks and grows an image again, with what it saw before joined on (Concat, Resize, LeakyRelu). */
export function imageNetwork(size: number, base: number): Network {
  const g = new Sketch();
  let seed = 1;
  const conv = (x: string, from: number, to: number, k = 3): string => {
    const weights = g.weight(random([to, from, k, k], seed++, 1 / Math.sqrt(from * k * k)));
    const pads = ints("pads", new Array<number>(4).fill((k - 1) / 2));
    return g.node("Conv", [x, weights, g.weight(random([to], seed++, 0.1))], [pads]);
  };
  const block = (x: string, from: number, to: number): string =>
    g.node("LeakyRelu", [conv(g.node("Relu", [conv(x, from, to)]), to, to)], [float("alpha", 0.1)]);
  const down = (x: string): string => g.node("MaxPool", [x], [ints("kernel_shape", [2, 2]), ints("strides", [2, 2])]);
  const up = (x: string): string =>
    g.node(
      "Resize",
      [x, "", g.weight(fromNumbers("float32", [4], [1, 1, 2, 2]))],
      [text("mode", "nearest"), text("coordinate_transformation_mode", "asymmetric"), text("nearest_mode", "floor")],
    );
  const join = (x: string, y: string): string => g.node("Concat", [x, y], [int("axis", 1)]);
  const wide = block("x", 3, base);
  const half = block(down(wide), base, base * 2);
  const small = block(down(half), base * 2, base * 4);
  const grown = block(join(up(small), half), base * 6, base * 2);
  const whole = block(join(up(grown), wide), base * 3, base);
  const output = conv(whole, base, 2, 1);
  const shape = [1, 3, size, size];
  return { file: g.file([["x", 1, shape]], [output]), feeds: { x: random(shape, 999) }, output };
}

/** Blocks of a transformer over embedded tokens (Gather, Split, LayerNormalization, Erf). */
export function tokenNetwork(tokens: number, width: number, heads: number, words: number, layers: number): Network {
  const g = new Sketch();
  let seed = 1;
  const scalar = (value: number): string => g.weight(fromNumbers("float32", [], [Math.fround(value)]));
  const linear = (x: string, from: number, to: number): string => {
    const product = g.node("MatMul", [x, g.weight(random([from, to], seed++, 1 / Math.sqrt(from)))]);
    return g.node("Add", [product, g.weight(random([to], seed++, 0.1))]);
  };
  const norm = (x: string): string =>
    g.node("LayerNormalization", [x, g.weight(random([width], seed++)), g.weight(random([width], seed++))]);
  const gelu = (x: string): string => {
    const erf = g.node("Erf", [g.node("Div", [x, scalar(Math.SQRT2)])]);
    return g.node("Mul", [g.node("Mul", [x, g.node("Add", [erf, scalar(1)])]), scalar(0.5)]);
  };
  const split = (x: string, perm: readonly number[]): string => {
    const parts = g.node("Reshape", [x, g.weight(longs([1, -1, heads, width / heads]))]);
    return g.node("Transpose", [parts], [ints("perm", perm)]);
  };
  let h = g.node("Gather", [g.weight(random([words, width], seed++)), "ids"], [int("axis", 0)]);
  for (let layer = 0; layer < layers; layer++) {
    const [q, k, v] = g.many("Split", [linear(norm(h), width, 3 * width)], [int("axis", -1)], 3) as [
      string,
      string,
      string,
    ];
    const scores = g.node("MatMul", [split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1])]);
    const shares = g.node(
      "Softmax",
      [g.node("Mul", [scores, scalar(1 / Math.sqrt(width / heads))])],
      [int("axis", -1)],
    );
    const mixed = g.node(
      "Transpose",
      [g.node("MatMul", [shares, split(v, [0, 2, 1, 3])])],
      [ints("perm", [0, 2, 1, 3])],
    );
    h = g.node("Add", [h, linear(g.node("Reshape", [mixed, g.weight(longs([1, -1, width]))]), width, width)]);
    h = g.node("Add", [h, linear(gelu(linear(norm(h), width, 4 * width)), 4 * width, width)]);
  }
  const output = linear(norm(h), width, words);
  const ids: OnnxTensor = {
    dtype: "int64",
    shape: [1, tokens],
    data: BigInt64Array.from({ length: tokens }, (_, i) => BigInt((i * 37) % words)),
  };
  return { file: g.file([["ids", 7, [1, 0]]], [output]), feeds: { ids }, output };
}
