// What has to be the same everywhere: a training run, an explained decision, random bits through every operator, trees, int8
// products, and a convolutional network's training on several numbers of threads. Run by hashRun.ts in Node under V8's
// flags, and by page.ts in a browser.
import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { toBytes } from "../src/bits.ts";
import { gradients } from "../src/graph/autodiff.ts";
import { Builder } from "../src/graph/build.ts";
import { type Graph, sizeOf } from "../src/graph/ir.ts";
import { Program } from "../src/graph/program.ts";
import { IntegerProduct } from "../src/i8s/matmul/product.ts";
import { requantiserFor } from "../src/i8s/requantise/reference.ts";
import { loadModel, sliceTable, train } from "../src/index.ts";
import { randomWord, STREAM, uniform } from "../src/random/philox.ts";
import { meanCrossEntropy } from "../src/train/losses.ts";
import { sgd } from "../src/train/optimizers.ts";
import { boost } from "../src/trees/boost.ts";
import { build, FORMS, ordinaryBits, randomBits } from "./bits.ts";
import { DIGIT_RECIPE, digitTable, MOOD_RECIPE, moodTable } from "./made.ts";
import { WEATHER_RECIPE, weatherTable } from "./weather.ts";

function hashOperators(): string {
  const parts = FORMS.map((form, index) => {
    const b = new Builder();
    b.output("y", build(b, form));
    const program = new Program(b.finish());
    form.shapes.forEach((shape, i) => {
      program.write(`x${i}`, (index % 2 === 0 ? ordinaryBits : randomBits)(sizeOf(shape), 31 * index + i));
    });
    program.run();
    return toBytes(program.read("y"));
  });
  return sha256Hex(...parts);
}

function hashTrees(): string {
  const x = Float32Array.from(randomBits(3000, 77), (value) => (Number.isFinite(value) ? value : 0));
  const y = Float32Array.from({ length: 1000 }, (_, row) =>
    (x[row * 3] as number) > (x[row * 3 + 1] as number) ? 1 : 0,
  );
  const model = boost(x, y, { task: "binary", trees: 20, leaves: 8, learningRate: 0.1 });
  return sha256Hex(canonicalJsonBytes(model));
}

function hashIntegers(): string {
  const [m, k, n] = [70, 131, 45];
  const draw = (count: number, seed: number) =>
    Int8Array.from({ length: count }, (_, i) => (i % 11 === 0 ? -128 : randomWord(seed, 90, 0, 0, i) >>> 24));
  const product = new IntegerProduct(draw(k * n, 1), m, k, n);
  const a = draw(m * k, 2);
  const bytes = (values: Int8Array | Int32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return sha256Hex(bytes(product.sums(a)), bytes(product.run(a, requantiserFor(1 / 700, 3))));
}

/** A convolutional network and a transformer, trained for an epoch: every operator that recipes use, forward and back. */
async function hashTrained(): Promise<string> {
  const short = { epochs: 1, batch: 8 };
  const digits = await train(digitTable(40, 12, 4), { ...DIGIT_RECIPE, ...short });
  const moods = await train(moodTable(40), { ...MOOD_RECIPE, ...short });
  return sha256Hex(utf8(digits.modelRoot), utf8(moods.modelRoot));
}

/** A training step of a small network with plain, depthwise and pointwise convolutions, large enough to be cut into tasks. */
function convolutionalStep(): Graph {
  const b = new Builder();
  const x = b.input("x", [3, 4, 30, 30], "data");
  const names: string[] = [];
  const param = (shape: readonly number[]): string => {
    const name = b.input(`p${names.length}`, shape, "param");
    names.push(name);
    return name;
  };
  const convolve = (value: string, w: readonly number[], attrs: Record<string, number | readonly number[]>): string => {
    const bias = b.op("reshape", [param([w[0] as number])], { shape: [w[0] as number, 1, 1] });
    const sum = b.op("add", [b.op("conv2d", [value, param(w)], attrs), bias]);
    return b.op("clip", [sum], { low: 0, high: 6 });
  };
  const pads = [1, 1, 1, 1];
  let value = convolve(x, [16, 4, 3, 3], { pads, strides: [2, 2] });
  value = convolve(value, [16, 1, 3, 3], { pads, groups: 16 });
  const wide = convolve(value, [24, 16, 1, 1], {});
  value = convolve(wide, [24, 24, 3, 3], { pads });
  value = b.op("maxpool", [b.op("add", [wide, value])], { kernel: [3, 3], strides: [2, 2] });
  value = convolve(value, [24, 1, 3, 3], { pads, groups: 24, strides: [2, 2] });
  value = b.op("reshape", [b.op("avgpool", [value], { kernel: [4, 4] })], { shape: [3, 24] });
  value = b.op("add", [b.op("matmul", [value, param([24, 5])]), param([1, 5])]);
  const loss = meanCrossEntropy(b, value, b.input("t", [3, 5], "data"));
  b.output("loss", loss);
  sgd(b, names, gradients(b, loss, names), 0.05);
  return b.finish();
}

/** The network after three steps on so many threads; `helped` counts tasks that other threads took. */
async function hashNetwork(threads: number): Promise<{ hash: string; helped: number }> {
  const graph = convolutionalStep();
  const program = new Program(graph, { threads });
  await program.ready();
  graph.inputs.forEach(({ name, shape }, index) => {
    program.write(name, uniform(sizeOf(shape), 0.5, 11, STREAM.init, index));
  });
  program.write(
    "t",
    Float32Array.from({ length: 15 }, (_, i) => (i % 5 === Math.floor(i / 5) ? 1 : 0)),
  );
  for (let step = 0; step < 3; step++) program.run();
  const parts = graph.updates.map(({ target }) => toBytes(program.read(target)));
  return { hash: sha256Hex(...parts, toBytes(program.read("loss"))), helped: program.helped };
}

/** Hashes by subject; those of the network, one per number of threads, are to be equal. */
export async function hashes(threads: readonly number[]): Promise<{ hashes: Record<string, string>; helped: number }> {
  const table = weatherTable(600);
  const result = await train(table, { ...WEATHER_RECIPE, split: { by: "ratio", train: 0.7 }, epochs: 4 });
  const decision = loadModel(result.model).run(sliceTable(table, 500, 520));
  const reasons = toBytes(Float32Array.from(decision.contributions, ({ value }) => value));
  const found: Record<string, string> = {
    model: result.modelRoot,
    finalRoot: result.run.finalRoot,
    output: decision.outputWad.toString(),
    reasons: sha256Hex(reasons),
    operators: hashOperators(),
    trees: hashTrees(),
    integers: hashIntegers(),
    trained: await hashTrained(),
  };
  let helped = 0;
  for (const count of threads) {
    const network = await hashNetwork(count);
    found[`network on ${count}`] = network.hash;
    helped += network.helped;
  }
  return { hashes: found, helped };
}
