import { bump, doWhile, i32, i32x4, small, v128, when, whileLoop } from "../../wasm/code.ts";
import type { Code, Local, ModuleBuilder } from "../../wasm/emit.ts";

/** Register tile: 4 rows by 2 vectors of 4 columns; each step takes two k at once. */
const TILE_ROWS = 4;
const VECTORS = 2;
export const WIDTH = VECTORS * 4;
const UNROLL = 8;

/** Widens rows of int8 to int16, +0 up to an even length. */
function emitWiden(module: ModuleBuilder): void {
  // from, to, rows, k, bytes of one widened row
  module.function("i8s.widen", ["i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, rows, k, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [at, end, next] = [f.local("i32"), f.local("i32"), f.local("i32")];
    f.body(
      whileLoop(
        rows.get,
        at.set(to.get),
        next.set(i32.add(to.get, stride.get)),
        end.set(i32.add(from.get, k.get)),
        whileLoop(
          i32.ltU(i32.add(from.get, i32.const(7)), end.get),
          v128.store(at.get, v128.load8x8(from.get)),
          bump(from, 8),
          bump(at, 16),
        ),
        whileLoop(
          i32.ltU(from.get, end.get),
          small.storeS16(at.get, small.loadS8(from.get)),
          bump(from, 1),
          bump(at, 2),
        ),
        whileLoop(i32.ltU(at.get, next.get), small.storeS16(at.get, i32.const(0)), bump(at, 2)),
        to.set(next.get),
        rows.set(i32.sub(rows.get, i32.const(1))),
      ),
    );
  });
}

/** Packs up to 8 columns of B as pairs (k, k + 1) of int16; `depth` is k rounded up to even, +0 beyond B. */
function emitPack(module: ModuleBuilder): void {
  // from, to, k, columns, n, pairs
  module.function("i8s.pack", ["i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, k, columns, n, pairs] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i)) as unknown as Local[] as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [x, y, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const row = (offset: number): Code =>
      when(k.get, [
        ...x.set(from.get),
        ...y.set(to.get),
        ...end.set(i32.add(to.get, i32.shl(columns.get, 2))),
        ...whileLoop(
          i32.ltU(y.get, end.get),
          small.storeS16(y.get, small.loadS8(x.get), offset),
          bump(x, 1),
          bump(y, 4),
        ),
        ...from.set(i32.add(from.get, n.get)),
        ...k.set(i32.sub(k.get, i32.const(1))),
      ]);
    f.body(
      whileLoop(
        pairs.get,
        Array.from({ length: VECTORS }, (_, v) => [...v128.store(to.get, i32x4.const(0), v * 16)]).flat(),
        row(0),
        row(2),
        bump(to, WIDTH * 4),
        pairs.set(i32.sub(pairs.get, i32.const(1))),
      ),
    );
  });
}

/** All rows of C for one packed panel; C has room for whole panels. */
function emitPanel(module: ModuleBuilder): void {
  // a, bytes of one row of a, panel, c, bytes of one row of c, rows, pairs
  module.function("i8s.panel", ["i32", "i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
    const [a, strideA, panel, c, strideC] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [rows, pairs] = [f.param(5), f.param(6)];
    const [p, left] = [f.local("i32"), f.local("i32")];
    const tile = (count: number): Code => {
      const list = Array.from({ length: count }, () => f.local("i32"));
      const to = f.local("i32");
      const sums = list.map(() => Array.from({ length: VECTORS }, () => f.local("v128")));
      const b = Array.from({ length: VECTORS }, () => f.local("v128"));
      const splat = f.local("v128");
      const step = (pair: number): Code => [
        ...b.flatMap((vector, j) => [...vector.set(v128.load(p.get, pair * WIDTH * 4 + j * 16))]),
        ...list.flatMap((row, i) => [
          ...splat.set(v128.load32Splat(row.get, pair * 4)),
          ...b.flatMap((vector, j) => {
            const sum = (sums[i] as Local[])[j] as Local;
            return [...sum.set(i32x4.add(sum.get, i32x4.dot(splat.get, vector.get)))];
          }),
        ]),
      ];
      const advance = (by: number): Code => [
        ...list.flatMap((row) => [...bump(row, by * 4)]),
        ...bump(p, by * WIDTH * 4),
        ...left.set(i32.sub(left.get, i32.const(by))),
      ];
      const enough = i32.geU(left.get, i32.const(UNROLL));
      return [
        ...list.flatMap((row, i) => [...row.set(i === 0 ? a.get : i32.add((list[i - 1] as Local).get, strideA.get))]),
        ...sums.flat().flatMap((sum) => [...sum.set(i32x4.const(0))]),
        ...p.set(panel.get),
        ...left.set(pairs.get),
        ...when(
          enough,
          doWhile(enough, Array.from({ length: UNROLL }, (_, pair) => step(pair)).flat(), advance(UNROLL)),
        ),
        ...whileLoop(left.get, step(0), advance(1)),
        ...to.set(c.get),
        ...sums.flatMap((row) => [
          ...row.flatMap((sum, j) => [...v128.store(to.get, sum.get, j * 16)]),
          ...to.set(i32.add(to.get, strideC.get)),
        ]),
        ...a.set(i32.add(a.get, i32.mul(strideA.get, i32.const(count)))),
        ...c.set(to.get),
        ...rows.set(i32.sub(rows.get, i32.const(count))),
      ];
    };
    f.body(whileLoop(i32.geU(rows.get, i32.const(TILE_ROWS)), tile(TILE_ROWS)), whileLoop(rows.get, tile(1)));
  });
}

/** Adds the int8 matmul functions. */
export function emitMatmul(module: ModuleBuilder): void {
  emitWiden(module);
  emitPack(module);
  emitPanel(module);
}
