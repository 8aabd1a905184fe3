// ONNX models written by hand in protobuf wire format (onnx.proto, IR version 8, opset 13), for the peers of a benchmark.

const bytesOf = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return new Uint8Array([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

const integer = (field: number, value: number) => bytesOf([varint(field * 8), varint(value)]);
const block = (field: number, content: Uint8Array) => bytesOf([varint(field * 8 + 2), varint(content.length), content]);
const text = (field: number, value: string) => block(field, new TextEncoder().encode(value));

const FLOAT = 1;
const INTS = 7;

/** ValueInfoProto of a float tensor. */
function tensorInfo({ name, shape }: OnnxValue): Uint8Array {
  const dims = shape.map((extent) => block(1, integer(1, extent)));
  const type = block(1, bytesOf([integer(1, FLOAT), block(2, bytesOf(dims))]));
  return bytesOf([text(1, name), block(2, type)]);
}

/** A float tensor by name; with values it is an initialiser, which the peer may pack once. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values?: Float32Array;
}

/** One node; every attribute is a list of whole numbers, or one. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attrs?: Readonly<Record<string, readonly number[] | number>>;
}

/** A whole model with one input and one output. */
export interface OnnxModel {
  readonly input: OnnxValue;
  readonly output: OnnxValue;
  readonly initial: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
}

function attribute(name: string, value: readonly number[] | number): Uint8Array {
  if (typeof value === "number") return bytesOf([text(1, name), integer(3, value), integer(20, 2)]);
  return bytesOf([text(1, name), ...value.map((item) => integer(8, item)), integer(20, INTS)]);
}

/** The bytes of the model's file. */
export function onnxModel({ input, output, initial, nodes }: OnnxModel): Uint8Array {
  const initialisers = initial.map(({ name, shape, values = new Float32Array() }) => {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return block(
      5,
      bytesOf([...shape.map((extent) => integer(1, extent)), integer(2, FLOAT), text(8, name), block(9, raw)]),
    );
  });
  const encoded = nodes.map(({ op, inputs, output: to, attrs = {} }) => {
    const given = Object.entries(attrs).map(([name, value]) => block(5, attribute(name, value)));
    return block(1, bytesOf([...inputs.map((name) => text(1, name)), text(2, to), text(4, op), ...given]));
  });
  const parts = [
    ...encoded,
    text(2, "bench"),
    ...initialisers,
    block(11, tensorInfo(input)),
    block(12, tensorInfo(output)),
  ];
  return bytesOf([integer(1, 8), block(7, bytesOf(parts)), block(8, integer(2, 13))]);
}
