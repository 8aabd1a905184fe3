// What the generators of random nodes are made of.
import type { Dtype } from "../../src/onnx/dtype.ts";
import type { OnnxTensor } from "../../src/onnx/tensor.ts";
import type { AttributeValue, Dice, NodeCase } from "../onnxMade.ts";

export type Attributes = Record<string, AttributeValue>;

export type Make = (d: Dice) => Omit<NodeCase, "op"> & { readonly op?: string };

export const FLOATS: readonly Dtype[] = ["float32", "float32", "float32", "float64", "float16"];

export const WHOLE: readonly Dtype[] = ["int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64"];

export const float = (d: Dice): Dtype => d.pick(...FLOATS);

export const whole = (d: Dice): Dtype => d.pick(...WHOLE);

export const number = (d: Dice): Dtype => (d.coin() ? float(d) : whole(d));

export const any = (d: Dice): Dtype => d.pick<Dtype>(float(d), whole(d), "bool", "string");

export const maybe = (d: Dice, attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(() => d.coin()));

export const axisOf = (d: Dice, rank: number): number => d.whole(-rank, rank - 1);

export const scalar = (dtype: Dtype, value: number): OnnxTensor =>
  ({
    dtype,
    shape: [],
    data: dtype === "int64" ? BigInt64Array.of(BigInt(value)) : Float32Array.of(value),
  }) as OnnxTensor;

/** A shape that stretches to another. */
export const stretch = (d: Dice, shape: readonly number[]): number[] =>
  shape.slice(d.whole(0, shape.length)).map((n) => (d.next() < 0.3 ? 1 : n));

export const unary =
  (
    opsets: readonly number[],
    type: (d: Dice) => Dtype = float,
    low = -3,
    high = 3,
    attributes: (d: Dice) => Attributes = () => ({}),
  ): Make =>
  (d) => ({
    opset: d.pick(...opsets),
    inputs: [d.tensor(type(d), d.shape(d.whole(0, 3), 0), low, high)],
    attributes: attributes(d),
  });

export const binary =
  (
    opsets: readonly number[],
    type: (d: Dice) => Dtype,
    low = -3,
    high = 3,
    attributes: (d: Dice) => Attributes = () => ({}),
  ): Make =>
  (d) => {
    const [dtype, shape] = [type(d), d.shape(d.whole(0, 3))];
    const [a, b] = [
      d.tensor(dtype, stretch(d, shape), low, high),
      d.tensor(dtype, d.coin() ? shape : stretch(d, shape), low, high),
    ];
    return { opset: d.pick(...opsets), inputs: [a, b], attributes: attributes(d) };
  };
