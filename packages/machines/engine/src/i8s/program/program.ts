import { canonicalJsonBytes, parseCanonicalJson } from "@base/bytes/canonicalJson.ts";
import { type ErrorOptions, InvalidInputError } from "@base/errors";
import { sizeOf } from "../../graph/ir.ts";

/** What an int8 value stands for: real = (q - zero) * scale. */
export interface Scale {
  readonly scale: number;
  readonly zero: number;
}

/** How sums become int8: clamp(((sum * multiplier + 2^(shift-1)) >> shift) + zero, low, high); one multiplier for all or one per channel. */
export interface Rescale {
  readonly multipliers: readonly number[];
  readonly shifts: readonly number[];
  readonly zero: number;
  readonly low: number;
  readonly high: number;
}

/** How a window slides; [top, left, bottom, right] pads. */
export interface Sliding {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

/** One step: reads int8 values, writes one. `weights`, `bias` and `table` name tensors of the bundle. */
export type IntegerStep = { readonly output: string; readonly shape: readonly number[] } & (
  | {
      readonly op: "matmul";
      readonly x: string;
      readonly weights: string;
      readonly bias: string;
      readonly rescale: Rescale;
    }
  | {
      readonly op: "conv2d";
      readonly x: string;
      readonly weights: string;
      readonly bias: string;
      readonly rescale: Rescale;
      readonly window: Sliding;
      readonly groups: number;
      /** What lies on the padding: the operand's zero. */
      readonly padding: number;
    }
  | { readonly op: "table"; readonly x: string; readonly table: string }
  | {
      readonly op: "add" | "mul";
      readonly a: string;
      readonly b: string;
      readonly zeros: readonly [number, number];
      /** Add: one per operand. Mul: one for the product. */
      readonly multipliers: readonly number[];
      readonly shift: number;
      readonly zero: number;
      readonly low: number;
      readonly high: number;
    }
  | { readonly op: "maxpool"; readonly x: string; readonly window: Sliding }
  | {
      readonly op: "mean";
      readonly x: string;
      readonly window: Sliding | null;
      readonly zero: number;
      readonly rescale: Rescale;
    }
  | { readonly op: "softmax"; readonly x: string; readonly table: string }
  | { readonly op: "reshape"; readonly x: string }
  | { readonly op: "permute"; readonly x: string; readonly perm: readonly number[] }
);

/** A tensor of the bundle; tables have 256 entries and are read at q + 128. */
export type IntegerTensor =
  | { readonly name: string; readonly kind: "int8"; readonly shape: readonly number[]; readonly values: Int8Array }
  | { readonly name: string; readonly kind: "int32"; readonly shape: readonly number[]; readonly values: Int32Array };

/** A network in integers: contract I8S. Only the way in and the way out know real numbers. */
export interface IntegerProgram {
  readonly version: 1;
  readonly input: Scale & { readonly name: string; readonly shape: readonly number[] };
  readonly output: Scale & { readonly value: string; readonly shape: readonly number[] };
  readonly steps: readonly IntegerStep[];
  /** How a row of a table becomes the input, in the words of the model that it was made from. */
  readonly prepare: unknown;
}

/** Bytes that are no integer program. */
export class IntegerProgramError extends InvalidInputError {
  override name = "IntegerProgramError";
  constructor(why: string, options: ErrorOptions = {}) {
    super(`These bytes are not an integer program: ${why}`, options);
  }
}

const MAGIC = new TextEncoder().encode("assay-integers/1\n");
const MAX_HEADER = 2 ** 26;
const MAX_ELEMENTS = 2 ** 27;

/** Magic line, header length (4 bytes, little-endian), canonical JSON header, then the tensors' bytes, int32 little-endian. */
export function encodeIntegers(program: IntegerProgram, tensors: readonly IntegerTensor[]): Uint8Array {
  const header = canonicalJsonBytes({
    ...program,
    tensors: tensors.map(({ name, kind, shape }) => ({ name, kind, shape: [...shape] })),
  });
  const size = tensors.reduce((sum, { kind, values }) => sum + values.length * (kind === "int8" ? 1 : 4), 0);
  const bytes = new Uint8Array(MAGIC.length + 4 + header.length + size);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.length, header.length, true);
  bytes.set(header, MAGIC.length + 4);
  let at = MAGIC.length + 4 + header.length;
  for (const { kind, values } of tensors)
    for (const value of values) {
      if (kind === "int8") view.setInt8(at, value);
      else view.setInt32(at, value, true);
      at += kind === "int8" ? 1 : 4;
    }
  return bytes;
}

/** Whether bytes begin like an integer program. */
export function isIntegers(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Reads and checks a bundle; throws IntegerProgramError. */
export function decodeIntegers(bytes: Uint8Array): {
  readonly program: IntegerProgram;
  readonly tensors: ReadonlyMap<string, IntegerTensor>;
} {
  if (bytes.length < MAGIC.length + 4 || !isIntegers(bytes)) throw new IntegerProgramError("the first line differs.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(MAGIC.length, true);
  let at = MAGIC.length + 4 + length;
  if (length > MAX_HEADER || at > bytes.length) throw new IntegerProgramError("it ends inside its header.");
  let header: IntegerProgram & { readonly tensors: readonly IntegerTensor[] };
  try {
    header = parseCanonicalJson(bytes.subarray(MAGIC.length + 4, at)) as unknown as typeof header;
  } catch (cause) {
    throw new IntegerProgramError("its header is not canonical JSON.", { cause });
  }
  const tensors = new Map<string, IntegerTensor>();
  if (
    header.version !== 1 ||
    !Array.isArray(header.tensors) ||
    !Array.isArray(header.steps) ||
    header.steps.length > 100_000
  )
    throw new IntegerProgramError("its header is malformed.");
  for (const { name, kind, shape } of header.tensors) {
    const count = extents(shape);
    const size = count * (kind === "int8" ? 1 : 4);
    if (
      typeof name !== "string" ||
      (kind !== "int8" && kind !== "int32") ||
      tensors.has(name) ||
      at + size > bytes.length
    )
      throw new IntegerProgramError(`tensor ${String(name)} is malformed, cut off or there twice.`);
    const start = at;
    if (kind === "int8")
      tensors.set(name, {
        name,
        kind,
        shape,
        values: Int8Array.from({ length: count }, (_, i) => view.getInt8(start + i)),
      });
    else
      tensors.set(name, {
        name,
        kind,
        shape,
        values: Int32Array.from({ length: count }, (_, i) => view.getInt32(start + i * 4, true)),
      });
    at += size;
  }
  if (at !== bytes.length) throw new IntegerProgramError("there are bytes after the last tensor.");
  const { tensors: _, ...program } = header;
  try {
    checkProgram(program, tensors);
  } catch (cause) {
    if (cause instanceof IntegerProgramError) throw cause;
    throw new IntegerProgramError("a step is malformed.", { cause });
  }
  return { program, tensors };
}

function extents(shape: unknown): number {
  const sound = Array.isArray(shape) && shape.length <= 8 && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  const count = sound ? sizeOf(shape as number[]) : Number.NaN;
  if (!(count <= MAX_ELEMENTS)) throw new IntegerProgramError("an extent is malformed or too large.");
  return count;
}

const int8 = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= -128 && (value as number) <= 127;

function checkRescale({ multipliers, shifts, zero, low, high }: Rescale, channels: number): void {
  const sound =
    Array.isArray(multipliers) &&
    Array.isArray(shifts) &&
    multipliers.length === shifts.length &&
    (multipliers.length === 1 || multipliers.length === channels) &&
    multipliers.every((m) => Number.isInteger(m) && m >= 0 && m < 2 ** 21) &&
    shifts.every((s) => Number.isInteger(s) && s >= 1 && s <= 51) &&
    [zero, low, high].every(int8);
  if (!sound) throw new IntegerProgramError("a step's rescaling is malformed.");
}

/** Throws IntegerProgramError unless every step reads what is there and its shapes fit. */
function checkProgram(program: IntegerProgram, tensors: ReadonlyMap<string, IntegerTensor>): void {
  const known = new Map<string, number>([[program.input?.name, extents(program.input?.shape)]]);
  for (const { name, kind, values } of tensors.values()) if (kind === "int8") known.set(name, values.length);
  const size = (name: string): number => {
    const count = known.get(name);
    if (count === undefined) throw new IntegerProgramError(`a step reads ${String(name)} before anything gives it.`);
    return count;
  };
  const tensor = (name: string, kind: IntegerTensor["kind"], count?: number): IntegerTensor => {
    const found = tensors.get(name);
    if (found === undefined || found.kind !== kind || (count !== undefined && found.values.length !== count))
      throw new IntegerProgramError(`tensor ${String(name)} does not fit its step.`);
    return found;
  };
  for (const step of program.steps) {
    const count = extents(step.shape);
    const fail = (): never => {
      throw new IntegerProgramError(`the shapes of step ${String(step.output)} do not fit.`);
    };
    if (step.op === "matmul") {
      const [k, n] = tensor(step.weights, "int8").shape as [number, number];
      tensor(step.bias, "int32", n);
      checkRescale(step.rescale, n);
      if (k < 1 || k > 131_071 || (size(step.x) / k) * n !== count) fail();
    } else if (step.op === "conv2d") {
      const [o, i, ...kernel] = tensor(step.weights, "int8").shape as number[];
      tensor(step.bias, "int32", o as number);
      checkRescale(step.rescale, o as number);
      size(step.x);
      if (
        step.shape[1] !== o ||
        kernel.join() !== step.window.kernel.join() ||
        !((i as number) >= 1) ||
        !int8(step.padding)
      )
        fail();
    } else if (step.op === "table") {
      tensor(step.table, "int8", 256);
      if (size(step.x) !== count) fail();
    } else if (step.op === "softmax") {
      tensor(step.table, "int32", 256);
      if (size(step.x) !== count) fail();
    } else if (step.op === "add" || step.op === "mul") {
      const wanted = step.op === "add" ? 2 : 1;
      if (
        size(step.a) > count ||
        size(step.b) > count ||
        step.multipliers.length !== wanted ||
        !(step.shift >= 1 && step.shift <= 40)
      )
        fail();
    } else if (step.op === "mean") checkRescale(step.rescale, 1);
    else if (step.op === "reshape" || step.op === "permute") {
      if (size(step.x) !== count) fail();
    } else if (step.op === "maxpool") size(step.x);
    else throw new IntegerProgramError(`there is no operator ${String((step as { op: unknown }).op)}.`);
    known.set(step.output, count);
  }
  if (size(program.output?.value) !== extents(program.output?.shape))
    throw new IntegerProgramError("its output does not fit.");
  for (const { scale, zero } of [program.input, program.output])
    if (!(scale > 0 && Number.isFinite(scale)) || !int8(zero)) throw new IntegerProgramError("a scale is malformed.");
}
