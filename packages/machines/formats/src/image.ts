import { FormatError } from "./errors.ts";
import type { ByteSource } from "./source.ts";

/** What an image says of itself. */
export interface ImageFacts {
  readonly width: number;
  readonly height: number;
  /** `grey`, `grey-alpha`, `rgb`, `rgba`, `palette` or `cmyk`. */
  readonly mode: string;
  /** Bits of one channel. */
  readonly depth: number;
  /** True when the camera wrote where the picture was taken. */
  readonly location: boolean;
}

const MAX_SIDE = 2 ** 20;
const pngModes: Readonly<Record<number, string>> = { 0: "grey", 2: "rgb", 3: "palette", 4: "grey-alpha", 6: "rgba" };
const jpegModes: Readonly<Record<number, string>> = { 1: "grey", 3: "rgb", 4: "cmyk" };

/** Reads the header of a PNG (ISO 15948); the picture itself is not unpacked. Throws FormatError. */
export async function readPng(source: ByteSource): Promise<ImageFacts> {
  const head = await source.read(0, Math.min(33, source.size));
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 33 || view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452) throw wrong("png");
  const [width, height, depth] = [view.getUint32(16), view.getUint32(20), head[24] as number];
  const mode = pngModes[head[25] as number];
  if (!mode || ![1, 2, 4, 8, 16].includes(depth)) throw wrong("png");
  return { ...sides("png", width, height), mode, depth, location: await pngLocation(source) };
}

/** Walks the chunks' headers for EXIF data. */
async function pngLocation(source: ByteSource): Promise<boolean> {
  let at = 8;
  for (let steps = 0; at + 12 <= source.size && steps < 10_000; steps++) {
    const head = await source.read(at, at + 8);
    const view = new DataView(head.buffer, head.byteOffset);
    const [length, type] = [view.getUint32(0), view.getUint32(4)];
    if (type === 0x65584966) return hasLocation(await source.read(at + 8, at + 8 + Math.min(length, 65_536)));
    at += 12 + length;
  }
  return false;
}

/** Reads the frame header of a JPEG (ITU-T T.81, B.2). Throws FormatError. */
export async function readJpeg(source: ByteSource): Promise<ImageFacts> {
  let at = 2;
  let location = false;
  for (let steps = 0; steps < 10_000 && at + 4 <= source.size; steps++) {
    const head = await source.read(at, Math.min(at + 10, source.size));
    if (head[0] !== 0xff) throw wrong("jpeg");
    const marker = head[1] as number;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = ((head[2] as number) << 8) | (head[3] as number);
    if (length < 2 || marker === 0xda || marker === 0xd9) throw wrong("jpeg");
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [depth, a, b, c, d, channels] = head.subarray(4) as unknown as number[];
      const mode = jpegModes[channels ?? 0];
      if (head.length < 10 || !mode) throw wrong("jpeg");
      const [height, width] = [((a as number) << 8) | (b as number), ((c as number) << 8) | (d as number)];
      return { ...sides("jpeg", width, height), mode, depth: depth as number, location };
    }
    if (marker === 0xe1) {
      const segment = await source.read(at + 4, at + 2 + length);
      if (Buffer.from(segment.subarray(0, 4)).toString("latin1") === "Exif")
        location ||= hasLocation(segment.subarray(6));
    }
    at += 2 + length;
  }
  throw wrong("jpeg");
}

/** True when the first directory of TIFF data points to GPS data (tag 0x8825). */
function hasLocation(tiff: Uint8Array): boolean {
  if (tiff.length < 8) return false;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = tiff[0] === 0x49;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return false;
  const count = view.getUint16(start, little);
  for (let i = 0; i < count && start + 2 + 12 * (i + 1) <= tiff.length; i++) {
    if (view.getUint16(start + 2 + 12 * i, little) === 0x8825) return true;
  }
  return false;
}

function sides(format: string, width: number, height: number): { width: number; height: number } {
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new FormatError(format, `The image says it has ${width} x ${height} pixels.`);
  }
  return { width, height };
}

const wrong = (format: string) => new FormatError(format, `The file is no sound ${format.toUpperCase()} image.`);
