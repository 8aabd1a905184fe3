import { merkleRoot } from "@base/bytes/merkle.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as sample from "../test/samples.ts";
import { FormatError } from "./errors.ts";
import { readForeign } from "./foreign.ts";
import { type Profile, type ProfileOptions, profile } from "./profile.ts";
import { recognise } from "./recognise.ts";
import { bytesSource } from "./source.ts";

const of = (bytes: Uint8Array, options?: ProfileOptions) => profile(bytesSource(bytes), options);
const column = (found: Profile, name: string) => found.table?.columns.find((one) => one.name === name);
const linesOf = (lines: readonly string[]) => sample.text(`${lines.join("\n")}\n`);
const ofCsv = (lines: readonly string[]) => of(linesOf(lines), { format: "csv" });

describe("tables", () => {
  test.each(["csv", "jsonl", "parquet", "arrow"] as const)(
    "%s: the same table gives the same profile",
    async (format) => {
      const found = await of(sample.tables[format]);
      expect(found.format).toBe(format);
      const base = await of(sample.csv);
      expect(found.table).toEqual(base.table);
      expect(found.table?.rows).toBe(500);
    },
  );

  test("statistics are those of the numbers", async () => {
    const found = await of(sample.csv);
    const values = sample.rows.flatMap(({ x }) => (x === null ? [] : [x])).sort((a, b) => a - b);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    const x = column(found, "x");
    expect(x).toMatchObject({
      type: "number",
      count: 450,
      missing: 50,
      unfit: 0,
      distinct: { count: 450, exact: true },
    });
    expect(x?.numbers).toMatchObject({ min: values[0], max: values.at(-1), exact: true });
    expect(x?.numbers?.mean).toBeCloseTo(mean, 9);
    expect(x?.numbers?.std).toBeCloseTo(std, 9);
    expect(x?.numbers?.percentiles[50]).toBe(values[Math.round(449 / 2)]);
    expect(x?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(450);
    expect(column(found, "word")?.top).toEqual([
      { value: "green", count: 167 },
      { value: "red", count: 167 },
      { value: "blue", count: 166 },
    ]);
    expect(column(found, "day")).toMatchObject({ type: "date", distinct: { count: 200, exact: true } });
    expect(column(found, "flag")).toMatchObject({ type: "boolean", count: 500 });
  });

  test("histograms count every value in its bin, whatever the order and range", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1024),
          { minLength: 1 },
        ),
        async (values) => {
          const found = await ofCsv(["v", ...values.map(String)]);
          const { start, width, counts } = column(found, "v")?.histogram ?? { start: 0, width: 0, counts: [] };
          const by = counts.map(
            (_, i) =>
              values.filter((v) => (width === 0 ? v === start : v >= start + i * width && v < start + (i + 1) * width))
                .length,
          );
          expect(counts).toEqual(by);
          expect(counts.length).toBeLessThanOrEqual(64);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("many different values are estimated within a few percent, and percentiles come from a fair sample", async () => {
    const found = await ofCsv(["v", ...Array.from({ length: 60_000 }, (_, i) => String((i * 7919) % 50_000))]);
    const { distinct, numbers } = column(found, "v") ?? {};
    expect(distinct?.exact).toBe(false);
    expect(Math.abs((distinct?.count ?? 0) / 50_000 - 1)).toBeLessThan(0.06);
    expect(numbers?.exact).toBe(false);
    expect(Math.abs((numbers?.percentiles[50] ?? 0) - 25_000)).toBeLessThan(1_500);
  });

  test("cells across the pieces of a file, quotes and blank lines", async () => {
    const long = `"${'a,\n""b'.repeat(200_000)}"`;
    const found = await ofCsv(["t,n", "", `${long},1`, 'x,"2"', '"",3']);
    expect(found.table?.rows).toBe(3);
    expect(column(found, "t")).toMatchObject({ count: 2, missing: 1, length: { min: 1, max: 1_000_000 } });
    expect(column(found, "n")).toMatchObject({ type: "number", count: 3 });
  });

  test("a value that few rows share is not told", async () => {
    const found = await ofCsv(["a,b", ...Array.from({ length: 12 }, (_, i) => `${i < 4 ? "rare" : "common"},x`)]);
    expect(column(found, "a")?.top).toEqual([{ value: "common", count: 8 }]);
  });

  test("a key of JSON lines that comes late, or not at all, is missing", async () => {
    const late = Array.from({ length: 5_000 }, (_, i) => (i < 4_500 ? `{"a":${i}}` : `{"b":"w"}`));
    const found = await of(linesOf(late));
    expect(column(found, "a")).toMatchObject({ count: 4_500, missing: 500 });
    expect(column(found, "b")).toMatchObject({ count: 500, missing: 4_500 });
  });
});

describe("other files", () => {
  test("images: size and mode, and whether the place is told", async () => {
    expect((await of(sample.png)).image).toEqual({ width: 7, height: 5, mode: "rgb", depth: 8, location: false });
    expect((await of(sample.jpeg(false))).image).toMatchObject({
      width: 640,
      height: 480,
      mode: "rgb",
      location: false,
    });
    const placed = await of(sample.jpeg(true));
    expect(placed.image?.location).toBe(true);
    expect(placed.personal[0]?.kind).toBe("coordinates");
  });

  test("safetensors: every tensor with root and statistics", async () => {
    const { tensors } = await of(sample.weights);
    const bytes = new Uint8Array(Float32Array.of(1, -2, 3, 4, 5, 6).buffer);
    expect(tensors?.[0]).toMatchObject({
      name: "layer.weight",
      shape: [2, 3],
      root: merkleRoot([bytes]),
      min: -2,
      max: 6,
      notFinite: 0,
    });
    expect(tensors?.[1]).toMatchObject({ name: "layer.half", min: 1, max: 1, notFinite: 1 });
  });

  test("onnx: what goes in and out, operators, numbers", async () => {
    expect(await recognise(bytesSource(sample.onnx), "model.onnx")).toBe("onnx");
    const { model } = await of(sample.onnx, { name: "model.onnx" });
    expect(model).toMatchObject({
      irVersion: 8,
      opsets: { "ai.onnx": 17 },
      inputs: [{ name: "in", type: "float", shape: ["N", 4] }],
      outputs: [{ name: "out", shape: ["N", 4] }],
      operators: { Relu: 1 },
      parameters: 8,
    });
  });

  test("what is none of these is text or bytes", async () => {
    expect((await of(sample.text("Just a sentence."))).format).toBe("text");
    expect((await of(Uint8Array.of(0, 1, 2, 255))).format).toBe("binary");
    expect((await of(new Uint8Array(0))).format).toBe("text");
  });
});

describe("hostile files end in a typed error", () => {
  const broken = (change: (header: Record<string, Record<string, unknown>>) => void) => {
    const size = Number(new DataView(sample.weights.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(sample.weights.subarray(8, 8 + size)));
    change(header);
    const head = sample.text(JSON.stringify(header));
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(head.length), true);
    return new Uint8Array(Buffer.concat([length, head, sample.weights.subarray(8 + size)]));
  };

  test.each([
    ["overlap", broken((h) => Object.assign(h["layer.half"] as object, { data_offsets: [20, 24] }))],
    ["gap", broken((h) => Object.assign(h["layer.half"] as object, { data_offsets: [25, 29] }))],
    ["shape", broken((h) => Object.assign(h["layer.weight"] as object, { shape: [3, 3] }))],
    ["negative", broken((h) => Object.assign(h["layer.weight"] as object, { shape: [-2, -3] }))],
    ["huge shape", broken((h) => Object.assign(h["layer.weight"] as object, { shape: [2 ** 52, 2 ** 52] }))],
    ["type", broken((h) => Object.assign(h["layer.weight"] as object, { dtype: "constructor" }))],
  ])("safetensors: %s", async (_, bytes) => {
    await expect(of(bytes, { format: "safetensors" })).rejects.toBeInstanceOf(FormatError);
  });

  test.each([
    ["ragged", "a,b\n1,2\n3\n"],
    ["open quote", 'a,b\n"1,2\n'],
    ["same name twice", "a,a\n1,2\n"],
    ["text after a quote", 'a,b\n"1"x,2\n'],
    ["no rows", "a,b\n"],
    ["zero byte", "a,b\n1,\0\n"],
  ])("csv: %s", async (_, bytes) => {
    await expect(of(sample.text(bytes), { format: "csv" })).rejects.toMatchObject({
      name: "FormatError",
      kind: "user",
    });
  });

  test("a header of thousands of columns, a cell without end", async () => {
    await expect(of(sample.text(`${"a,".repeat(5_000)}\n`), { format: "csv" })).rejects.toBeInstanceOf(FormatError);
    await expect(of(sample.text(`a\n"${"x".repeat(1_100_000)}`), { format: "csv" })).rejects.toBeInstanceOf(
      FormatError,
    );
  });

  /** Some bytes of a sound file changed, or its end cut off. */
  function* spoilt(whole: Uint8Array, runs: number): Generator<Uint8Array> {
    const change = fc.record({
      cut: fc.nat(whole.length),
      whether: fc.boolean(),
      at: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
    });
    for (const { cut, whether, at } of fc.sample(change, runs)) {
      const bytes = whole.slice(0, whether ? cut : whole.length);
      for (const [i, value] of at) if (i < bytes.length) bytes[i] = value;
      yield bytes;
    }
  }

  const others = { safetensors: sample.weights, onnx: sample.onnx, png: sample.png, jpeg: sample.jpeg(true) };
  test.each(["csv", "jsonl", "safetensors", "onnx", "png", "jpeg"] as const)(
    "%s: cut or changed at random",
    async (format) => {
      for (const bytes of spoilt({ ...sample.tables, ...others }[format], 150)) {
        await of(bytes, { format }).catch((error) => expect(error).toBeInstanceOf(FormatError));
      }
    },
  );

  const drain = async (batches: AsyncIterable<unknown>) => {
    for await (const _ of batches);
  };

  test.each(["parquet", "arrow"] as const)("%s: cut or changed at random, within limits", async (format) => {
    for (const bytes of spoilt(sample.tables[format], 12)) {
      const batches = readForeign(bytesSource(bytes), format, { batchMs: 1_500, heapMb: 256 });
      await drain(batches).catch((error) => expect(error).toBeInstanceOf(FormatError));
    }
  });

  test("a reader that takes too long, or too much memory, is stopped", async () => {
    const never = { ...bytesSource(sample.parquet), read: () => new Promise<never>(() => {}) };
    await expect(drain(readForeign(never, "parquet", { batchMs: 300, heapMb: 256 }))).rejects.toThrow(
      /longer than 300 ms/,
    );
  });
});
