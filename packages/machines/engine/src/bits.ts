/** The one NaN of the F32S contract. */
export const CANONICAL_NAN = 0x7fc00000;

const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

/** Whether this machine keeps the low byte first, as committed bytes do. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Bit pattern of a binary32 value; every NaN gives 0x7fc00000. */
export function bitsOf(value: number): number {
  if (Number.isNaN(value)) return CANONICAL_NAN;
  real[0] = value;
  return word[0] as number;
}

/** The binary32 value of a bit pattern. */
export function fromBits(bits: number): number {
  word[0] = bits;
  return real[0] as number;
}

/** Whether a value is NaN, found on the words: states and batches pass here at every step, and a branch a value is slow. */
function holdsNaN(values: Float32Array): boolean {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  let found = 0;
  for (let i = 0; i < words.length; i++) found |= 0x7f800000 - ((words[i] as number) & 0x7fffffff);
  return found < 0;
}

/** Makes every NaN of `values` canonical, in place, and returns it. */
export function canonicalise(values: Float32Array): Float32Array {
  if (!holdsNaN(values)) return values;
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) words[i] = CANONICAL_NAN;
  return values;
}

/** Bit patterns as one string of 8 hexadecimal digits per value. */
export function toHexBits(values: Float32Array): string {
  let text = "";
  for (let i = 0; i < values.length; i++)
    text += bitsOf(values[i] as number)
      .toString(16)
      .padStart(8, "0");
  return text;
}

/** Inverse of {@link toHexBits}; the caller has checked the text. */
export function fromHexBits(text: string): Float32Array {
  const words = new Uint32Array(text.length / 8);
  for (let i = 0; i < words.length; i++) words[i] = Number.parseInt(text.slice(i * 8, i * 8 + 8), 16);
  return canonicalise(new Float32Array(words.buffer));
}

/** Little-endian bytes of binary32 values, whatever the machine. */
export function toBytes(values: Float32Array): Uint8Array {
  if (LITTLE_ENDIAN) {
    const copy = canonicalise(values.slice());
    return new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength);
  }
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setUint32(i * 4, bitsOf(values[i] as number), true);
  return bytes;
}

/** The same bytes, without a copy where the machine and the values allow it: to read at once, never to keep or to write. */
export function bytesIn(values: Float32Array): Uint8Array {
  if (!LITTLE_ENDIAN || holdsNaN(values)) return toBytes(values);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Inverse of {@link toBytes}; trailing bytes that make no whole value are ignored. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new Uint32Array(Math.floor(bytes.byteLength / 4));
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(i * 4, true);
  return canonicalise(new Float32Array(words.buffer));
}
