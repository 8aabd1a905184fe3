// D27: claims about what boosted trees answer, played to the end on the chain.
import { randomWord } from "@machines/engine/random/philox.ts";
import { boost, type BoostSettings } from "@machines/engine/trees/boost.ts";
import { Predictor } from "@machines/engine/trees/ensemble.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@machines/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkTreeSizes, treesAnswerOf } from "../src/answerRun.ts";
import { getRun, putRun } from "../src/manifest.ts";
import type { Elements } from "../src/openTensor.ts";
import { Replay, type Run } from "../src/replay.ts";
import { Arena, attacking, defending, honest } from "./arena.ts";

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.open();
}, 60_000);
afterAll(() => arena?.close());

const FEATURES = 5;
const rows = (count: number, salt: number) =>
  Float32Array.from({ length: count * FEATURES }, (_, i) =>
    randomWord(3, 9, salt, 0, i) % 7 === 0 ? Number.NaN : (randomWord(3, 9, salt, 1, i) % 1000) / 31 - 16,
  );
const x = rows(200, 1);
const signal = Float32Array.from({ length: 200 }, (_, row) => {
  const [a, b] = [x[row * FEATURES] as number, x[row * FEATURES + 3] as number];
  return (Number.isNaN(a) ? 3 : a) + (Number.isNaN(b) ? -1 : 2 * b);
});
const base = { trees: 5, leaves: 6, minRows: 5, learningRate: 0.3 } as const;
const SETTINGS: Record<string, [BoostSettings, Float32Array]> = {
  regression: [{ ...base, task: "regression" }, signal],
  binary: [{ ...base, task: "binary" }, signal.map((value) => (value > 0 ? 1 : 0))],
  multiclass: [{ ...base, task: "multiclass", classes: 3 }, signal.map((v) => (v < -8 ? 0 : v < 6 ? 1 : 2))],
};

/** Says of one value that an element is one more, and of the answers that the last one is another. */
class Liar extends Replay {
  readonly #value: string;
  readonly #index: number;

  constructor(run: Run, value: string, index: number) {
    super(run);
    this.#value = value;
    this.#index = index;
  }

  protected override execute(low: number, given: Readonly<Record<string, Float32Array>>): readonly Elements[] {
    const values = super.execute(low, given).map((value) => value.slice());
    for (const [k, { name }] of this.program.values.entries()) {
      const value = values[k] as Elements;
      if (name === this.#value) more(value, this.#index);
      else if (name === "answers") more(value, value.length - 1);
    }
    return values;
  }
}

function more(values: Elements, index: number): void {
  if (values instanceof BigInt64Array) values[index] = (values[index] as bigint) + 1n;
  else {
    const words = new Int32Array(values.buffer, values.byteOffset, values.length);
    words[index] = (words[index] as number) + 1;
  }
}

describe.each(Object.entries(SETTINGS))("%s", (task, [how, y]) => {
  const ensemble = boost(x, y, how);
  const run = treesAnswerOf(ensemble, rows(4, 2));
  const truth = new Replay(run);
  const names = ["leaves", "scores", ...(task === "regression" ? [] : ["exponentials"]), "answers"];

  test("the answers are the model's, and a stored run is the same job", async () => {
    const answers = truth.valuesOf(1)[truth.outputIndex()] as Float32Array;
    const predictor = new Predictor(ensemble);
    for (let row = 0; row < 4; row++) {
      const one = (run.data[0] as Float32Array).subarray(row * FEATURES, (row + 1) * FEATURES);
      expect([...predictor.predict(one)]).toEqual([
        ...answers.subarray(row * ensemble.outputs, (row + 1) * ensemble.outputs),
      ]);
    }
    const dir = await mkdtemp(join(tmpdir(), "assay-trees-"));
    try {
      const store = await openStore({ dir });
      const again = new Replay(await getRun(store, await putRun(store, run)));
      expect(again.jobHash).toBe(truth.jobHash);
      expect(again.result).toBe(truth.result);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  test.each(names)("a lie about the %s is found, to the element", async (name) => {
    const index = 1;
    const liar = new Liar(run, name, index);
    expect(liar.jobHash).toBe(truth.jobHash);
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth);
    const { winner, computed, gas } = await arena.play(position, defending(liar), honest(attacking(truth)));
    expect(winner).toBe("CHALLENGER_WINS");
    expect(computed?.claimed).toBe(((computed?.truth ?? 0n) + 1n) % 2n ** 256n);
    expect(gas).toBeLessThan(2_200_000);
  });

  test.each(names)("a right answer is defended against who denies the %s", async (name) => {
    const liar = new Liar(run, name, 0);
    const { stand } = await arena.claim(truth.jobHash, truth.result);
    const { position } = await arena.challenge(stand, truth.result, truth);
    const { winner } = await arena.play(position, honest(defending(truth)), attacking(liar));
    expect(winner).toBe("DEFENDER_WINS");
  });
});

test("other trees, other rows, and a state where there is none", async () => {
  const ensemble = boost(x, signal, SETTINGS["regression"]?.[0] as BoostSettings);
  const run = treesAnswerOf(ensemble, rows(2, 3));
  const truth = new Replay(run);
  const bent = structuredClone(ensemble);
  const [tree] = bent.trees as unknown as [{ feature: number[]; value: number[] }];
  const leaf = tree.feature.indexOf(-1);
  tree.value[leaf] = (tree.value[leaf] as number) + 1;
  expect(new Replay(treesAnswerOf(bent, rows(2, 3))).jobHash).not.toBe(truth.jobHash);
  expect(new Replay(treesAnswerOf(ensemble, rows(2, 4))).jobHash).not.toBe(truth.jobHash);
  class NoState extends Liar {
    override computeRoot(low: number): `0x${string}` {
      return low === 1 ? `0x${"77".repeat(32)}` : super.computeRoot(low);
    }
  }
  class OtherTrees extends Liar {
    protected override rootOf(values: readonly Elements[], k: number): `0x${string}` {
      return this.program.values[k]?.dtype === "trees" ? `0x${"88".repeat(32)}` : super.rootOf(values, k);
    }
  }
  for (const liar of [new NoState(run, "answers", 0), new OtherTrees(run, "answers", 0)]) {
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth);
    const { winner } = await arena.play(position, defending(liar), honest(attacking(truth)));
    expect(winner).toBe("CHALLENGER_WINS");
  }
});

test("trees that no transaction could open are refused, when claimed and when checked", async () => {
  const ensemble = boost(x, signal, SETTINGS["regression"]?.[0] as BoostSettings);
  expect(() => treesAnswerOf(ensemble, x.subarray(1))).toThrow(/rows of 5 numbers/);
  expect(() => treesAnswerOf(ensemble, x.subarray(0, 0))).toThrow(/rows of 5 numbers/);
  expect(() => checkTreeSizes({ ...ensemble, features: 20_000 })).toThrow(/too large/);
  const trees = Array.from({ length: 8_193 }, () => ensemble.trees[0] as (typeof ensemble.trees)[number]);
  expect(() => treesAnswerOf({ ...ensemble, trees }, x)).toThrow(/too large/);
});
