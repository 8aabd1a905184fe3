import * as ort from "onnxruntime-web";
import { Builder } from "../src/graph/build.ts";
import { Program } from "../src/graph/program.ts";
import { IntegerProduct } from "../src/i8s/matmul/product.ts";
import { requantiserFor } from "../src/i8s/requantise/reference.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import { onnxModel } from "./onnxModel.ts";
import { type Side, versus } from "./versus.ts";

/** One measured figure; a ratio above 1 means that Assay is ahead of the peer. */
export interface BenchLine {
  readonly bench: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
  readonly ratio?: number;
  /** Rounds whose medians these are. */
  readonly rounds?: string;
}

const [M, K, N] = [512, 1024, 1024] as const;
const ROUNDS = 40;

/** The int8 product of the same shape with packed weights, requantised to int8; like the other, without copies in and out. */
function integerSide(answer: () => Float32Array): Side {
  const bytes = (count: number, seed: number) => Int8Array.from(uniform(count, 127, seed, STREAM.init, 2));
  const product = new IntegerProduct(bytes(K * N, 1), M, K, N);
  product.write(bytes(M * K, 2));
  const requantiser = requantiserFor(1 / 4096);
  return { run: () => product.compute(requantiser), answer };
}

/** F32S matmul 512 x 1024 x 1024 on one thread, alternating with onnxruntime-web in the same process; medians. */
export async function run(): Promise<BenchLine[]> {
  const a = uniform(M * K, 1, 1, STREAM.init, 0);
  const b = uniform(K * N, 1, 1, STREAM.init, 1);
  const builder = new Builder();
  builder.output("y", builder.op("matmul", [builder.input("a", [M, K], "data"), builder.input("b", [K, N], "param")]));
  const program = new Program(builder.finish());
  program.write("a", a);
  program.write("b", b);
  ort.env.wasm.numThreads = 1;
  const model = onnxModel({
    input: { name: "x", shape: [M, K] },
    output: { name: "y", shape: [M, N] },
    initial: [{ name: "b", shape: [K, N], values: b }],
    nodes: [{ op: "MatMul", inputs: ["x", "b"], output: "y" }],
  });
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const feeds = { x: new ort.Tensor("float32", a, [M, K]) };
  let peer = new Float32Array();
  const theirs: Side = {
    run: async () => {
      peer = (await session.run(feeds)).y?.data as Float32Array<ArrayBuffer>;
    },
    answer: () => peer,
  };
  const ours: Side = { run: () => program.run(), answer: () => program.read("y") };
  const times = await versus(ours, theirs, ROUNDS);
  const integer = await versus(integerSide(ours.answer), ours, ROUNDS); // other numbers: nothing to compare
  const rate = (milliseconds: number) => (2 * M * K * N) / milliseconds / 1e6;
  return [
    {
      bench: "engine.matmul.i8s.1t",
      value: rate(integer.ours),
      unit: "GOP/s",
      against: "engine.matmul.f32s.1t",
      ratio: integer.ratio,
      rounds: integer.rounds,
    },
    {
      bench: "engine.matmul.f32s.1t",
      value: rate(times.ours),
      unit: "GFLOP/s",
      against: "onnxruntime-web",
      ratio: times.ratio,
      rounds: times.rounds,
    },
  ];
}
