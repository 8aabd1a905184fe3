// A one-operator ONNX model written by hand in protobuf wire format (onnx.proto, IR version 8, opset 13).

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

/** ValueInfoProto of a float tensor. */
function tensorInfo(name: string, shape: readonly number[]): Uint8Array {
  const dims = shape.map((extent) => block(1, integer(1, extent)));
  const type = block(1, bytesOf([integer(1, FLOAT), block(2, bytesOf(dims))]));
  return bytesOf([text(1, name), block(2, type)]);
}

/** `y = x B` with x [m, k] as input and B [k, n] as initialiser, so that the peer may pack it once. */
export function onnxMatmul(m: number, k: number, n: number, b: Float32Array): Uint8Array {
  const raw = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  const initialiser = bytesOf([integer(1, k), integer(1, n), integer(2, FLOAT), text(8, "b"), block(9, raw)]);
  const node = bytesOf([text(1, "x"), text(1, "b"), text(2, "y"), text(4, "MatMul")]);
  const graph = bytesOf([
    block(1, node),
    text(2, "matmul"),
    block(5, initialiser),
    block(11, tensorInfo("x", [m, k])),
    block(12, tensorInfo("y", [m, n])),
  ]);
  return bytesOf([integer(1, 8), block(7, graph), block(8, integer(2, 13))]);
}
