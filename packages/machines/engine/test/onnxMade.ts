import { modelSchema } from "../src/onnx/proto.ts";
import { encodeTensor, fromNumbers, type OnnxTensor } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";
import { type Dtype, infoOf } from "../src/onnx/dtype.ts";

export type AttributeValue = number | bigint | string | OnnxTensor | readonly number[] | readonly string[];

/** One node alone in a model. */
export interface NodeCase {
  readonly op: string;
  readonly domain?: string;
  readonly opset: number;
  /** Names that end in ":f" are floats; other numbers are whole. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Operands; undefined leaves one out. */
  readonly inputs: readonly (OnnxTensor | undefined)[];
  readonly outputs?: number;
  /** Operands with these places stand in the file. */
  readonly fixed?: readonly number[];
}

function attributeOf(key: string, value: AttributeValue): Record<string, unknown> {
  const [name = "", kind] = key.split(":");
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (typeof value === "string") return { name, s: bytes(value), type: 3 };
  if (typeof value === "bigint") return { name, i: value, type: 2 };
  if (typeof value === "number")
    return kind === "f" ? { name, f: value, type: 1 } : { name, i: BigInt(value), type: 2 };
  if ("dtype" in value) return { name, t: encodeTensor(value), type: 4 };
  if (typeof value[0] === "string") return { name, strings: (value as readonly string[]).map(bytes), type: 8 };
  if (kind === "f") return { name, floats: value, type: 6 };
  return { name, ints: (value as readonly number[]).map(BigInt), type: 7 };
}

/** The bytes of a model that is one node. */
export function oneNode(made: NodeCase): Uint8Array {
  const { op, domain = "", opset, attributes = {}, inputs, outputs = 1, fixed = [] } = made;
  const given = inputs.flatMap((tensor, i) => (tensor === undefined ? [] : [{ tensor, i }]));
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    opsetImport: [
      { domain: "", version: BigInt(domain === "" ? opset : 17) },
      ...(domain === "" ? [] : [{ domain, version: BigInt(opset) }]),
    ],
    graph: {
      name: "g",
      node: [
        {
          opType: op,
          name: "n",
          domain,
          input: inputs.map((tensor, i) => (tensor === undefined ? "" : `x${i}`)),
          output: Array.from({ length: outputs }, (_, i) => `y${i}`),
          attribute: Object.entries(attributes).map(([key, value]) => attributeOf(key, value)),
        },
      ],
      initializer: given.filter(({ i }) => fixed.includes(i)).map(({ tensor, i }) => encodeTensor(tensor, `x${i}`)),
      input: given
        .filter(({ i }) => !fixed.includes(i))
        .map(({ tensor, i }) => ({
          name: `x${i}`,
          type: {
            tensorType: {
              elemType: infoOf(tensor.dtype).code,
              shape: { dim: tensor.shape.map((n) => ({ value: BigInt(n) })) },
            },
          },
        })),
      output: Array.from({ length: outputs }, (_, i) => ({ name: `y${i}` })),
    },
  });
}

/** Small random numbers from a seed (a linear congruential generator: tests need no better one). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return ((this.#state >>> 8) ^ (this.#state & 255)) / 2 ** 24;
  }

  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(...list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)] as T;
  }

  coin(): boolean {
    return this.next() < 0.5;
  }

  shape(rank: number, low = 1, high = 4): number[] {
    return Array.from({ length: rank }, () => this.whole(low, high));
  }

  /** Random elements; whole numbers are small, strings are short. */
  tensor(dtype: Dtype, shape: readonly number[], low = -3, high = 3): OnnxTensor {
    const count = shape.reduce((a, b) => a * b, 1);
    const { kind } = infoOf(dtype);
    if (kind === "string")
      return { dtype, shape, data: Array.from({ length: count }, () => this.pick("a", "bc", "", "Ab c", "12")) };
    const least = kind === "uint" || kind === "bool" ? Math.max(0, low) : low;
    const most = kind === "bool" ? 1 : high;
    const wide = dtype === "float32" || dtype === "float64";
    return fromNumbers(
      dtype,
      shape,
      Array.from({ length: count }, () =>
        wide ? Math.fround(least + this.next() * (most - least)) : this.whole(Math.ceil(least), Math.floor(most)),
      ),
    );
  }
}
