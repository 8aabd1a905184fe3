import { type Code, type FunctionBuilder, type Local, signed, unsigned } from "./emit.ts";

// Instruction constructors: each takes the code of its operands and gives the code of the result.

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
const unaryOf =
  (...opcode: number[]) =>
  (a: Code): Code => [...a, ...opcode];
const binaryOf =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode];

/** Four raw little-endian bytes of a binary32 constant. */
function f32Bytes(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)];
}

/** 32-bit integers. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binaryOf(0x6a),
  sub: binaryOf(0x6b),
  mul: binaryOf(0x6c),
  and: binaryOf(0x71),
  shl: (a: Code, bits: number): Code => [...a, 0x41, ...signed(bits), 0x74],
  shrU: (a: Code, bits: number): Code => [...a, 0x41, ...signed(bits), 0x76],
  eq: binaryOf(0x46),
  ltU: binaryOf(0x49),
  gtU: binaryOf(0x4b),
  geU: binaryOf(0x4f),
  eqz: unaryOf(0x45),
  load: (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x36, 2, ...unsigned(offset)],
  /** Reads and forgets: brings the cache line near before it is wanted. */
  touch: (address: Code): Code => [...address, 0x28, 2, 0, 0x1a],
};

/** Bytes and 16-bit integers in memory, as 32-bit integers. */
export const small = {
  loadS8: (address: Code, offset = 0): Code => [...address, 0x2c, 0, ...unsigned(offset)],
  storeS8: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x3a, 0, ...unsigned(offset)],
  storeS16: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x3b, 1, ...unsigned(offset)],
};

/** 64-bit integers, two's complement. */
export const i64 = {
  const: (value: number): Code => [0x42, ...signed(value)],
  fromI32: unaryOf(0xac),
  add: binaryOf(0x7c),
  sub: binaryOf(0x7d),
  shl: binaryOf(0x86),
};

/** Scalar binary32. */
export const f32 = {
  add: binaryOf(0x92),
  load: (address: Code, offset = 0): Code => [...address, 0x2a, 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x38, 2, ...unsigned(offset)],
};

/** Whole 128-bit vectors. */
export const v128 = {
  load: (address: Code, offset = 0): Code => [...address, ...simd(0x00), 0, ...unsigned(offset)],
  load32Splat: (address: Code, offset = 0): Code => [...address, ...simd(0x09), 0, ...unsigned(offset)],
  /** Eight bytes, and eight zeros behind them. */
  load64Zero: (address: Code, offset = 0): Code => [...address, ...simd(0x5d), 0, ...unsigned(offset)],
  /** Eight signed bytes as 16-bit integers. */
  load8x8: (address: Code, offset = 0): Code => [...address, ...simd(0x01), 0, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...simd(0x0b),
    0,
    ...unsigned(offset),
  ],
  not: unaryOf(...simd(0x4d)),
  and: binaryOf(...simd(0x4e)),
  or: binaryOf(...simd(0x50)),
  xor: binaryOf(...simd(0x51)),
  /** Bits of `yes` where `mask` is set, of `no` elsewhere. */
  select: (yes: Code, no: Code, mask: Code): Code => [...yes, ...no, ...mask, ...simd(0x52)],
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [...a, ...b, ...simd(0x0d), ...lanes],
};

/** Eight 16-bit integers. */
export const i16x8 = { add: binaryOf(...simd(0x8e)) };

/** Four 32-bit integers. */
export const i32x4 = {
  const: (value: number): Code => {
    const bytes = [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
    return [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
  },
  add: binaryOf(...simd(0xae)),
  sub: binaryOf(...simd(0xb1)),
  min: binaryOf(...simd(0xb6)),
  max: binaryOf(...simd(0xb8)),
  splat: unaryOf(...simd(0x11)),
  lane0: (a: Code): Code => [...a, ...simd(0x1b), 0],
  /** Products of neighbouring 16-bit lanes, added in pairs: exact in 32 bits unless all four are -32768. */
  dot: binaryOf(...simd(0xba)),
  shl: (a: Code, bits: number): Code => [...a, ...i32.const(bits), ...simd(0xab)],
  shrS: (a: Code, bits: number): Code => [...a, ...i32.const(bits), ...simd(0xac)],
  shrU: (a: Code, bits: number): Code => [...a, ...i32.const(bits), ...simd(0xad)],
};

/** Two 64-bit integers, and what leads from 32 bits to them and back to bytes. */
export const i64x2 = {
  splat: unaryOf(...simd(0x12)),
  /** Exact products of the lower (upper) two signed 32-bit lanes. */
  productLow: binaryOf(...simd(0xdc)),
  productHigh: binaryOf(...simd(0xdd)),
  add: binaryOf(...simd(0xce)),
  /** Logical shift right by an i32. */
  shrU: binaryOf(...simd(0xcd)),
};

/** Narrows eight 32-bit lanes to 16 bits, or sixteen 16-bit lanes to bytes, with saturation. */
export const narrow = {
  to16: binaryOf(...simd(0x85)),
  to8: binaryOf(...simd(0x65)),
};

/** Four binary32 values; every operation is correctly rounded, none is fused. */
export const f32x4 = {
  const: (value: number): Code => {
    const bytes = f32Bytes(value);
    return [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
  },
  splat: unaryOf(...simd(0x13)),
  lane0: (a: Code): Code => [...a, ...simd(0x1f), 0],
  fromI32: unaryOf(...simd(0xfa)),
  eq: binaryOf(...simd(0x41)),
  lt: binaryOf(...simd(0x43)),
  gt: binaryOf(...simd(0x44)),
  abs: unaryOf(...simd(0xe0)),
  neg: unaryOf(...simd(0xe1)),
  sqrt: unaryOf(...simd(0xe3)),
  add: binaryOf(...simd(0xe4)),
  sub: binaryOf(...simd(0xe5)),
  mul: binaryOf(...simd(0xe6)),
  div: binaryOf(...simd(0xe7)),
  /** `b < a ? b : a` per lane. */
  pmin: binaryOf(...simd(0xea)),
  /** `a < b ? b : a` per lane. */
  pmax: binaryOf(...simd(0xeb)),
};

/** Replaces every NaN lane by 0x7fc00000; the rule at operator borders. */
export function canonical(f: FunctionBuilder, value: Code): Code {
  const kept = f.local("v128");
  const first = kept.tee(value);
  return v128.select(first, i32x4.const(0x7fc00000), f32x4.eq(kept.get, kept.get));
}

/** Vector intermediates of one expression, each computed once and kept in a local. */
export class Scope {
  readonly #f: FunctionBuilder;
  #steps: number[] = [];

  constructor(f: FunctionBuilder) {
    this.#f = f;
  }

  /** Computes `value` at this point; the answer reads it. */
  let(value: Code): Code {
    const local = this.#f.local("v128");
    this.#steps = [...this.#steps, ...local.set(value)];
    return local.get;
  }

  /** All steps so far, then `result` on the stack. */
  return(result: Code): Code {
    return [...this.#steps, ...result];
  }
}

/** Runs `body` while `condition` (an i32) is not zero. */
export function whileLoop(condition: Code, ...body: Code[]): Code {
  return [0x02, 0x40, 0x03, 0x40, ...condition, 0x45, 0x0d, 1, ...body.flat(), 0x0c, 0, 0x0b, 0x0b];
}

/** Runs `body` at least once, again while `condition` (an i32) is not zero: the tightest loop. */
export function doWhile(condition: Code, ...body: Code[]): Code {
  return [0x03, 0x40, ...body.flat(), ...condition, 0x0d, 0, 0x0b];
}

/** Runs `yes` when `condition` is not zero, else `no`. */
export function when(condition: Code, yes: Code, no: Code = []): Code {
  return [...condition, 0x04, 0x40, ...yes, ...(no.length > 0 ? [0x05, ...no] : []), 0x0b];
}

/** Adds a constant to an i32 local. */
export function bump(local: Local, by: number): Code {
  return local.set(i32.add(local.get, i32.const(by)));
}
