// Claims about answers: of a network trained here, and of the same one as an ONNX file.
import type { Context } from "@kernel/capability";
import { loadModel, parseCsv, type Table, train } from "@machines/engine";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { sampleOf } from "@machines/engine/model/model.ts";
import { exportOnnx } from "@machines/engine/onnx/export.ts";
import { importOnnx } from "@machines/engine/onnx/model.ts";
import { validateRecipe } from "@machines/engine/recipe/validate.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aboutHolds, spokenAbout } from "../src/about.ts";
import { numbersOf, rowOf } from "../src/answerInput.ts";
import { answerOf, givenOf, modelAnswerOf, onnxAnswerOf } from "../src/answerRun.ts";
import { aboutOf, getRun, putRun } from "../src/manifest.ts";
import { Replay } from "../src/replay.ts";
import { Arena, attacking, defending, honest } from "./arena.ts";
import { LyingReplay, ulp } from "./runs.ts";

const csv = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 5) % 11},${((i % 7) * ((i * 5) % 11)) / 60}`);
const table: Table = parseCsv(new TextEncoder().encode(["a,b,y", ...csv].join("\n")));
const recipe = validateRecipe({
  version: 2,
  task: "regression",
  target: "y",
  inputs: [{ column: "a" }, { column: "b" }],
  model: { kind: "mlp", hidden: [40] },
  split: { by: "ratio", train: 0.7, valid: 0.1 },
  seed: 1,
  checkpointEvery: 10,
  batch: 8,
  epochs: 2,
  optimizer: { kind: "sgd", learningRate: 0.01 },
});
const ROW = 11;
let arena: Arena;
let bundle: Uint8Array;
beforeAll(async () => {
  bundle = (await train(table, recipe)).model;
  arena = await Arena.open();
}, 60_000);
afterAll(() => arena?.close());

const answered = (replay: Replay) => replay.valuesOf(1)[replay.outputIndex()] as Float32Array;
const onnxOf = () => ({ bytes: exportOnnx(bundle), given: givenFor(exportOnnx(bundle)) });
const givenFor = (bytes: Uint8Array) => {
  const [slot] = importOnnx(bytes).inputs;
  const values = sampleOf(decodeBundle(bundle), table, ROW);
  return [{ name: slot?.name ?? "", shape: [1, values.length], values }];
};

/** D23. */
test("the run of an answer gives the bits that the model answers", () => {
  const replay = new Replay(answerOf(bundle, sampleOf(decodeBundle(bundle), table, ROW)));
  const said = loadModel(bundle).predict(table)[ROW]?.output;
  expect(Array.from(answered(replay))).toEqual([said]);
  expect(replay.job).toMatchObject({ steps: 1n, rows: 1n, batch: 1n, stepsPerEpoch: 0n });
  expect(replay.job.output).toBeGreaterThan(0n);
  const other = new Replay(answerOf(bundle, sampleOf(decodeBundle(bundle), table, ROW + 1)));
  expect(other.jobHash).not.toBe(replay.jobHash);
});

/** D23. */
test("an ONNX model's answer is a run too, with the same bits as running the file", () => {
  const { bytes, given } = onnxOf();
  const replay = new Replay(onnxAnswerOf(bytes, given));
  const model = importOnnx(bytes);
  const [input, output] = [model.inputs[0]?.name ?? "", model.outputs.at(-1)?.name ?? ""];
  const { shape, values } = given[0] as (typeof given)[0];
  const ran = model.run({ [input]: { dtype: "float32", shape, data: values } })[output] as { data: Float32Array };
  expect(Array.from(answered(replay))).toEqual(Array.from(ran.data));
  expect(() => onnxAnswerOf(bytes, given, "nothing")).toThrow(/no output "nothing"/);
  expect(() => onnxAnswerOf(bytes, [])).toThrow(/must be given/);
});

/** D23, on the chain: one unit in the last place of the last product. */
test.each(["trained here", "ONNX"])("a wrong answer of a network is found, to the element: %s", async (kind) => {
  const run =
    kind === "ONNX"
      ? onnxAnswerOf(onnxOf().bytes, onnxOf().given)
      : answerOf(bundle, sampleOf(decodeBundle(bundle), table, ROW));
  const truth = new Replay(run);
  const value = truth.program.values.findLastIndex(({ op }) => op === "matmulT");
  const liar = new LyingReplay(run, [{ low: 1, value, change: (values) => ulp(values, 0) }]);
  expect(liar.result).not.toBe(truth.result);
  const { stand } = await arena.claim(truth.jobHash, liar.result);
  const { position } = await arena.challenge(stand, liar.result, truth);
  const { winner, computed } = await arena.play(position, defending(liar), honest(attacking(truth)));
  expect(winner).toBe("CHALLENGER_WINS");
  expect(computed?.truth).not.toBe(computed?.claimed);
  const right = await arena.claim(truth.jobHash, truth.result);
  const again = await arena.challenge(right.stand, truth.result, truth);
  const second = await arena.play(again.position, honest(defending(truth)), attacking(liar));
  expect(second.winner).toBe("DEFENDER_WINS");
});

/** D24. */
test("what a manifest says that a job is holds for the named assets only", async () => {
  const blobs = new Map<string, Uint8Array | object>();
  const { bytes, given } = onnxOf();
  let count = 0;
  const name = () => `0x${(++count).toString(16).padStart(64, "0")}` as const;
  const kept = <T extends Uint8Array | object>(value: T) => {
    const hash = name();
    blobs.set(hash, value);
    return hash;
  };
  const store = {
    put: async (value: Uint8Array) => kept(value.slice()),
    putJson: async (value: object) => kept(JSON.parse(JSON.stringify(value)) as object),
    get: async (hash: string) => blobs.get(hash) as Uint8Array,
    getJson: async (hash: string) => blobs.get(hash) as object,
  };
  const root = kept(bytes);
  const statement = kept({ ...PROGRAM, root, size: bytes.length, inputs: [], outputs: [] });
  const context = {
    store,
    contracts: { get: () => ({ address: "0x", abi: [] }) },
    chain: {
      chainId: 1,
      read: async (_: unknown, what: string, [id]: [bigint]) => (what === "exists" ? id === 4n : { root, statement }),
    },
  } as unknown as Context;
  const run = onnxAnswerOf(bytes, given);
  const about = { kind: "answer" as const, model: "4", root };
  const manifest = await putRun(store as never, run, about);
  expect(await aboutOf(store as never, manifest)).toEqual(about);
  expect(spokenAbout(about)).toBe("answer of model 4");
  const again = await getRun(store as never, manifest);
  const job = new Replay(again).jobHash;
  expect(job).toBe(new Replay(run).jobHash);
  expect(await aboutHolds(context, about, again, job)).toBe(true);
  expect(await aboutHolds(context, { ...about, model: "5" }, again, job)).toBeUndefined();
  expect(await aboutHolds(context, { ...about, root: name() }, again, job)).toBe(false);
  // The weights of another model under this one's name.
  const other = {
    ...again,
    first: again.first.map((one) => (one.kind === "given" ? { ...one, values: one.values.map((v) => v + 1) } : one)),
  };
  expect(await aboutHolds(context, about, other, new Replay(other).jobHash)).toBe(false);
});

const PROGRAM = {
  type: "assay/program/1",
  name: "made",
  licence: "CC0-1.0",
  price: "0",
  currency: `0x${"1".repeat(40)}`,
  royaltyBps: 0,
  creator: `0x${"2".repeat(40)}`,
  createdAt: "2026-01-01T00:00:00.000Z",
  mediaType: "application/onnx",
  parents: [],
  origin: { kind: "import", source: `0x${"3".repeat(64)}`, rewrites: [], producer: "", opsets: {} },
  operators: {},
  parameters: 1,
  intendedUse: "tests",
};

test("input is read as numbers, or refused", () => {
  expect(numbersOf({ x: [[1, 2]] })).toEqual([{ name: "x", shape: [1, 2], values: Float32Array.of(1, 2) }]);
  expect(numbersOf([1, 2])).toMatchObject([{ name: "x", shape: [2] }]);
  expect(() => numbersOf({ x: [[1], [2, 3]] })).toThrow(/equal lengths/);
  expect(() => numbersOf({ x: ["1"] })).toThrow(/must be numbers/);
  const statement = { ...PROGRAM, mediaType: "application/onnx" } as never;
  expect(() => rowOf({ bytes: new Uint8Array(), statement }, table, 0)).toThrow(/does not say how a row/);
  const integers = { ...PROGRAM, mediaType: "application/x-integers" } as never;
  expect(() => modelAnswerOf({ bytes: new Uint8Array(), statement: integers }, [])).toThrow(/cannot be claimed yet/);
  expect(givenOf(answerOf(bundle, Float32Array.of(1, 2)))).toMatchObject([{ name: "x" }]);
});
