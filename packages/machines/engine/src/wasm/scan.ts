import { IntegrityError } from "@base/errors";

/** Where a module departs from the allowed instruction set. */
export interface Finding {
  /** Byte offset of the instruction in the module. */
  readonly offset: number;
  /** For example `0xfd 0x105`. */
  readonly opcode: string;
}

/** Sequential reader of LEB128 numbers and bytes with bounds checks. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined || this.at >= this.end) throw new IntegrityError("The WebAssembly module ends too early.");
    this.at++;
    return value;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new IntegrityError("A number in the WebAssembly module is too long.");
  }

  skip(count: number): void {
    if (this.at + count > this.end) throw new IntegrityError("The WebAssembly module ends too early.");
    this.at += count;
  }
}

/** Immediate operands of the scalar instructions the kernels may use: n = LEB128 numbers, b = raw bytes. */
function scalarImmediates(opcode: number): { n?: number; b?: number } | undefined {
  if (opcode >= 0x02 && opcode <= 0x04) return { b: 1 };
  if (opcode === 0x05 || opcode === 0x0b || opcode === 0x0f) return {};
  if (opcode === 0x0c || opcode === 0x0d) return { n: 1 };
  if (opcode >= 0x20 && opcode <= 0x22) return { n: 1 };
  if (opcode >= 0x28 && opcode <= 0x3e) return { n: 2 };
  if (opcode === 0x1a || opcode === 0x1b) return {};
  if (opcode === 0x41 || opcode === 0x42) return { n: 1 };
  if (opcode === 0x43) return { b: 4 };
  if (opcode >= 0x45 && opcode <= 0xc4) return {};
  return undefined;
}

function vectorImmediates(opcode: number): { n?: number; b?: number } | undefined {
  if (opcode <= 0x0b || opcode === 0x5c || opcode === 0x5d) return { n: 2 };
  if (opcode === 0x0c || opcode === 0x0d) return { b: 16 };
  if (opcode >= 0x15 && opcode <= 0x22) return { b: 1 };
  if (opcode >= 0x54 && opcode <= 0x5b) return { n: 2, b: 1 };
  if (opcode < 0x100) return {};
  return undefined;
}

/**
 * Every instruction of a WebAssembly module that is outside plain SIMD128: relaxed SIMD (0xfd 0x100 and
 * up), threads, or anything the kernels have no business with. An empty list means that the standard
 * promises the same bits everywhere. Throws IntegrityError when the module cannot be decoded.
 */
export function scanModule(bytes: Uint8Array): Finding[] {
  const findings: Finding[] = [];
  const module = new Reader(bytes, 8, bytes.length);
  while (module.at < bytes.length) {
    const id = module.byte();
    const size = module.number();
    const start = module.at;
    module.skip(size);
    if (id !== 10) continue;
    const section = new Reader(bytes, start, start + size);
    const count = section.number();
    for (let index = 0; index < count; index++) {
      const length = section.number();
      scanFunction(new Reader(bytes, section.at, section.at + length), findings);
      section.skip(length);
    }
  }
  return findings;
}

function scanFunction(code: Reader, findings: Finding[]): void {
  const groups = code.number();
  for (let group = 0; group < groups; group++) {
    code.number();
    code.byte();
  }
  while (code.at < code.end) {
    const offset = code.at;
    const first = code.byte();
    const second = first === 0xfd || first === 0xfc || first === 0xfe ? code.number() : undefined;
    const immediates =
      second === undefined ? scalarImmediates(first) : first === 0xfd ? vectorImmediates(second) : undefined;
    if (immediates === undefined) {
      const name =
        second === undefined ? `0x${first.toString(16)}` : `0x${first.toString(16)} 0x${second.toString(16)}`;
      findings.push({ offset, opcode: name });
      if (first !== 0xfd) return; // operands unknown: the rest cannot be read
      continue; // relaxed instructions have no immediates
    }
    for (let n = 0; n < (immediates.n ?? 0); n++) code.number();
    code.skip(immediates.b ?? 0);
  }
}
