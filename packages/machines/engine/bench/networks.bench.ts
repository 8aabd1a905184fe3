import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as ort from "onnxruntime-web";
import type { BenchLine } from "./matmul.bench.ts";
import { mobilenet, type Network, perceptron, smallCnn } from "./networks.ts";
import { assaySide, onnxSide, type Times, versus } from "./versus.ts";

const WEB = "onnxruntime-web";

async function web(bench: string, net: Network, rounds: number): Promise<BenchLine> {
  ort.env.wasm.numThreads = 1;
  const theirs = await onnxSide(ort, net, { executionProviders: ["wasm"] });
  const times = await versus(await assaySide(net, 1), theirs, rounds);
  return {
    bench,
    value: times.ours,
    unit: "ms",
    against: `${WEB}, one thread`,
    ratio: times.ratio,
    rounds: times.rounds,
  };
}

/** The peer decides on its threads once per process, so two threads are measured in a process of their own. */
async function twoThreads(): Promise<BenchLine> {
  const script = fileURLToPath(new URL("twoThreads.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", script]);
  const { ours, ratio, rounds } = JSON.parse(stdout) as Times;
  return {
    bench: "engine.mlp64.f32s.2t",
    value: ours,
    unit: "ms",
    against: `${WEB}, two threads`,
    ratio,
    rounds,
  };
}

/** Compiled for this processor and free to fuse: faster, and not the same bits everywhere. */
async function native(net: Network): Promise<BenchLine> {
  const bench = "engine.mlp64.native";
  try {
    const runtime = await import("onnxruntime-node");
    const theirs = await onnxSide(runtime, net, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    const times = await versus(await assaySide(net, 1), theirs, 40);
    const against = "onnxruntime-node (native), one thread";
    return { bench, value: times.ours, unit: "ms", against, ratio: times.ratio, rounds: times.rounds };
  } catch (error) {
    if (!/cannot open shared object|Cannot find module|not supported/.test(String(error))) throw error;
    return { bench, value: 0, unit: "ms; onnxruntime-node has no binary for this machine" };
  }
}

/** Whole networks beside ONNX runtimes: the same weights, answers compared, sides alternating in one process. */
export async function run(): Promise<BenchLine[]> {
  const mlp = perceptron(64);
  return [
    await web("engine.mlp64.f32s.1t", mlp, 40),
    await twoThreads(),
    await native(mlp),
    await web("engine.mobilenet.f32s.1t", mobilenet(), 20),
    await web("engine.cnn.f32s.1t", smallCnn(), 150),
  ];
}
