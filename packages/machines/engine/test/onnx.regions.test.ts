import { expect, test } from "vitest";
import { toHexBits } from "../src/bits.ts";
import { importOnnx, type OnnxModel } from "../src/onnx/model.ts";
import { fromNumbers, longs, type OnnxTensor } from "../src/onnx/tensor.ts";
import { imageNetwork, type Network, random, Sketch, tokenNetwork } from "./onnxNetworks.ts";

const bits = (model: OnnxModel, feeds: Readonly<Record<string, OnnxTensor>>, nodes: boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(model.run(feeds, { nodes })).map(([name, value]) => {
      const { shape, data } = value as OnnxTensor;
      return [name, `${shape.join("x")}:${toHexBits(data as Float32Array)}`];
    }),
  );

const NETWORKS: Readonly<Record<string, Network>> = {
  "an image that shrinks and grows": imageNetwork(16, 4),
  "tokens through two blocks": tokenNetwork(9, 16, 2, 30, 2),
};

test.each(Object.entries(NETWORKS))("%s: regions give the bits of the nodes, run after run", (_, { file, feeds }) => {
  const model = importOnnx(file);
  expect(model.obstacle(feeds), "no single program").toBeDefined();
  const wanted = bits(model, feeds, true);
  for (let run = 0; run < 3; run++) expect(bits(model, feeds, false)).toEqual(wanted);
});

test("other extents make another plan, other numbers do not", () => {
  const { file } = tokenNetwork(9, 16, 2, 30, 1);
  const model = importOnnx(file);
  for (const ids of [
    [1, 2, 3],
    [3, 2, 1],
    [7, 7, 7, 7, 7],
    [1, 2, 3],
  ]) {
    const feeds = { ids: { ...longs(ids), shape: [1, ids.length] } };
    expect(bits(model, feeds, false)).toEqual(bits(model, feeds, true));
  }
});

test("extents that depend on what the data say fall back to the nodes", () => {
  const g = new Sketch();
  const places = g.node("Transpose", [
    g.node("NonZero", [g.node("Relu", [g.node("Mul", ["x", g.weight(random([6], 3))])])]),
  ]);
  const picked = g.node("GatherND", ["x", places]);
  const size = g.node("Cast", [g.node("Shape", [picked])], [{ name: "to", i: 1n, type: 2 }]);
  const y = g.node("Mul", [g.node("Add", [g.node("Exp", [picked]), picked]), size]);
  const model = importOnnx(g.file([["x", 1, [6]]], [y]));
  const lists = [
    [1, 1, 1, 1, 1, 1],
    [1, -1, 1, -1, 1, 1],
    [-1, 1, 1, 1, -1, 1],
    [1, 1, 1, 1, 1, 1],
  ];
  for (const list of [...lists, ...lists]) {
    const feeds = { x: fromNumbers("float32", [6], list) };
    expect(bits(model, feeds, false)).toEqual(bits(model, feeds, true));
  }
});

test("a budget that ends within a region is refused by the node that breaks it", () => {
  const { file, feeds } = imageNetwork(16, 4);
  const model = importOnnx(file);
  model.run(feeds);
  expect(() => model.run(feeds, { budget: 200_000 })).toThrow(/\(node "n\d+"\).*would cost/);
});
