import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train } from "@machines/engine";
import { encode } from "fast-png";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { imageTable, type LabelledImage, readImages } from "./images.ts";

const png = (channels: number, values: readonly number[], width = 2, height = 2, depth: 8 | 16 = 8) =>
  encode({ width, height, channels, depth, data: depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values) });
const image = (name: string, label: string, bytes: Uint8Array): LabelledImage => ({ name, label, bytes });

describe("images (SPEC T11)", () => {
  test("a row an image: planes of channels, transparency left out, grey among colours", () => {
    const list = [
      image("a.png", "cat", png(4, [1, 2, 3, 255, 4, 5, 6, 0, 7, 8, 9, 9, 10, 11, 12, 255])),
      image("b.png", "dog", png(1, [5, 6, 7, 8])),
    ];
    const { table, shape } = imageTable(list, "kind");
    expect(shape).toEqual([3, 2, 2]);
    expect(table.columns.map(({ values }) => values[0])).toEqual([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12, "cat"]);
    expect(table.columns.map(({ values }) => values[1])).toEqual([5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8, "dog"]);
    expect(table.columns.at(-1)?.name).toBe("kind");
  });

  test.each([
    [
      "another size",
      [image("a.png", "x", png(1, [1, 2, 3, 4])), image("b.png", "x", png(1, [1, 2], 2, 1))],
      /x\/b.png has 2 x 1/,
    ],
    ["no image", [image("a.png", "x", new Uint8Array(50))], /x\/a.png is not a PNG/],
    ["a cut image", [image("a.png", "x", png(1, [1, 2, 3, 4]).subarray(0, 40))], /is not a PNG/],
    ["16 bits", [image("a.png", "x", png(1, [1, 2, 3, 4], 2, 2, 16))], /16 bits/],
    ["too many pixels", [image("a.png", "x", png(1, new Array<number>(4900).fill(1), 70, 70))], /at most 4095/],
    ["a huge header", [image("a.png", "x", huge())], /at most 512 a side/],
  ])("refuses %s by name", (_, list, message) => {
    expect(() => imageTable(list, "label")).toThrow(message);
  });

  test("reads a folder and a ZIP of it alike, and says what is neither", async () => {
    const dir = await mkdtemp(join(tmpdir(), "assay-images-"));
    try {
      const files = {
        "dog/2.png": png(1, [5, 6, 7, 8]),
        "cat/1.png": png(1, [1, 2, 3, 4]),
        "cat/notes.txt": Uint8Array.of(1),
      };
      for (const [name, bytes] of Object.entries(files)) {
        await mkdir(join(dir, "set", name, ".."), { recursive: true });
        await writeFile(join(dir, "set", name), bytes);
      }
      await writeFile(join(dir, "set.zip"), zipSync({ set: files }));
      const [folder, zip] = [await readImages(join(dir, "set")), await readImages(join(dir, "set.zip"))];
      expect(folder.map(({ label, name }) => `${label}/${name}`)).toEqual(["cat/1.png", "dog/2.png"]);
      expect(imageTable(zip, "label")).toEqual(imageTable(folder, "label"));
      await writeFile(join(dir, "broken.zip"), "PK nothing");
      await expect(readImages(join(dir, "broken.zip"))).rejects.toThrow(/neither a folder nor a ZIP/);
      await expect(readImages(join(dir, "nowhere"))).rejects.toThrow(/cannot be read/);
      await expect(readImages(join(dir, "set", "cat"))).rejects.toThrow(/holds 0 PNG images/);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  test("a recipe learns from them", async () => {
    const list = Array.from({ length: 60 }, (_, n) => {
      const bright = n % 2 === 0 ? [200, 20, 200, 20] : [20, 200, 20, 200];
      return image(
        `${n}.png`,
        n % 2 === 0 ? "left" : "right",
        png(
          1,
          bright.map((value) => value + (n % 9)),
        ),
      );
    });
    const { table, shape } = imageTable(list, "side");
    const { metrics } = await train(table, {
      version: 2,
      task: "multiclass",
      layout: { kind: "image", shape: [...shape] },
      inputs: [{ column: "p" }],
      target: "side",
      split: { by: "ratio", train: 0.5 },
      model: { kind: "cnn", layers: [{ channels: 4, kernel: 2 }] },
      optimizer: { kind: "adam", learningRate: 0.05 },
      epochs: 6,
      batch: 6,
      seed: 1,
      checkpointEvery: 10,
    });
    expect(metrics.report?.classes?.accuracy).toBe(1);
  });
});

/** A sound image whose header then claims a million pixels a side. */
function huge(): Uint8Array {
  const bytes = png(1, [1, 2, 3, 4]).slice();
  new DataView(bytes.buffer).setUint32(16, 1_000_000);
  return bytes;
}
