import { bump, canonical, doWhile, f32, f32x4, i32, v128, when, whileLoop } from "../../wasm/code.ts";
import type { Code, FunctionBuilder, Local, ModuleBuilder } from "../../wasm/emit.ts";
import type { Exports, Kernel } from "../op.ts";

/** Register tile: 4 rows by 2 vectors of columns. Measured faster than 2 x 4, 3 x 3, 5 x 2 and 3 x 4 on V8 (README). */
const TILE_ROWS = 4;
const VECTORS = 2;
/** Columns of one packed panel. */
const WIDTH = VECTORS * 4;
/** Depth of one block of k: a panel of 512 x 8 floats is 16 KiB and stays in the first-level cache. */
const DEPTH = 512;
const UNROLL = 8;
/** Rows of A that are taken together: their block stays in the second-level cache while panels of B pass by. */
const ROWS = 64;

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
}

/** One register tile: as many rows as `tile.a`, two vectors of columns, all of this block's k. */
function tileCode(f: FunctionBuilder, tile: Tile): Code {
  const { a, panel, c, depth, fresh } = tile;
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
      doWhile(i32.geU(left.get, i32.const(UNROLL)), unrolled, advance(UNROLL)),
    ),
    ...whileLoop(left.get, step(0), advance(1)),
    ...each((sum, row, offset) => v128.store(row.get, canonical(f, sum.get), offset)),
  ];
}

/** All rows of C for one packed panel and one block of k; `fresh` starts from +0 instead of C. */
function emitPanel(module: ModuleBuilder): void {
  // a, row stride of a, panel, c, row stride of c, rows, depth, fresh
  module.function("matmul.panel", ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
    const [a, strideA, panel, c, strideC] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [rows, depth, fresh] = [f.param(5), f.param(6), f.param(7)];
    const p = f.local("i32");
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
        ...tileCode(f, { a: left, panel: p, c: result, depth, fresh }),
        ...a.set(i32.add(a.get, i32.mul(strideA.get, i32.const(count)))),
        ...c.set(i32.add(c.get, i32.mul(strideC.get, i32.const(count)))),
        ...rows.set(i32.sub(rows.get, i32.const(count))),
      ];
    };
    f.body(whileLoop(i32.geU(rows.get, i32.const(TILE_ROWS)), tile(TILE_ROWS)), whileLoop(rows.get, tile(1)));
  });
}

/** Bytes of scratch memory that {@link multiply} wants. */
export function multiplyScratch(m: number, k: number, n: number): number {
  return Math.ceil(n / WIDTH) * k * WIDTH * 4 + Math.min(m, ROWS) * WIDTH * 4;
}

/** C [m, n] = A [m, k] B [k, n], row-major at byte addresses: packed panels of B, register tiles, k in blocks. */
export function multiply(
  exports: Exports,
  a: number,
  b: number,
  c: number,
  m: number,
  k: number,
  n: number,
  scratch: number,
): void {
  const pack = exports["matmul.pack"] as (...args: number[]) => void;
  const panel = exports["matmul.panel"] as (...args: number[]) => void;
  const unpack = exports["matmul.unpack"] as (...args: number[]) => void;
  const panelBytes = k * WIDTH * 4;
  const strip = scratch + Math.ceil(n / WIDTH) * panelBytes;
  for (let column = 0, to = scratch; column < n; column += WIDTH, to += panelBytes)
    pack(b + column * 4, to, k, Math.min(WIDTH, n - column), n * 4);
  for (let row = 0; row < m; row += ROWS) {
    const rows = Math.min(ROWS, m - row);
    for (let column = 0, packed = scratch; column < n; column += WIDTH, packed += panelBytes) {
      const whole = n - column >= WIDTH;
      const target = c + (row * n + column) * 4;
      const [to, stride] = whole ? [target, n * 4] : [strip, WIDTH * 4];
      for (let from = 0; from < k || from === 0; from += DEPTH) {
        const depth = Math.min(DEPTH, k - from);
        panel(a + (row * k + from) * 4, k * 4, packed + from * WIDTH * 4, to, stride, rows, depth, from === 0 ? 1 : 0);
      }
      if (!whole) unpack(strip, target, rows, n - column, n * 4);
    }
  }
}

/** Matrix product on the packed kernels. */
export const kernel: Kernel = {
  scratch([a, b]) {
    const [m, k] = a as readonly [number, number];
    return multiplyScratch(m, k, (b as readonly [number, number])[1]);
  },
  emit(module) {
    emitPack(module);
    emitUnpack(module);
    emitPanel(module);
  },
  bind(exports, inputs, output, _attrs, scratch) {
    const [a, b] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    const [m, k] = a.shape as [number, number];
    const n = b.shape[1] as number;
    return () => multiply(exports, a.at, b.at, output.at, m, k, n, scratch);
  },
};
