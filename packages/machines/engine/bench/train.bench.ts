import type * as Jax from "@jax-js/jax";
import { gradients } from "../src/graph/autodiff.ts";
import { Builder } from "../src/graph/build.ts";
import { Program } from "../src/graph/program.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import { meanCrossEntropy } from "../src/train/losses.ts";
import { sgd } from "../src/train/optimizers.ts";
import type { BenchLine } from "./matmul.bench.ts";
import { type Side, versus } from "./versus.ts";

const WIDTHS = [784, 256, 256, 10] as const;
const BATCH = 256;
const RATE = 0.1;

interface Tensor {
  readonly shape: readonly [number, number];
  readonly values: Float32Array;
}

/** Weights and biases in turn. */
function parameters(): Tensor[] {
  return [0, 1, 2].flatMap((layer) => {
    const [from, to] = [WIDTHS[layer] as number, WIDTHS[layer + 1] as number];
    const limit = Math.sqrt(6 / from);
    return [
      { shape: [from, to] as const, values: uniform(from * to, limit, 5, STREAM.init, layer) },
      { shape: [1, to] as const, values: new Float32Array(to) },
    ];
  });
}

const x = uniform(BATCH * WIDTHS[0], 1, 6, STREAM.init, 0);
const t = Float32Array.from({ length: BATCH * 10 }, (_, i) => (i % 10 === Math.floor(i / 10) % 10 ? 1 : 0));

function assayStep(): Side {
  const b = new Builder();
  let value = b.input("x", [BATCH, WIDTHS[0]], "data");
  const target = b.input("t", [BATCH, 10], "data");
  const list = parameters();
  const names = list.map(({ shape }, index) => b.input(`p${index}`, shape, "param"));
  for (let layer = 0; layer < 3; layer++) {
    const [w, bias] = [names[layer * 2] as string, names[layer * 2 + 1] as string];
    value = b.op("add", [b.op("matmul", [value, w]), bias]);
    if (layer < 2) value = b.op("relu", [value]);
  }
  const loss = meanCrossEntropy(b, value, target);
  b.output("loss", loss);
  sgd(b, names, gradients(b, loss, names), RATE);
  const program = new Program(b.finish());
  list.forEach(({ values }, index) => {
    program.write(`p${index}`, values);
  });
  program.write("x", x);
  program.write("t", t);
  return { run: () => program.run(), answer: () => program.read("loss") };
}

type Arrays = ReturnType<typeof Jax.numpy.array>[];

async function jaxStep(jax: typeof Jax): Promise<Side> {
  const { nn, numpy: np } = jax;
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const tensor = ({ shape, values }: Tensor) => np.array(values as Float32Array<ArrayBuffer>).reshape([...shape]);
  let state: Arrays = parameters().map(tensor);
  const input = tensor({ shape: [BATCH, WIDTHS[0]], values: x });
  const target = tensor({ shape: [BATCH, 10], values: t });
  const lossOf = (p: Arrays, rows: Arrays[0], wanted: Arrays[0]) => {
    const [w0, b0, w1, b1, w2, b2] = p as [Arrays[0], Arrays[0], Arrays[0], Arrays[0], Arrays[0], Arrays[0]];
    const first = nn.relu(np.matmul(rows, w0).add(b0));
    const second = nn.relu(np.matmul(first, w1).add(b1));
    return np.mean(np.sum(nn.logSoftmax(np.matmul(second, w2).add(b2)).mul(wanted), 1)).neg();
  };
  const step = jax.jit((p: Arrays, rows: Arrays[0], wanted: Arrays[0]) => {
    const [loss, slopes] = jax.valueAndGrad(lossOf)(jax.tree.ref(p), rows, wanted);
    return [loss, p.map((value, index) => value.sub((slopes as Arrays)[index]?.mul(RATE) as Arrays[0]))];
  });
  let last = new Float32Array();
  return {
    run: async () => {
      const [loss, next] = step(state, input.ref, target.ref) as unknown as [Arrays[0], Arrays];
      state = next;
      await jax.blockUntilReady(next.map((value) => value.ref));
      last = (await loss.data()) as Float32Array<ArrayBuffer>;
    },
    answer: () => last,
  };
}

/** One training step of a 784-256-256-10 perceptron, batch 256, beside jax-js in the same run. */
export async function run(): Promise<BenchLine[]> {
  // onnxruntime-web, measured before in this process, leaves a global Worker that jax-js takes for a browser's.
  const worker = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  Reflect.deleteProperty(globalThis, "Worker");
  const times = await versus(assayStep(), await jaxStep(await import("@jax-js/jax")), 40).finally(() => {
    if (worker) Object.defineProperty(globalThis, "Worker", worker);
  });
  return [
    {
      bench: "engine.trainstep",
      value: times.ours,
      unit: "ms",
      against: "jax-js, jitted",
      ratio: times.ratio,
      rounds: times.rounds,
    },
  ];
}
