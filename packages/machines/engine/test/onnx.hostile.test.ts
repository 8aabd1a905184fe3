// Files that mean harm: each ends in a typed error, soon, whatever is done with it.
import { BaseError } from "@base/errors";
import { describe, expect, test } from "vitest";
import { foldBatchNorm } from "../src/onnx/fold.ts";
import { inspectOnnx } from "../src/onnx/inspect.ts";
import { importOnnx } from "../src/onnx/model.ts";
import { modelSchema } from "../src/onnx/proto.ts";
import { fromNumbers } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";
import { mobilenetFile } from "./mobilenet.ts";

type Fields = Record<string, unknown>;

const slot = (name: string, dims: readonly number[], elemType = 1): Fields => ({
  name,
  type: { tensorType: { elemType, shape: { dim: dims.map((value) => ({ value: BigInt(value) })) } } },
});
const int = (name: string, value: number): Fields => ({ name, i: BigInt(value), type: 2 });
const ints = (name: string, values: readonly number[]): Fields => ({ name, ints: values.map(BigInt), type: 7 });
const longsOf = (name: string, values: readonly number[]): Fields => ({
  name,
  dims: [BigInt(values.length)],
  dataType: 7,
  int64Data: values.map(BigInt),
});

interface Parts {
  readonly node: readonly Fields[];
  readonly initializer?: readonly Fields[];
  readonly input?: readonly Fields[];
  readonly output?: readonly Fields[];
}

function file({ node, initializer = [], input = [slot("x", [2, 2])], output = [{ name: "y" }] }: Parts): Uint8Array {
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: 17n }],
    graph: { name: "g", node, initializer, input, output },
  });
}

const relu = (from: string, to: string): Fields => ({ opType: "Relu", input: [from], output: [to] });
const nested = (depth: number): Fields => ({
  name: "b",
  node: [
    depth === 0
      ? relu("x", "r")
      : {
          opType: "If",
          input: ["c"],
          output: ["r"],
          attribute: [
            { name: "then_branch", g: nested(depth - 1), type: 5 },
            { name: "else_branch", g: nested(0), type: 5 },
          ],
        },
  ],
  output: [{ name: "r" }],
});

const HOSTILE: Readonly<Record<string, () => Uint8Array>> = {
  "a cycle": () => file({ node: [relu("b", "a"), relu("a", "b"), relu("b", "y")] }),
  "a node that reads itself": () => file({ node: [relu("y", "y")] }),
  "an input of a huge shape": () => file({ node: [relu("x", "y")], input: [slot("x", [2 ** 40, 2 ** 20])] }),
  "an input of a negative shape": () => file({ node: [relu("x", "y")], input: [slot("x", [-4, 2])] }),
  "an initialiser that claims more than it has": () =>
    file({
      node: [relu("w", "y")],
      initializer: [{ name: "w", dims: [2n ** 20n, 2n ** 6n], dataType: 1, rawData: new Uint8Array(16) }],
    }),
  "an initialiser beyond any limit": () =>
    file({
      node: [relu("w", "y")],
      initializer: [{ name: "w", dims: [2n ** 62n, 2n ** 62n], dataType: 1, rawData: new Uint8Array(16) }],
    }),
  "an initialiser of a negative extent": () =>
    file({
      node: [relu("w", "y")],
      initializer: [{ name: "w", dims: [-1n], dataType: 1, rawData: new Uint8Array(4) }],
    }),
  "an initialiser of an unknown type": () =>
    file({
      node: [relu("w", "y")],
      initializer: [{ name: "w", dims: [1n], dataType: 99, rawData: new Uint8Array(4) }],
    }),
  "data in an external file": () =>
    file({
      node: [relu("w", "y")],
      initializer: [
        {
          name: "w",
          dims: [4n],
          dataType: 1,
          externalData: [{ key: "location", value: "/dev/zero" }],
          dataLocation: 1,
        },
      ],
    }),
  "a constant of a terabyte": () =>
    file({
      node: [{ opType: "ConstantOfShape", input: ["s"], output: ["y"] }],
      initializer: [longsOf("s", [2 ** 20, 2 ** 20])],
    }),
  "values that double forty times": () =>
    file({
      node: Array.from({ length: 40 }, (_, i) => ({
        opType: "Concat",
        input: [i === 0 ? "x" : `v${i}`, i === 0 ? "x" : `v${i}`],
        output: [i === 39 ? "y" : `v${i + 1}`],
        attribute: [int("axis", 0)],
      })),
    }),
  "a shape that grows beyond memory": () =>
    file({
      node: [{ opType: "Expand", input: ["x", "s"], output: ["y"] }],
      initializer: [longsOf("s", [2 ** 30, 2, 2])],
    }),
  "a tile of everything": () =>
    file({
      node: [{ opType: "Tile", input: ["x", "s"], output: ["y"] }],
      initializer: [longsOf("s", [2 ** 20, 2 ** 20])],
    }),
  "a range without end": () =>
    file({
      node: [{ opType: "Range", input: ["a", "b", "c"], output: ["y"] }],
      initializer: [
        ["a", 0],
        ["b", 2 ** 50],
        ["c", 1],
      ].map(([name, value]) => ({ name, dims: [], dataType: 7, int64Data: [BigInt(value as number)] })),
    }),
  "a loop of a million rounds inside a loop": () => {
    const body = (inner: readonly Fields[]): Fields => ({
      name: "b",
      node: [...inner, { opType: "Identity", input: ["go"], output: ["on"] }],
      input: [slot("i", [], 7), slot("go", [], 9)],
      output: [slot("on", [], 9)],
    });
    const loop = (graph: Fields): Fields => ({
      opType: "Loop",
      input: ["n", "t"],
      output: [],
      attribute: [{ name: "body", g: graph, type: 5 }],
    });
    const bool = { name: "t", dims: [], dataType: 9, int32Data: [1] };
    return file({
      node: [loop(body([loop(body([]))])), relu("x", "y")],
      initializer: [{ name: "n", dims: [], dataType: 7, int64Data: [1_000_000n] }, bool],
    });
  },
  "branches nested two hundred deep": () =>
    file({
      node: (nested(200) as { node: Fields[] }).node,
      input: [slot("x", [2, 2]), slot("c", [], 9)],
      output: [{ name: "r" }],
    }),
  "a convolution with a window of 2^40": () =>
    file({
      node: [
        { opType: "Conv", input: ["x", "w"], output: ["y"], attribute: [ints("kernel_shape", [2 ** 20, 2 ** 20])] },
      ],
      input: [slot("x", [1, 1, 4, 4])],
      initializer: [{ name: "w", dims: [1n, 1n, 1n, 1n], dataType: 1, rawData: new Uint8Array(4) }],
    }),
  "a convolution whose padding is an ocean": () =>
    file({
      node: [
        {
          opType: "Conv",
          input: ["x", "w"],
          output: ["y"],
          attribute: [ints("pads", [2 ** 19, 2 ** 19, 2 ** 19, 2 ** 19])],
        },
      ],
      input: [slot("x", [1, 1, 4, 4])],
      initializer: [{ name: "w", dims: [1n, 1n, 1n, 1n], dataType: 1, rawData: new Uint8Array(4) }],
    }),
  "a product that costs years": () =>
    file({
      node: [
        { opType: "MatMul", input: ["x", "x"], output: ["a"] },
        ...Array.from({ length: 64 }, (_, i) => ({
          opType: "MatMul",
          input: [i === 0 ? "a" : `v${i}`, "x"],
          output: [i === 63 ? "y" : `v${i + 1}`],
        })),
      ],
      input: [slot("x", [8192, 8192])],
    }),
};

/** Everything a file goes through; what is thrown must have been thrown on purpose. */
function everything(bytes: Uint8Array): string[] {
  const budget = 2 ** 25;
  const found: string[] = [];
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      expect(error, error instanceof Error ? error.stack : String(error)).toBeInstanceOf(BaseError);
      found.push((error as Error).name);
    }
  };
  attempt(() => void foldBatchNorm(bytes));
  attempt(() => {
    const { problem } = inspectOnnx(bytes, {}, budget);
    if (problem !== null) found.push(problem);
  });
  attempt(() => {
    const model = importOnnx(bytes);
    const feeds = Object.fromEntries(
      model.inputs.map(({ name, shape, dtype }) => {
        const extents = (shape ?? []).map((extent) =>
          typeof extent === "number" ? Math.min(Math.max(extent, 0), 64) : 1,
        );
        return [name, fromNumbers(dtype ?? "float32", extents, new Array(extents.reduce((a, b) => a * b, 1)).fill(1))];
      }),
    );
    model.obstacle(feeds);
    model.run(feeds, { budget });
  });
  return found;
}

describe("hostile files", () => {
  test.each(Object.keys(HOSTILE))("%s", (name) => {
    const started = performance.now();
    expect(everything((HOSTILE[name] as () => Uint8Array)()).length).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("a network cut or changed anywhere ends in a typed error or an answer", () => {
    const bytes = mobilenetFile(16, 0.1, 4);
    for (let i = 1; i < 20; i++) everything(bytes.subarray(0, Math.floor((bytes.length * i) / 20)));
    for (let i = 0; i < 20; i++) {
      const changed = bytes.slice();
      const at = Math.floor((bytes.length * i) / 20) + (i % 7);
      changed[at] = (changed[at] as number) ^ (1 << (i % 8));
      everything(changed);
    }
  });
});
