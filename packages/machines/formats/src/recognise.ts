import type { ByteSource } from "./source.ts";

/** Formats that are told apart. `text` and `binary` are what is left. */
export type Format =
  | "csv"
  | "jsonl"
  | "parquet"
  | "arrow"
  | "png"
  | "jpeg"
  | "safetensors"
  | "onnx"
  | "text"
  | "binary";

/** Formats that hold one table. */
export const tableFormats = ["csv", "jsonl", "parquet", "arrow"] as const;
export type TableFormat = (typeof tableFormats)[number];

/** Media types by format, as statements name them. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  csv: "text/csv",
  jsonl: "application/jsonl",
  parquet: "application/vnd.apache.parquet",
  arrow: "application/vnd.apache.arrow.file",
  png: "image/png",
  jpeg: "image/jpeg",
  safetensors: "application/vnd.safetensors",
  onnx: "application/onnx",
  text: "text/plain",
  binary: "application/octet-stream",
};

/** The format of a media type; `binary` for types that no format has. */
export function formatOf(mediaType: string): Format {
  const found = Object.entries(mediaTypes).find(([, type]) => type === mediaType);
  return (found?.[0] ?? "binary") as Format;
}

/** Whether a format holds one table. */
export function isTableFormat(format: Format): format is TableFormat {
  return (tableFormats as readonly string[]).includes(format);
}

const endings: Readonly<Record<string, Format>> = {
  csv: "csv",
  tsv: "csv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  parquet: "parquet",
  arrow: "arrow",
  feather: "arrow",
  onnx: "onnx",
  safetensors: "safetensors",
};

const HEAD = 64 * 1024;

/**
 * What a file is: by its first bytes where these decide, else by the ending of its name, else by what its text looks
 * like. Says what it claims to be, not that it is sound: reading it does.
 */
export async function recognise(source: ByteSource, name = ""): Promise<Format> {
  const head = await source.read(0, Math.min(HEAD, source.size));
  const ending = endings[/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ""];
  return byMagic(head, source.size) ?? ending ?? byText(head) ?? "binary";
}

function byMagic(head: Uint8Array, size: number): Format | undefined {
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x50, 0x41, 0x52, 0x31)) return "parquet";
  if (starts(0x41, 0x52, 0x52, 0x4f, 0x57, 0x31)) return "arrow";
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0xff, 0xd8, 0xff)) return "jpeg";
  if (head.length >= 10 && head[8] === 0x7b) {
    const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
    if (length >= 2n && length <= BigInt(size - 8)) return "safetensors";
  }
  return undefined;
}

function byText(head: Uint8Array): Format | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
  } catch {
    return undefined;
  }
  // Control characters other than tab and line ends do not occur in text.
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return undefined;
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (head.length === HEAD) lines.pop();
  const [first, second] = lines;
  if (first === undefined) return "text";
  if (isRecord(first) && (second === undefined || isRecord(second))) return "jsonl";
  const commas = (line: string) => line.split(",").length - 1;
  const few = lines.slice(0, 20);
  if (few.length > 1 && commas(first) > 0 && few.every((line) => commas(line) === commas(first))) return "csv";
  return "text";
}

function isRecord(line: string): boolean {
  if (!line.startsWith("{")) return false;
  try {
    return typeof JSON.parse(line) === "object";
  } catch {
    return false;
  }
}
