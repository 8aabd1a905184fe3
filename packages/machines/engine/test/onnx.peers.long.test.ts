// Every operator that onnxruntime knows as well, in random forms, held against it on the same file.
import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { decodeSmall } from "../src/onnx/dtype.ts";
import { OnnxError } from "../src/onnx/errors.ts";
import { importOnnx } from "../src/onnx/model.ts";
import { type OnnxTensor, type OnnxValue, rawBytes } from "../src/onnx/tensor.ts";
import { GENERATORS } from "./onnxGenerators/index.ts";
import { Dice, type NodeCase, oneNode } from "./onnxMade.ts";

const ROUNDS = 100;

function peerTensor(tensor: OnnxTensor): ort.Tensor {
  const { dtype, shape, data } = tensor;
  if (dtype === "float16")
    return new ort.Tensor("float16", new Uint16Array(rawBytes(tensor).buffer) as never, [...shape]);
  return new ort.Tensor(dtype as "float32", data as never, [...shape]);
}

function peerValues(tensor: ort.Tensor): readonly unknown[] {
  if (tensor.type !== "float16") return Array.from(tensor.data as ArrayLike<unknown>);
  const { buffer, byteOffset, length } = tensor.data as unknown as Uint16Array;
  return Array.from(new Uint16Array(buffer, byteOffset, length), (bits) => decodeSmall("float16", bits));
}

function difference(mine: OnnxTensor, theirs: ort.Tensor): string | undefined {
  if (mine.dtype !== theirs.type) return `${mine.dtype} instead of ${theirs.type}`;
  if (mine.shape.join() !== theirs.dims.join()) return `[${mine.shape}] instead of [${theirs.dims}]`;
  const [relative, absolute] = mine.dtype === "float16" ? [5e-3, 2e-3] : [1e-3, 2e-5];
  const at = peerValues(theirs).findIndex((value, i) => {
    if (typeof value === "string") return value !== mine.data[i];
    const [x, y] = [Number(mine.data[i]), Number(value)];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return false;
    return !(Math.abs(x - y) <= absolute + relative * Math.abs(y));
  });
  return at < 0 ? undefined : `[${at}] ${String(mine.data[at])} instead of ${String(peerValues(theirs)[at])}`;
}

async function peerAnswer(
  file: Uint8Array,
  feeds: Record<string, OnnxTensor>,
): Promise<Record<string, ort.Tensor> | undefined> {
  try {
    const options = { logSeverityLevel: 4, intraOpNumThreads: 1, graphOptimizationLevel: "disabled" } as const;
    const session = await ort.InferenceSession.create(file, options);
    const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, peerTensor(tensor)]));
    const answer = await session.run(given);
    await session.release();
    return answer as Record<string, ort.Tensor>;
  } catch {
    return undefined;
  }
}

function ownAnswer(file: Uint8Array, feeds: Record<string, OnnxTensor>): Record<string, OnnxValue> | undefined {
  try {
    return importOnnx(file).run(feeds);
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    return undefined;
  }
}

test.each(Object.entries(GENERATORS))("%s", async (op, make) => {
  let compared = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const made: NodeCase = { op, ...make(new Dice(round * 7919 + op.length * 131 + op.charCodeAt(0))) };
    const file = oneNode(made);
    const feeds = Object.fromEntries(
      made.inputs.flatMap((tensor, i) => (tensor === undefined || made.fixed?.includes(i) ? [] : [[`x${i}`, tensor]])),
    );
    const own = ownAnswer(file, feeds);
    const peer = own === undefined ? undefined : await peerAnswer(file, feeds);
    if (own === undefined || peer === undefined) continue;
    for (const [name, theirs] of Object.entries(peer)) {
      const gap = difference(own[name] as OnnxTensor, theirs);
      const said = (_: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);
      expect(gap, gap === undefined ? "" : JSON.stringify({ gap, ...made }, said).slice(0, 2000)).toBeUndefined();
    }
    compared++;
  }
  expect(compared, "cases that both answered").toBeGreaterThan(ROUNDS / 10);
});
