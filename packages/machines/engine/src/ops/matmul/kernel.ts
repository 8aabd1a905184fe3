import { bump, canonical, doWhile, f32, f32x4, i32, v128, when, whileLoop } from "../../wasm/code.ts";
import type { Code, FunctionBuilder, Local, ModuleBuilder } from "../../wasm/emit.ts";
import type { Kernel } from "../op.ts";

/** Columns of one packed panel: four vectors. */
const WIDTH = 16;
/** Depth of one block of k: a panel of 256 x 16 floats is 16 KiB and stays in the first-level cache. */
const DEPTH = 256;
const UNROLL = 4;

/** Copies `depth` rows of up to 16 columns of B into a contiguous panel, +0 beyond the last column. */
function emitPack(module: ModuleBuilder): void {
  // from, to, depth, columns, row stride in bytes
  module.function("matmul.pack", ["i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, depth, columns, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [x, y, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const vectors = [0, 16, 32, 48];
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

/** Copies a 16-wide strip back to its `columns` columns of C. */
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

/** One register tile: as many rows as `tile.a`, four vectors of columns, all of this block's k. */
function tileCode(f: FunctionBuilder, tile: Tile): Code {
  const { a, panel, c, depth, fresh } = tile;
  const columns = [0, 1, 2, 3];
  const sums = a.map(() => columns.map(() => f.local("v128")));
  const b = columns.map(() => f.local("v128"));
  const splat = f.local("v128");
  const left = f.local("i32");
  const step = (k: number): Code => [
    ...b.flatMap((vector, j) => [...vector.set(v128.load(panel.get, k * 64 + j * 16))]),
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
    ...bump(panel, by * 64),
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
    const [a0, a1, c1, p] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const next = (count: number): Code => [
      ...a.set(i32.add(a.get, i32.mul(strideA.get, i32.const(count)))),
      ...c.set(i32.add(c.get, i32.mul(strideC.get, i32.const(count)))),
      ...rows.set(i32.sub(rows.get, i32.const(count))),
    ];
    f.body(
      whileLoop(
        i32.geU(rows.get, i32.const(2)),
        a0.set(a.get),
        a1.set(i32.add(a.get, strideA.get)),
        c1.set(i32.add(c.get, strideC.get)),
        p.set(panel.get),
        tileCode(f, { a: [a0, a1], panel: p, c: [c, c1], depth, fresh }),
        next(2),
      ),
      when(rows.get, [
        ...a0.set(a.get),
        ...p.set(panel.get),
        ...tileCode(f, { a: [a0], panel: p, c: [c], depth, fresh }),
        ...next(1),
      ]),
    );
  });
}

/** Packed panels of B, 2 x 16 register tiles, k in blocks that resume from the stored sums. */
export const kernel: Kernel = {
  scratch: ([a]) => DEPTH * WIDTH * 4 + ((a as readonly number[])[0] as number) * WIDTH * 4,
  emit(module) {
    emitPack(module);
    emitUnpack(module);
    emitPanel(module);
  },
  bind(exports, inputs, output, _attrs, scratch) {
    const [a, b] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    const [m, k] = a.shape as [number, number];
    const n = b.shape[1] as number;
    const pack = exports["matmul.pack"] as (...args: number[]) => void;
    const panel = exports["matmul.panel"] as (...args: number[]) => void;
    const unpack = exports["matmul.unpack"] as (...args: number[]) => void;
    const strip = scratch + DEPTH * WIDTH * 4;
    return () => {
      for (let column = 0; column < n; column += WIDTH) {
        const columns = Math.min(WIDTH, n - column);
        const whole = columns === WIDTH;
        const to = whole ? output.at + column * 4 : strip;
        for (let from = 0; from < k || from === 0; from += DEPTH) {
          const depth = Math.min(DEPTH, k - from);
          pack(b.at + (from * n + column) * 4, scratch, depth, columns, n * 4);
          panel(a.at + from * 4, k * 4, scratch, to, whole ? n * 4 : WIDTH * 4, m, depth, from === 0 ? 1 : 0);
        }
        if (!whole) unpack(strip, output.at + column * 4, m, columns, n * 4);
      }
    };
  },
};
