import * as ort from "onnxruntime-web";
import { importOnnx } from "../src/onnx/model.ts";
import type { Network } from "../test/onnxNetworks.ts";
import type { BenchLine } from "./matmul.bench.ts";

const middle = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;

/** A network that has no single program, on one thread: by regions, node by node, and in onnxruntime-web, in turns. */
export async function regionLine(bench: string, { file, feeds }: Network): Promise<BenchLine> {
  ort.env.wasm.numThreads = 1;
  const model = importOnnx(file);
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const given = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
      name,
      new ort.Tensor(dtype as "float32", data as Float32Array, [...shape]),
    ]),
  );
  const time = async (run: () => unknown): Promise<number> => {
    const from = performance.now();
    await run();
    return performance.now() - from;
  };
  const [regions, nodes, peer]: [number[], number[], number[]] = [[], [], []];
  await time(() => model.run(feeds));
  await time(() => session.run(given));
  for (let round = 0; round < 9; round++) {
    if (round % 3 === 0) nodes.push(await time(() => model.run(feeds, { nodes: true })));
    for (let i = 0; i < 3; i++) regions.push(await time(() => model.run(feeds)));
    for (let i = 0; i < 3; i++) peer.push(await time(() => session.run(given)));
  }
  await session.release();
  const [own, other] = [middle(regions), middle(peer)];
  return {
    bench,
    value: own,
    unit: "ms",
    against: `onnxruntime-web ${other.toFixed(1)} ms; node by node ${middle(nodes).toFixed(1)} ms`,
    ratio: other / own,
  };
}
