import { FormatError } from "./errors.ts";

const MAGIC = 0x184d2204;

/**
 * Unpacks an LZ4 frame (LZ4 frame format 1.6.1, as Arrow buffers use it): checksums are skipped, since whoever asks has
 * checked the file's hash. Throws FormatError on anything malformed and beyond `limit` bytes.
 */
export function unpackLz4Frame(frame: Uint8Array, limit: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const flags = frame[4] ?? 0;
  if (frame.length < 7 || view.getUint32(0, true) !== MAGIC || flags >> 6 !== 1) throw wrong();
  let at = 6 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0) + 1;
  const out = new Output(limit);
  for (;;) {
    if (at + 4 > frame.length) throw wrong();
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return out.bytes();
    const length = word & 0x7fffffff;
    if (at + length > frame.length) throw wrong();
    const block = frame.subarray(at, at + length);
    if (word >>> 31) out.append(block);
    else unpackBlock(block, out);
    at += length + (flags & 16 ? 4 : 0);
  }
}

/** Bytes that grow, with a limit. */
class Output {
  #bytes = new Uint8Array(65_536);
  #length = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(part: Uint8Array): void {
    this.#reserve(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  /** Repeats what stands `offset` bytes back; the two may overlap. */
  repeat(offset: number, length: number): void {
    if (offset === 0 || offset > this.#length) throw wrong();
    this.#reserve(length);
    for (let i = 0; i < length; i++, this.#length++) {
      this.#bytes[this.#length] = this.#bytes[this.#length - offset] as number;
    }
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted > this.#limit) throw new FormatError("lz4", `The frame unpacks to more than ${this.#limit} bytes.`);
    if (wanted <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

function unpackBlock(block: Uint8Array, out: Output): void {
  let at = 0;
  /** A length of 15 goes on in bytes of 255. */
  const long = (first: number) => {
    let length = first;
    for (let more = 255; first === 15 && more === 255; length += more) {
      if (at >= block.length) throw wrong();
      more = block[at++] as number;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const literals = long(token >> 4);
    if (at + literals > block.length) throw wrong();
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    if (at + 2 > block.length) throw wrong();
    const offset = (block[at] as number) | ((block[at + 1] as number) << 8);
    at += 2;
    out.repeat(offset, long(token & 15) + 4);
  }
}

const wrong = () => new FormatError("lz4", "The bytes are no sound LZ4 frame.");
