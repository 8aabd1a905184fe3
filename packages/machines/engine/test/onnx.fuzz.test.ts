import { expect, test } from "vitest";
import { BaseError } from "@base/errors";
import { importOnnx } from "../src/onnx/model.ts";
import { modelSchema } from "../src/onnx/proto.ts";
import { fromNumbers } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";
import { STREAM, uniform } from "../src/random/philox.ts";

const slot = (name: string, dims: bigint[]) => ({
  name,
  type: { tensorType: { elemType: 1, shape: { dim: dims.map((value) => ({ value })) } } },
});
const weights = { name: "w", dims: [4n, 3n], dataType: 1, rawData: new Uint8Array(48).fill(60) };
const shape = { name: "s", dims: [2n], dataType: 7, int64Data: [3n, 2n] };
const sound = encodeMessage(modelSchema, {
  irVersion: 8n,
  opsetImport: [{ domain: "", version: 17n }],
  graph: {
    name: "g",
    node: [
      { opType: "MatMul", input: ["x", "w"], output: ["a"], name: "m" },
      { opType: "Softmax", input: ["a"], output: ["b"], attribute: [{ name: "axis", i: 1n, type: 2 }] },
      { opType: "Reshape", input: ["b", "s"], output: ["y"] },
    ],
    initializer: [weights, shape],
    input: [slot("x", [2n, 4n])],
    output: [slot("y", [3n, 2n])],
  },
});
const feeds = { x: fromNumbers("float32", [2, 4], new Float32Array(8).fill(1)) };

/** Reads and runs; anything but an answer or an error thrown on purpose is a failure. */
function attempt(bytes: Uint8Array): void {
  try {
    importOnnx(bytes).run(feeds);
  } catch (error) {
    expect(error, error instanceof Error ? error.stack : String(error)).toBeInstanceOf(BaseError);
  }
}

test("the sound file runs", () => {
  expect(importOnnx(sound).run(feeds).y).toMatchObject({ dtype: "float32", shape: [3, 2] });
});

test("every truncation ends in a typed error or an answer", () => {
  for (let length = 0; length < sound.length; length++) attempt(sound.subarray(0, length));
});

test("every single flipped byte ends in a typed error or an answer", () => {
  for (let at = 0; at < sound.length; at++)
    for (const flip of [1, 0x80, 0xff, 0x7f]) {
      const bytes = sound.slice();
      bytes[at] = (bytes[at] as number) ^ flip;
      attempt(bytes);
    }
});

test("random cuts and random bytes end in a typed error or an answer", () => {
  const picks = uniform(6000, 1, 5, STREAM.init, 3).map((value) => (value + 1) / 2);
  for (let round = 0; round < 1000; round++) {
    const bytes = sound.slice();
    for (let k = 0; k < 3; k++) {
      const at = Math.floor((picks[round * 6 + k * 2] as number) * (bytes.length - 1));
      bytes[at] = Math.floor((picks[round * 6 + k * 2 + 1] as number) * 255);
    }
    attempt(bytes);
  }
});
