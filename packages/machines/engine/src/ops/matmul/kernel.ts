import { bump, canonical, doWhile, f32, f32x4, i32, v128, when, whileLoop } from "../../wasm/code.ts";
import type { Code, FunctionBuilder, Local, ModuleBuilder } from "../../wasm/emit.ts";
import { ranges } from "../../threads/tape.ts";
import type { Exports, Kernel, Place, Stage } from "../op.ts";
import { type After, type AfterLocals, afterCode, BIAS_ROW } from "./after.ts";

/** Register tile: 4 rows by 2 vectors of columns. Measured faster than 2 x 4, 3 x 3, 5 x 2 and 3 x 4 on V8 (README). */
const TILE_ROWS = 4;
const VECTORS = 2;
/** Columns of one packed panel. */
const WIDTH = VECTORS * 4;
/** Depth of one block of k: a panel of 1,024 x 8 floats is 32 KiB. */
const DEPTH = 1024;
const UNROLL = 8;
/** Bytes by which one turn of the loop advances in the next panel, reading and forgetting: 64 rows bring all of it near. */
const TOUCH = 16;
/** Rows of A that are taken together: their block stays in the second-level cache while panels of B pass by. */
const ROWS = 64;
/** Panels that are packed together before rows pass by. */
const BLOCK_BYTES = 196_608;

const align = (bytes: number): number => Math.ceil((bytes + 16) / 64) * 64;

/** Copies `depth` rows of up to 8 columns of B into a contiguous panel, +0 beyond the last column. */
function emitPack(module: ModuleBuilder): void {
  // from, to, depth, columns, row stride in bytes
  module.function("matmul.pack", ["i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, depth, columns, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [x, y, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const vectors = Array.from({ length: VECTORS }, (_, j) => j * 16);
    const whole = vectors.flatMap((offset) => [...v128.store(to.get, v128.load(from.get, offset), offset)]);
    const partial = [
      ...vectors.flatMap((offset) => [...v128.store(to.get, f32x4.const(0), offset)]),
      ...x.set(from.get),
      ...y.set(to.get),
      ...end.set(i32.add(to.get, i32.shl(columns.get, 2))),
      ...whileLoop(i32.ltU(y.get, end.get), f32.store(y.get, f32.load(x.get)), bump(x, 4), bump(y, 4)),
    ];
    f.body(
      whileLoop(
        depth.get,
        when(i32.geU(columns.get, i32.const(WIDTH)), whole, partial),
        from.set(i32.add(from.get, stride.get)),
        bump(to, WIDTH * 4),
        depth.set(i32.sub(depth.get, i32.const(1))),
      ),
    );
  });
}

/** Copies an 8-wide strip back to its `columns` columns of C. */
function emitUnpack(module: ModuleBuilder): void {
  // from, to, rows, columns, row stride of C in bytes
  module.function("matmul.unpack", ["i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, rows, columns, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [x, y, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
    f.body(
      whileLoop(
        rows.get,
        x.set(from.get),
        y.set(to.get),
        end.set(i32.add(to.get, i32.shl(columns.get, 2))),
        whileLoop(i32.ltU(y.get, end.get), f32.store(y.get, f32.load(x.get)), bump(x, 4), bump(y, 4)),
        bump(from, WIDTH * 4),
        to.set(i32.add(to.get, stride.get)),
        rows.set(i32.sub(rows.get, i32.const(1))),
      ),
    );
  });
}

interface Tile {
  readonly a: readonly Local[];
  readonly panel: Local;
  readonly c: readonly Local[];
  readonly depth: Local;
  readonly fresh: Local;
  /** Where the next panel is, as far as it was touched. */
  readonly ahead: Local;
  readonly after: AfterLocals;
}

/** One register tile: as many rows as `tile.a`, two vectors of columns, all of this block's k. */
function tileCode(f: FunctionBuilder, tile: Tile): Code {
  const { a, panel, c, depth, fresh, ahead, after } = tile;
  const columns = Array.from({ length: VECTORS }, (_, j) => j);
  const sums = a.map(() => columns.map(() => f.local("v128")));
  const b = columns.map(() => f.local("v128"));
  const splat = f.local("v128");
  const left = f.local("i32");
  const step = (k: number): Code => [
    ...b.flatMap((vector, j) => [...vector.set(v128.load(panel.get, k * WIDTH * 4 + j * 16))]),
    ...a.flatMap((row, i) => [
      ...splat.set(v128.load32Splat(row.get, k * 4)),
      ...columns.flatMap((j) => {
        const sum = (sums[i] as Local[])[j] as Local;
        return [...sum.set(f32x4.add(sum.get, f32x4.mul(splat.get, (b[j] as Local).get)))];
      }),
    ]),
  ];
  const advance = (by: number): Code => [
    ...a.flatMap((row) => [...bump(row, by * 4)]),
    ...bump(panel, by * WIDTH * 4),
    ...left.set(i32.sub(left.get, i32.const(by))),
  ];
  const each = (code: (sum: Local, row: Local, offset: number) => Code): Code =>
    sums.flatMap((row, i) => row.flatMap((sum, j) => [...code(sum, c[i] as Local, j * 16)]));
  const unrolled = Array.from({ length: UNROLL }, (_, k) => step(k)).flat();
  return [
    ...when(
      fresh.get,
      each((sum) => sum.set(f32x4.const(0))),
      each((sum, row, offset) => sum.set(v128.load(row.get, offset))),
    ),
    ...left.set(depth.get),
    ...when(
      i32.geU(left.get, i32.const(UNROLL)),
      doWhile(
        i32.geU(left.get, i32.const(UNROLL)),
        unrolled,
        advance(UNROLL),
        i32.touch(ahead.get),
        bump(ahead, TOUCH),
      ),
    ),
    ...whileLoop(left.get, step(0), advance(1)),
    ...afterCode(after, sums),
    ...each((sum, row, offset) => v128.store(row.get, canonical(f, sum.get), offset)),
  ];
}

/** All rows of C for one packed panel and one block of k; `fresh` starts from +0 instead of C. */
function emitPanel(module: ModuleBuilder): void {
  // a, row stride of a, panel, c, row stride of c, rows, depth, fresh, and what comes after: kinds, bias, limits
  module.function("matmul.panel", new Array<"i32">(11).fill("i32"), (f) => {
    const [a, strideA, panel, c, strideC] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [rows, depth, fresh] = [f.param(5), f.param(6), f.param(7)];
    const after = { kinds: f.param(8), bias: f.param(9), limits: f.param(10) };
    const [p, ahead] = [f.local("i32"), f.local("i32")];
    const tile = (count: number): Code => {
      const left = Array.from({ length: count }, () => f.local("i32"));
      const result = Array.from({ length: count }, () => f.local("i32"));
      const rowsFrom = (pointers: readonly Local[], first: Local, stride: Local): Code =>
        pointers.flatMap((pointer, i) => {
          const before = pointers[i - 1];
          return [...pointer.set(before === undefined ? first.get : i32.add(before.get, stride.get))];
        });
      return [
        ...rowsFrom(left, a, strideA),
        ...rowsFrom(result, c, strideC),
        ...p.set(panel.get),
        ...tileCode(f, { a: left, panel: p, c: result, depth, fresh, ahead, after }),
        ...a.set(i32.add(a.get, i32.mul(strideA.get, i32.const(count)))),
        ...c.set(i32.add(c.get, i32.mul(strideC.get, i32.const(count)))),
        ...when(i32.and(after.kinds.get, i32.const(BIAS_ROW)), bump(after.bias, count * 4)),
        ...rows.set(i32.sub(rows.get, i32.const(count))),
      ];
    };
    f.body(
      ahead.set(i32.add(panel.get, i32.shl(depth.get, 5))),
      whileLoop(i32.geU(rows.get, i32.const(TILE_ROWS)), tile(TILE_ROWS)),
      whileLoop(rows.get, tile(1)),
    );
  });
}

/** A product to compute: A [m, k] times B, all addresses and strides in bytes. */
export interface Product {
  readonly a: number;
  readonly strideA: number;
  /** B [k, n] row-major with rows `strideB` apart; with `across`, its transpose [n, k]. */
  readonly b: number;
  readonly strideB: number;
  readonly across?: boolean;
  /** B as panels that were packed before, by {@link packTasks}; B itself is not read then. */
  readonly packed?: number | undefined;
  readonly c: number;
  readonly strideC: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly after?: After | undefined;
}

/** Columns that are packed at once: their panels stay in the second-level cache. */
function blockColumns(k: number): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / (Math.max(1, k) * WIDTH * 4))) * WIDTH;
}

/** Bytes that all panels of B [k, n] take. */
export function packedBytes(k: number, n: number): number {
  return Math.ceil(n / WIDTH) * k * WIDTH * 4;
}

/** Bytes of scratch memory that one task of {@link productTask} wants for `columns` columns. */
export function taskScratch(k: number, columns: number): number {
  return align(packedBytes(k, Math.min(blockColumns(k), columns)) + ROWS * WIDTH * 4);
}

/** Packs columns `from` to `to` of B. */
function packer(exports: Exports, product: Product, to: number): (from: number, end: number) => void {
  const pack = exports["matmul.pack"] as (...args: number[]) => void;
  const transpose = exports.transpose as (...args: number[]) => void;
  const fill = exports.fill as (...args: number[]) => void;
  const { b, strideB, k, across } = product;
  return (from, end) => {
    for (let column = from, at = to; column < end; column += WIDTH, at += k * WIDTH * 4) {
      const columns = Math.min(WIDTH, end - column);
      if (across) {
        if (columns < WIDTH) fill(at, k * WIDTH, 0);
        transpose(b + column * strideB, at, columns, k, strideB, WIDTH * 4);
      } else pack(b + column * 4, at, k, columns, strideB);
    }
  };
}

/** Tasks that pack all of B to `to`. */
export function packTasks(exports: Exports, product: Product, to: number, parts: number): Stage {
  const { k, n } = product;
  return ranges(n, parts, Math.max(WIDTH, Math.ceil(16_384 / Math.max(1, k) / WIDTH) * WIDTH)).map(
    ([from, end]) =>
      () =>
        packer(exports, product, to + (from / WIDTH) * k * WIDTH * 4)(from, end),
  );
}

/** Rows and columns of C that one task computes; columns begin at a multiple of 8. */
export interface Cut {
  readonly rows: readonly [from: number, to: number];
  readonly columns: readonly [from: number, to: number];
}

/**
 * Computes one panel's columns of C for all rows from `top` to `bottom` at a time; `packed` is the panel and `scratch`
 * has room for 64 rows of 8 columns.
 */
function panelRunner(exports: Exports, product: Product, scratch: number) {
  const { a, strideA, strideC, k, n, after } = product;
  const panel = exports["matmul.panel"] as (...args: number[]) => void;
  const unpack = exports["matmul.unpack"] as (...args: number[]) => void;
  const { kinds, bias, limits } = after ?? { kinds: 0, bias: 0, limits: 0 };
  return (c: number, row: number, rows: number, column: number, packed: number): void => {
    const whole = n - column >= WIDTH;
    const target = c + row * strideC + column * 4;
    const [to, stride] = whole ? [target, strideC] : [scratch, WIDTH * 4];
    const own = bias + (kinds & BIAS_ROW ? row * 4 : column * 4);
    for (let from = 0; from < k || from === 0; from += DEPTH) {
      const depth = Math.min(DEPTH, k - from);
      const ends = from + depth >= k ? kinds : 0;
      const left = a + row * strideA + from * 4;
      const right = packed + from * WIDTH * 4;
      panel(left, strideA, right, to, stride, rows, depth, from === 0 ? 1 : 0, ends, own, limits);
    }
    if (!whole) unpack(scratch, target, rows, n - column, strideC);
  };
}

/** All rows of C, which begins at `c`, for the panel at `product.packed` that belongs to column `column`. */
export function productStrip(exports: Exports, product: Product, scratch: number): (c: number, column: number) => void {
  const run = panelRunner(exports, product, scratch);
  const packed = product.packed as number;
  return (c, column) => {
    for (let row = 0; row < product.m; row += ROWS) run(c, row, Math.min(ROWS, product.m - row), column, packed);
  };
}

/** Computes one cut of a product: packed panels of B, register tiles, k in blocks. */
export function productTask(exports: Exports, product: Product, cut: Cut, scratch: number): () => void {
  const { c, k } = product;
  const pack = packer(exports, product, scratch + ROWS * WIDTH * 4);
  const panelBytes = k * WIDTH * 4;
  const block = product.packed === undefined ? blockColumns(k) : Math.max(WIDTH, cut.columns[1]);
  const [top, bottom] = cut.rows;
  const run = panelRunner(exports, product, scratch);
  return () => {
    for (let first = cut.columns[0]; first < cut.columns[1]; first += block) {
      const last = Math.min(first + block, cut.columns[1]);
      let packed = scratch + ROWS * WIDTH * 4;
      if (product.packed === undefined) pack(first, last);
      else packed = product.packed + (first / WIDTH) * panelBytes;
      for (let row = top; row < bottom; row += ROWS)
        for (let column = first, at = packed; column < last; column += WIDTH, at += panelBytes)
          run(c, row, Math.min(ROWS, bottom - row), column, at);
    }
  };
}

/** Multiply-adds that are worth a task of their own. */
const GRAIN = 131_072;

/** Cuts C for `parts` tasks: by columns first, since every task packs its own columns. */
export function cuts(m: number, k: number, n: number, parts: number): Cut[] {
  const wanted = Math.min(parts, Math.max(1, Math.floor((m * k * n) / GRAIN)));
  const columns = ranges(n, wanted, WIDTH);
  const rows = ranges(m, Math.ceil(wanted / columns.length), TILE_ROWS);
  return columns.flatMap((c) => rows.map((r) => ({ rows: r, columns: c })));
}

/** The product as one stage of tasks, each with its own scratch. */
export function productTasks(exports: Exports, product: Product, scratch: number, parts: number): Stage {
  const { m, k, n } = product;
  const size = taskScratch(k, n);
  return cuts(m, k, n, parts).map((cut, index) => productTask(exports, product, cut, scratch + index * size));
}

function productOf([a, b]: readonly Place[], output: Place): Product {
  const [left, right] = [a as Place, b as Place];
  const [m, k] = left.shape as [number, number];
  const n = right.shape[1] as number;
  return { a: left.at, strideA: k * 4, b: right.at, strideB: n * 4, c: output.at, strideC: n * 4, m, k, n };
}

/** Matrix product on the packed kernels. */
export const kernel: Kernel = {
  scratch([a, b], _attrs, parts) {
    const [m, k] = a as readonly [number, number];
    const n = (b as readonly [number, number])[1];
    return cuts(m, k, n, parts).length * taskScratch(k, n);
  },
  emit(module) {
    emitPack(module);
    emitUnpack(module);
    emitPanel(module);
  },
  bind(exports, inputs, output, _attrs, scratch) {
    const [task] = productTasks(exports, productOf(inputs, output), scratch, 1);
    return task ?? (() => {});
  },
  split(exports, inputs, output, _attrs, scratch, parts) {
    return [productTasks(exports, productOf(inputs, output), scratch, parts)];
  },
};
