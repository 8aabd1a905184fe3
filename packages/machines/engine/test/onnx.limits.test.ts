import { expect, test } from "vitest";
import { importOnnx } from "../src/onnx/model.ts";
import { modelSchema } from "../src/onnx/proto.ts";
import { fromNumbers } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";

const slot = (name: string, dims: readonly number[]) => ({
  name,
  type: { tensorType: { elemType: 1, shape: { dim: dims.map((value) => ({ value: BigInt(value) })) } } },
});

function file(node: readonly Record<string, unknown>[], from: readonly number[], to: readonly number[]): Uint8Array {
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: 17n }],
    graph: { name: "g", node, input: [slot("x", from), slot("w", to)], output: [slot("y", [])] },
  });
}

const ones = (shape: readonly number[]) =>
  fromNumbers("float32", shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1));

test("a product that costs more than its budget is refused before it runs, one that costs less is not", () => {
  const model = importOnnx(
    file([{ opType: "MatMul", name: "m", input: ["x", "w"], output: ["y"] }], [64, 512], [512, 256]),
  );
  const feeds = { x: ones([64, 512]), w: ones([512, 256]) };
  const cost = 64 * 512 * 256;
  expect(() => model.run(feeds, { budget: cost })).toThrow(/MatMul \(node "m"\).*would cost more than/);
  expect(() => model.run(feeds, { budget: cost + 64 * 512 + 512 * 256 + 4096 })).not.toThrow();
});

test("many cheap operators add up", () => {
  const nodes = Array.from({ length: 50 }, (_, i) => ({
    opType: "Add",
    input: [i === 0 ? "x" : `v${i}`, "w"],
    output: [i === 49 ? "y" : `v${i + 1}`],
  }));
  const model = importOnnx(file(nodes, [1000], [1000]));
  const feeds = { x: ones([1000]), w: ones([1000]) };
  expect(() => model.run(feeds, { budget: 250_000 })).toThrow(/would cost more than 250000/);
  expect(() => model.run(feeds, { budget: 50 * (2000 + 4096) })).not.toThrow();
});
