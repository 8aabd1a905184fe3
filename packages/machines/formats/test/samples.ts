// Small sound files of every format, for tests.
import { deflateSync } from "node:zlib";
import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { parquetWriteBuffer } from "hyparquet-writer";

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Rows of the same table in every format: a number with gaps, a word, a day, a flag. */
export const rows = Array.from({ length: 500 }, (_, i) => ({
  x: i % 10 === 3 ? null : Math.sin(i) * 50 + i / 10,
  word: ["red", "green", "blue"][i % 3] as string,
  day: new Date(Date.UTC(2024, 0, 1 + (i % 200))).toISOString().slice(0, 10),
  flag: i % 4 === 0,
}));

export const csv = text(
  `x,word,day,flag\n${rows.map(({ x, word, day, flag }) => [x ?? "", word, day, flag].join(",")).join("\n")}\n`,
);

export const jsonl = text(rows.map((row) => JSON.stringify(row)).join("\n"));

export const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: "x", data: rows.map(({ x }) => x), type: "DOUBLE" },
      { name: "word", data: rows.map(({ word }) => word), type: "STRING" },
      { name: "day", data: rows.map(({ day }) => day), type: "STRING" },
      { name: "flag", data: rows.map(({ flag }) => flag), type: "BOOLEAN" },
    ],
    rowGroupSize: 200,
  }),
);

export const arrow = tableToIPC(
  tableFromArrays({
    x: rows.map(({ x }) => x),
    word: rows.map(({ word }) => word),
    day: rows.map(({ day }) => day),
    flag: rows.map(({ flag }) => flag),
  }),
  { format: "file" },
) as Uint8Array;

export const tables = { csv, jsonl, parquet, arrow } as const;

/** A safetensors file of these tensors (bytes by name). */
export function safetensors(
  tensors: Readonly<Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }>>,
): Uint8Array {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  const head = text(JSON.stringify(header));
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(head.length), true);
  return new Uint8Array(Buffer.concat([size, head, ...Object.values(tensors).map(({ bytes }) => bytes)]));
}

export const weights = safetensors({
  "layer.weight": { dtype: "F32", shape: [2, 3], bytes: new Uint8Array(Float32Array.of(1, -2, 3, 4, 5, 6).buffer) },
  "layer.half": { dtype: "F16", shape: [2], bytes: new Uint8Array(Uint16Array.of(0x3c00, 0x7c00).buffer) },
});

function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type, "latin1"), data, Buffer.alloc(4)]);
}

/** A PNG of 7 x 5 pixels, red-green-blue. */
export const png = new Uint8Array(
  Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk("IHDR", Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 5, 8, 2, 0, 0, 0)),
    pngChunk("IDAT", deflateSync(Buffer.alloc(5 * 22))),
    pngChunk("IEND", new Uint8Array(0)),
  ]),
);

/** The head of a JPEG of 640 x 480 pixels, with EXIF data that point to GPS data where asked. */
export function jpeg(gps: boolean): Uint8Array {
  const tiff = Buffer.from("49492a000800000001002588040001000000aa00000000000000", "hex");
  const exif = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, exif.length + 2]), exif]);
  const frame = Buffer.from([0xff, 0xc0, 0, 17, 8, 480 >> 8, 480 & 255, 640 >> 8, 640 & 255, 3, ...Array(9).fill(0)]);
  return new Uint8Array(Buffer.concat([Buffer.from([0xff, 0xd8]), gps ? segment : Buffer.alloc(0), frame]));
}

const field = (id: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([(id << 3) | 2, bytes.length]), bytes]);
const value = (name: string, sides: readonly Buffer[]) =>
  Buffer.concat([
    field(1, text(name)),
    field(
      2,
      field(1, Buffer.concat([Buffer.from([8, 1]), field(2, Buffer.concat(sides.map((side) => field(1, side))))])),
    ),
  ]);

/** ModelProto: Relu of an N x 4 input, with an initialiser of 2 x 4 numbers. */
export const onnx = new Uint8Array(
  Buffer.concat([
    Buffer.from([8, 8]),
    field(2, text("hand")),
    field(
      7,
      Buffer.concat([
        field(1, field(4, text("Relu"))),
        field(5, Buffer.concat([Buffer.from([8, 2, 8, 4]), field(8, text("w"))])),
        field(11, value("in", [field(2, text("N")), Buffer.from([8, 4])])),
        field(12, value("out", [field(2, text("N")), Buffer.from([8, 4])])),
      ]),
    ),
    field(8, Buffer.from([16, 17])),
  ]),
);
