import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { utf8ToText } from "@base/bytes/hex.ts";
import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { formatCsv, type Table } from "@machines/engine";
import { type PublishedTable, publishTable, type TableTerms } from "@records/assets/publishTable.ts";
import { convertIndexedToRgb, decode } from "fast-png";
import { unzipSync } from "fflate";

/** Columns that a table may have, one of which is the label. */
const MAX_PIXELS = 4095;
const MAX_SIDE = 512;
const MAX_IMAGES = 100_000;
const MAX_BYTES = 2 ** 28;

export interface ImagesInput extends Omit<TableTerms, "name" | "provenance" | "missing"> {
  /** Folder or ZIP with one folder of PNG images per class. */
  readonly path: string;
  readonly name?: string | undefined;
  /** Column that names the class; `label` unless said. */
  readonly label: string;
}

/** A picture and the folder that it lies in. */
export interface LabelledImage {
  readonly name: string;
  readonly label: string;
  readonly bytes: Uint8Array;
}

/**
 * Publishes PNG images as a table that recipes with the layout `image` read: a row an image, its pixels in the columns p0,
 * p1, ..., its folder's name as the label. Throws NotFoundError, and InvalidInputError that names the image. SPEC T11.
 */
export async function images(
  context: Context,
  input: ImagesInput,
): Promise<PublishedTable & { readonly shape: number[] }> {
  const list = await readImages(input.path);
  context.progress({ label: "decoding images", done: 0, total: list.length, unit: "images" });
  const { table, shape } = imageTable(list, input.label);
  const name = input.name ?? basename(input.path, extname(input.path));
  const provenance = `Pixels of ${list.length} PNG images, ${shape.join(" x ")} (channels, height, width), by folder.`;
  const content = utf8ToText(formatCsv(table));
  return { ...(await publishTable(context, { content }, { ...input, name, provenance })), shape: [...shape] };
}

/** Images of a folder or ZIP, by label and name; throws NotFoundError or InvalidInputError. */
export async function readImages(path: string): Promise<LabelledImage[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new NotFoundError(`${path} cannot be read`, { cause, data: { field: "path" } });
  });
  const list = found.isDirectory() ? await readFolder(path) : readZip(await readFile(path), path);
  if (list.length === 0 || list.length > MAX_IMAGES)
    throw new InvalidInputError(`${path} holds ${list.length} PNG images in folders; 1 to ${MAX_IMAGES} are taken`, {
      hints: ["Put the images of each class into a folder of its own, named like the class."],
      data: { field: "path" },
    });
  return list.sort((a, b) => (a.label === b.label ? (a.name < b.name ? -1 : 1) : a.label < b.label ? -1 : 1));
}

async function readFolder(path: string): Promise<LabelledImage[]> {
  const list: LabelledImage[] = [];
  for (const folder of await readdir(path, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    for (const name of await readdir(join(path, folder.name)))
      if (isPng(name)) list.push({ name, label: folder.name, bytes: await readFile(join(path, folder.name, name)) });
  }
  return list;
}

const isPng = (name: string) => /^[^.].*\.png$/i.test(name);

/** Entries `.../label/name.png` of a ZIP; throws InvalidInputError on a broken one, and on one that grows too large. */
function readZip(bytes: Uint8Array, path: string): LabelledImage[] {
  let size = 0;
  const wanted = ({ name, originalSize }: { name: string; originalSize: number }) => {
    const parts = name.split("/");
    if (parts.length < 2 || !isPng(parts.at(-1) as string) || parts.includes("__MACOSX")) return false;
    size += originalSize;
    if (size > MAX_BYTES)
      throw new InvalidInputError(`${path} holds more than ${MAX_BYTES} bytes of images`, { data: { field: "path" } });
    return true;
  };
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, { filter: wanted });
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    throw new InvalidInputError(`${path} is neither a folder nor a ZIP`, { cause, data: { field: "path" } });
  }
  return Object.entries(entries).map(([name, content]) => {
    const [label, file] = name.split("/").slice(-2) as [string, string];
    return { name: file, label, bytes: content };
  });
}

/** A table of pixels and labels, and the images' common shape; throws InvalidInputError that names the image. */
export function imageTable(
  list: readonly LabelledImage[],
  label: string,
): { table: Table; shape: readonly [channels: number, height: number, width: number] } {
  const decoded = list.map(decodeImage);
  const first = decoded[0] as Decoded;
  const channels = Math.max(...decoded.map((image) => image.channels));
  decoded.forEach(({ width, height }, index) => {
    const { label: folder, name } = list[index] as LabelledImage;
    if (width !== first.width || height !== first.height)
      throw new InvalidInputError(
        `${folder}/${name} has ${width} x ${height} pixels, the first image ${first.width} x ${first.height}`,
        { hints: ["All images of a table have one size: scale them first."] },
      );
  });
  const shape = [channels, first.height, first.width] as const;
  const pixels = channels * first.height * first.width;
  if (pixels > MAX_PIXELS)
    throw new InvalidInputError(
      `an image has ${pixels} numbers (${shape.join(" x ")}); at most ${MAX_PIXELS} make a row`,
      {
        hints: ["Scale the images down, or save them in shades of grey."],
      },
    );
  const columns = Array.from({ length: pixels }, (_, pixel) => ({
    name: `p${pixel}`,
    type: "number" as const,
    values: decoded.map((image) => pixelOf(image, pixel, channels)),
  }));
  const labels = { name: label, type: "string" as const, values: list.map((image) => image.label) };
  return { table: { rows: list.length, columns: [...columns, labels] }, shape };
}

interface Decoded {
  readonly width: number;
  readonly height: number;
  /** 1 or 3 that count; `step` numbers a pixel are there. */
  readonly channels: number;
  readonly step: number;
  readonly data: ArrayLike<number>;
}

/** Pixels plane by plane; a grey image among coloured ones has three equal planes. */
function pixelOf({ data, step, channels, width, height }: Decoded, pixel: number, wanted: number): number {
  const plane = width * height;
  const channel = wanted === channels ? Math.floor(pixel / plane) : 0;
  return data[(pixel % plane) * step + channel] as number;
}

function decodeImage({ label, name, bytes }: LabelledImage): Decoded {
  const refuse = (why: string, cause?: unknown) =>
    new InvalidInputError(`${label}/${name} ${why}`, cause === undefined ? {} : { cause });
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw refuse("is not a PNG image");
  const [wide, tall] = [header.getUint32(16), header.getUint32(20)];
  if (wide > MAX_SIDE || tall > MAX_SIDE)
    throw refuse(`has ${wide} x ${tall} pixels; at most ${MAX_SIDE} a side are read`);
  let image: ReturnType<typeof decode>;
  try {
    image = decode(bytes, { checkCrc: true });
  } catch (cause) {
    throw refuse("is not a PNG image", cause);
  }
  const { width, height } = image;
  if (image.palette)
    return { width, height, channels: 3, step: image.palette[0]?.length ?? 3, data: convertIndexedToRgb(image) };
  if (image.depth !== 8) throw refuse(`has ${image.depth} bits a channel; 8 are read`);
  return { width, height, channels: image.channels < 3 ? 1 : 3, step: image.channels, data: image.data };
}
