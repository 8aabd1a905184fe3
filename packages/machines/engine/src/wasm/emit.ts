import { BugError } from "@base/errors";

/** A WebAssembly value type that kernels use. */
export type ValueType = "i32" | "i64" | "f32" | "v128";

const TYPE_CODE: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };

/** Unsigned LEB128 of a non-negative integer below 2^32. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

/** Bytes of one instruction sequence; kernels compose these. */
export type Code = readonly number[];

/** A local variable of a function under construction. */
export interface Local {
  readonly get: Code;
  /** Stores the value of `code` in the local. */
  set(code: Code): Code;
  /** Stores it and leaves it on the stack. */
  tee(code: Code): Code;
}

/** One function under construction: parameters first, then locals; no result unless said. */
export class FunctionBuilder {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  #body: Code = [];

  constructor(name: string, params: readonly ValueType[]) {
    this.name = name;
    this.params = params;
  }

  #reference(index: number): Local {
    const at = unsigned(index);
    return {
      get: [0x20, ...at],
      set: (code) => [...code, 0x21, ...at],
      tee: (code) => [...code, 0x22, ...at],
    };
  }

  /** The parameter at `index`. */
  param(index: number): Local {
    if (index >= this.params.length) throw new BugError(`${this.name} has no parameter ${index}`);
    return this.#reference(index);
  }

  /** A fresh local, zero at entry. */
  local(type: ValueType): Local {
    this.#locals.push(type);
    return this.#reference(this.params.length + this.#locals.length - 1);
  }

  /** Sets the whole body. */
  body(...parts: Code[]): void {
    this.#body = parts.flat();
  }

  /** The function as an entry of the code section. */
  encode(): number[] {
    const locals = this.#locals.flatMap((type) => [1, TYPE_CODE[type]]);
    const content = [...unsigned(this.#locals.length), ...locals, ...this.#body, 0x0b];
    return [...unsigned(content.length), ...content];
  }
}

/** A module that imports one memory (`env.memory`) and exports each of its functions by name. */
export class ModuleBuilder {
  readonly #functions: FunctionBuilder[] = [];

  /** Adds an exported function; names are unique. */
  function(name: string, params: readonly ValueType[], write: (f: FunctionBuilder) => void): void {
    if (this.#functions.some((f) => f.name === name)) throw new BugError(`two kernels are named ${name}`);
    const built = new FunctionBuilder(name, params);
    write(built);
    this.#functions.push(built);
  }

  /** The binary module (WebAssembly core 2.0, SIMD128); with `shared` it imports a memory that threads share, of at most that many pages. */
  encode(shared?: number): Uint8Array<ArrayBuffer> {
    const limits = shared === undefined ? [0x00, 0x01] : [0x03, 0x01, ...unsigned(shared)];
    const functions = this.#functions;
    const text = (value: string) => [...unsigned(value.length), ...new TextEncoder().encode(value)];
    const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content];
    const vector = (items: number[][]) => [...unsigned(items.length), ...items.flat()];
    const types = functions.map((f) => [0x60, ...vector(f.params.map((type) => [TYPE_CODE[type]])), 0]);
    return new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, vector(types)),
      ...section(2, vector([[...text("env"), ...text("memory"), 0x02, ...limits]])),
      ...section(3, vector(functions.map((_, index) => unsigned(index)))),
      ...section(7, vector(functions.map((f, index) => [...text(f.name), 0x00, ...unsigned(index)]))),
      ...section(10, vector(functions.map((f) => f.encode()))),
    ]);
  }
}
