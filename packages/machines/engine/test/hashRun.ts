// Prints one line of hashes: a training run, an explained decision, random bits through every operator, and a
// control that fuses multiply-add where the processor can. Started with different V8 flags by matrix.test.ts.
import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { toBytes } from "../src/bits.ts";
import { Builder } from "../src/graph/build.ts";
import { sizeOf } from "../src/graph/ir.ts";
import { Program } from "../src/graph/program.ts";
import { loadModel, sliceTable, train } from "../src/index.ts";
import { boost } from "../src/trees/boost.ts";
import { f32x4, v128 } from "../src/wasm/code.ts";
import { ModuleBuilder } from "../src/wasm/emit.ts";
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

/** A convolutional network and a transformer, trained for an epoch: every operator that recipes use, forward and back. */
async function hashNetworks(): Promise<string> {
  const short = { epochs: 1, batch: 8 };
  const digits = await train(digitTable(40, 12, 4), { ...DIGIT_RECIPE, ...short });
  const moods = await train(moodTable(40), { ...MOOD_RECIPE, ...short });
  return sha256Hex(utf8(digits.modelRoot), utf8(moods.modelRoot));
}

/** relaxed_madd (0xfd 0x105) rounds once or twice, by hardware: what the kernels must never use. */
function hashRelaxed(): string {
  const module = new ModuleBuilder();
  module.function("madd", ["i32"], (f) => {
    const at = f.param(0);
    const operands = [...v128.load(at.get), ...v128.load(at.get, 16), ...v128.load(at.get, 32)];
    f.body(v128.store(at.get, [...operands, 0xfd, 0x85, 0x02], 48), [...f32x4.lane0(v128.load(at.get)), 0x1a]);
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const values = new Float32Array(memory.buffer, 0, 16);
  values.set([1.1, 1.3, 1.7, 1.9, 1.01, 1.03, 1.07, 1.09, -1.111, -1.339, -1.819, -2.071]);
  (instance.exports.madd as (at: number) => void)(0);
  return sha256Hex(toBytes(values.slice(12)));
}

const table = weatherTable(600);
const result = await train(table, { ...WEATHER_RECIPE, split: { by: "ratio", train: 0.7 }, epochs: 4 });
const decision = loadModel(result.model).run(sliceTable(table, 500, 520));
const reasons = toBytes(Float32Array.from(decision.contributions, ({ value }) => value));
console.log(
  JSON.stringify({
    model: result.modelRoot,
    finalRoot: result.run.finalRoot,
    output: decision.outputWad.toString(),
    reasons: sha256Hex(reasons),
    operators: hashOperators(),
    trees: hashTrees(),
    networks: await hashNetworks(),
    relaxed: hashRelaxed(),
  }),
);
