// What exporters write, run three ways: as one program, node by node, and by onnxruntime-web.
import { importOnnx, readProto } from "@machines/engine/onnx/model.ts";
import { modelSchema } from "@machines/engine/onnx/proto.ts";
import { fromNumbers, isTensor, type OnnxValue } from "@machines/engine/onnx/tensor.ts";
import { encodeMessage } from "@machines/engine/onnx/wire.ts";
import * as ort from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import * as files from "./files.ts";

const CASES = [
  ["PyTorch perceptron", files.torchPerceptron, { x: [4, 3] }, true],
  ["PyTorch convolution with batch normalisation", files.torchConvolution, { image: [2, 3, 16, 16] }, true],
  ["Keras convolution, channels last", files.kerasConvolution, { input_1: [3, 8, 8, 1] }, true],
  ["scikit-learn logistic pipeline with ZipMap", files.logisticPipeline, { X: [5, 3] }, false],
  ["scikit-learn forest with ZipMap", files.forestClassifier, { X: [5, 3] }, false],
  ["XGBoost or LightGBM classifier with ZipMap", files.boostedClassifier, { input: [5, 3] }, false],
  ["XGBoost regressor", files.boostedRegressor, { input: [5, 3] }, false],
] as const;

/** Every number of a value in order. */
function numbersIn(value: OnnxValue): number[] {
  return isTensor(value) ? Array.from(value.data as Float32Array, Number) : [];
}

/** A file that gives the scores behind a ZipMap as a tensor, since maps do not leave onnxruntime-web. */
function withoutMaps(bytes: Uint8Array): Uint8Array {
  const proto = readProto(bytes);
  const { graph } = proto;
  const maps = graph?.node.filter(({ opType }) => opType === "ZipMap") ?? [];
  if (graph === undefined || maps.length === 0) return bytes;
  const output = graph.output.map((slot) => {
    const made = maps.find(({ output: [name] }) => name === slot.name);
    return made === undefined ? slot : { name: made.input[0], type: { tensorType: { elemType: 1 } } };
  });
  const body = { ...graph, node: graph.node.filter((node) => !maps.includes(node)), output };
  return encodeMessage(modelSchema, { ...proto, graph: body } as unknown as Record<string, unknown>);
}

describe.each(CASES)("%s", (_, make, shapes, whole) => {
  const model = importOnnx(make());
  const feeds = Object.fromEntries(
    Object.entries(shapes as Record<string, readonly number[]>).map(([name, shape]) => {
      const scale = shape.length === 2 ? 10 : 1;
      return [name, fromNumbers("float32", shape, files.weights(shape, 77, scale).data as Float32Array)] as const;
    }),
  );

  test("one program gives the bits of running node by node", () => {
    const obstacle = model.obstacle(feeds);
    if (whole) expect(obstacle).toBeUndefined();
    else expect(obstacle?.operator).not.toBe("");
    expect(model.run(feeds)).toEqual(model.run(feeds, { nodes: true }));
  });

  test("onnxruntime-web agrees", async () => {
    ort.env.wasm.numThreads = 1;
    const plain = withoutMaps(make());
    const session = await ort.InferenceSession.create(plain, { executionProviders: ["wasm"] });
    const given = Object.fromEntries(
      Object.entries(feeds).map(([name, { data, shape }]) => [
        name,
        new ort.Tensor("float32", data as Float32Array, [...shape]),
      ]),
    );
    const own = importOnnx(plain).run(feeds);
    const peer = await session.run(given);
    for (const name of session.outputNames) {
      // Where both of two classes have scores, onnxruntime names the second whenever its score is above 0; the standard
      // names the larger one.
      if (make === files.forestClassifier && name === "label") continue;
      const expected = Array.from(peer[name]?.data as Float32Array, Number);
      const found = numbersIn(own[name] as OnnxValue);
      expect(found).toHaveLength(expected.length);
      for (const [i, value] of expected.entries()) expect(Math.abs((found[i] as number) - value)).toBeLessThan(1e-4);
    }
  });
});
