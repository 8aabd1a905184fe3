import type { Hash } from "@base/bytes/hash.ts";
import { ColumnBuilder, type ColumnProfile } from "./column.ts";
import { type ImageFacts, readJpeg, readPng } from "./image.ts";
import { type OnnxFacts, readOnnx } from "./onnx.ts";
import type { PersonalFinding } from "./personal.ts";
import { readBatches } from "./read.ts";
import { type Format, isTableFormat, mediaTypes, recognise, type TableFormat } from "./recognise.ts";
import { readSafetensors, tensorRoot, tensorValues } from "./safetensors.ts";
import type { ByteSource } from "./source.ts";
import { Moments } from "./stats.ts";

/** One tensor of a safetensors file. */
export interface TensorProfile {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** RFC 6962 root over its bytes in pieces of 1 MiB. */
  readonly root: Hash;
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  readonly std?: number;
  /** Values that are NaN or infinite. */
  readonly notFinite: number;
}

/** What a file holds, without a single one of its rows. */
export interface Profile {
  readonly type: "assay/profile/1";
  readonly format: Format;
  readonly mediaType: string;
  readonly size: number;
  readonly table?: { readonly rows: number; readonly columns: readonly ColumnProfile[] };
  readonly image?: ImageFacts;
  readonly tensors?: readonly TensorProfile[];
  readonly model?: OnnxFacts;
  readonly personal: readonly PersonalFinding[];
}

export interface ProfileOptions {
  /** Name of the file: its ending counts where the bytes do not say. */
  readonly name?: string;
  readonly format?: Format;
  readonly signal?: AbortSignal;
  readonly onRows?: (rows: number) => void;
}

/** Values kept in all for percentiles: a few MiB, whatever the table. */
const SAMPLED = 2 ** 22;
/** Tensors that are told one by one. */
const MAX_TENSORS = 20_000;

/**
 * Reads a file once and says what it holds: schema, statistics, histograms, missing cells, likely personal data; of images,
 * tensors and models what they are. Memory is bounded, whatever the file's size. Throws FormatError where the file is not
 * what it claims to be.
 */
export async function profile(source: ByteSource, options: ProfileOptions = {}): Promise<Profile> {
  const format = options.format ?? (await recognise(source, options.name));
  const base = { type: "assay/profile/1" as const, format, mediaType: mediaTypes[format], size: source.size };
  if (isTableFormat(format)) return { ...base, ...(await profileTable(source, format, options)) };
  if (format === "png" || format === "jpeg") {
    const image = await (format === "png" ? readPng(source) : readJpeg(source));
    return { ...base, image, personal: image.location ? [whereTaken] : [] };
  }
  if (format === "safetensors") return { ...base, tensors: await profileTensors(source, options), personal: [] };
  if (format === "onnx") return { ...base, model: await readOnnx(source), personal: [] };
  return { ...base, personal: [] };
}

const whereTaken: PersonalFinding = {
  column: "(image)",
  kind: "coordinates",
  confidence: 0.95,
  share: 1,
  reason: "the camera wrote where the picture was taken",
};

async function profileTable(
  source: ByteSource,
  format: TableFormat,
  { signal, onRows }: ProfileOptions,
): Promise<Pick<Profile, "table" | "personal">> {
  const builders = new Map<string, ColumnBuilder>();
  let rows = 0;
  for await (const batch of readBatches(source, format)) {
    signal?.throwIfAborted();
    const before = rows;
    const sample = Math.max(1024, Math.min(16_384, Math.floor(SAMPLED / batch.names.length)));
    for (const [i, name] of batch.names.entries()) {
      let builder = builders.get(name);
      if (!builder) {
        builder = new ColumnBuilder(name, batch.untyped === true, sample);
        // A key of JSON lines that comes late was missing before.
        if (format === "jsonl") builder.addMissing(before);
        builders.set(name, builder);
      }
      builder.addAll(batch.columns[i] ?? []);
      rows = Math.max(rows, builder.cells);
    }
    onRows?.(rows);
  }
  const finished = [...builders.values()].map((builder) => builder.finish());
  return {
    table: { rows, columns: finished.map(({ profile: column }) => column) },
    personal: finished.flatMap(({ personal }) => personal ?? []),
  };
}

async function profileTensors(source: ByteSource, { signal }: ProfileOptions): Promise<TensorProfile[]> {
  const { tensors } = await readSafetensors(source);
  const found: TensorProfile[] = [];
  for (const tensor of tensors.slice(0, MAX_TENSORS)) {
    signal?.throwIfAborted();
    const moments = new Moments();
    let notFinite = 0;
    for await (const values of tensorValues(source, tensor)) {
      for (const value of values) {
        if (Number.isFinite(value)) moments.add(value);
        else notFinite++;
      }
    }
    const { name, dtype, shape, start, end } = tensor;
    const { min, max, mean, std } = moments;
    const stats = moments.count > 0 ? { min, max, mean, std } : {};
    found.push({ name, dtype, shape, bytes: end - start, root: await tensorRoot(source, tensor), ...stats, notFinite });
  }
  return found;
}
