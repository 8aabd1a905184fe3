import fc from "fast-check";
import { expect, test } from "vitest";
import { randomWord } from "../random/philox.ts";
import { boost, type BoostSettings } from "./boost.ts";
import { decodeEnsemble, encodeEnsemble, EnsembleError, ensembleHash, ensembleRoot } from "./encode.ts";
import type { Ensemble } from "./ensemble.ts";

const unit = (a: number, i: number) => randomWord(8, 95, a, 0, i) / 2 ** 32;
const x = Float32Array.from({ length: 300 }, (_, i) => (unit(1, i) < 0.1 ? Number.NaN : unit(2, i)));
const y = Float32Array.from({ length: 100 }, (_, row) => ((x[row * 3] || 0) + (x[row * 3 + 1] || 0) > 0.9 ? 1 : 0));
const settings: BoostSettings = { task: "binary", trees: 5, leaves: 6, learningRate: 0.3, minRows: 5 };
const model = boost(x, y, settings);
const bytes = encodeEnsemble(model);

test("bytes and ensemble are two forms of one thing", () => {
  expect(decodeEnsemble(bytes)).toEqual(model);
  expect(encodeEnsemble(decodeEnsemble(bytes))).toEqual(bytes);
  expect(ensembleHash(decodeEnsemble(bytes))).toBe(ensembleHash(model));
});

test("the root changes with any number of any tree", () => {
  const root = ensembleRoot(model);
  const value = model.trees[2]?.value.map((leaf) => (leaf === 0 ? 0 : leaf + 1)) as number[];
  const other = { ...model, trees: model.trees.map((tree, index) => (index === 2 ? { ...tree, value } : tree)) };
  expect(ensembleRoot(other)).not.toBe(root);
  expect(ensembleRoot({ ...model, trees: model.trees.slice(0, 4) })).not.toBe(root);
});

test("any altered byte is refused or gives another ensemble", () => {
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const altered = bytes.slice();
      altered[at] = (altered[at] as number) ^ flip;
      let read: Ensemble;
      try {
        read = decodeEnsemble(altered);
      } catch (error) {
        return error instanceof EnsembleError;
      }
      return Buffer.compare(encodeEnsemble(read), altered) === 0;
    }),
    { numRuns: 600, seed: 1 },
  );
});

test("cut, stretched and foreign bytes are refused", () => {
  for (let length = 0; length < bytes.length; length += 7)
    expect(() => decodeEnsemble(bytes.subarray(0, length))).toThrow(EnsembleError);
  expect(() => decodeEnsemble(Uint8Array.of(...bytes, 0))).toThrow(/after the last/);
  expect(() => decodeEnsemble(new TextEncoder().encode("tree,leaf\n1,2\n and more of it"))).toThrow(EnsembleError);
});
