import { bump, doWhile, i16x8, i32, i32x4, small, v128, when, whileLoop } from "../../wasm/code.ts";
import type { Code, Local, ModuleBuilder } from "../../wasm/emit.ts";

// Two products at the price of one: with x1, x2 from a row of A and y1, y2 from a column of B,
//   x1 y1 + x2 y2 = (x1 + y2) (x2 + y1) - x1 x2 - y1 y2     (S. Winograd, A new algorithm for inner product, 1968)
// and what is taken off depends on the row alone or the column alone. Here x1 and x2 are pairs (k, k + 1) and (k + 2,
// k + 3), so that `dot` adds two such products. Integers are exact modulo 2^32, and the true sum fits in 32 bits
// (MAX_DEPTH), so the answer is the same as in any other order. Additions may run where products may not: processors add
// more at a time than they multiply.

/** Register tile: 3 rows by 2 vectors of 4 columns; each step takes four k at once. */
export const TILE_ROWS = 3;
const VECTORS = 2;
export const WIDTH = VECTORS * 4;
/** k is padded with zeros to a multiple of this. */
export const QUAD = 4;
const UNROLL = 8;
/** Bytes by which one turn of the loop advances in the next panel, reading and forgetting: 66 rows bring all of it near. */
const TOUCH = 24;
/** Bytes behind each widened row: what the row takes off every sum, negated (one int32). */
export const ROW_END = 16;
/** Bytes behind each panel: what each column takes off, negated. */
export const PANEL_END = WIDTH * 4;

/** Bytes of a vector whose first and second four change places. */
const TURNED = [4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15];

/** Widens rows of int8 to int16, zeros up to whole quads, and what the row takes off behind them. */
function emitWiden(module: ModuleBuilder): void {
  // from, to, rows, k, bytes of one widened row with its end
  module.function("i8s.widen", ["i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, rows, k, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [at, end, next] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [quad, sum] = [f.local("v128"), f.local("v128")];
    f.body(
      whileLoop(
        rows.get,
        at.set(to.get),
        next.set(i32.add(to.get, i32.sub(stride.get, i32.const(ROW_END)))),
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
        // one quad's x1 x2 stands in lane 0 of its product with itself turned by two
        sum.set(i32x4.const(0)),
        at.set(to.get),
        whileLoop(
          i32.ltU(at.get, next.get),
          quad.set(v128.load64Zero(at.get)),
          sum.set(i32x4.sub(sum.get, i32x4.dot(quad.get, v128.shuffle(quad.get, quad.get, TURNED)))),
          bump(at, QUAD * 2),
        ),
        v128.store(next.get, sum.get),
        to.set(i32.add(next.get, i32.const(ROW_END))),
        rows.set(i32.sub(rows.get, i32.const(1))),
      ),
    );
  });
}

/** Packs up to 8 columns of B as pairs (k, k + 1) of int16, zeros beyond B, and what the columns take off behind them. */
function emitPack(module: ModuleBuilder): void {
  // from, to, k, columns, n, quads
  module.function("i8s.pack", ["i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, k] = [f.param(0), f.param(1), f.param(2)];
    const [columns, n, quads] = [f.param(3), f.param(4), f.param(5)];
    const [x, y, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const ends = Array.from({ length: VECTORS }, () => f.local("v128"));
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
    const zeros = Array.from({ length: VECTORS * 2 }, (_, v) => [...v128.store(to.get, i32x4.const(0), v * 16)]);
    const second = WIDTH * 4; // where the quad's other pair stands
    f.body(
      whileLoop(
        quads.get,
        zeros.flat(),
        row(0),
        row(2),
        row(second),
        row(second + 2),
        ends.flatMap((sum, v) => {
          const [y1, y2] = [v128.load(to.get, v * 16), v128.load(to.get, second + v * 16)];
          return [...sum.set(i32x4.sub(sum.get, i32x4.dot(y1, y2)))];
        }),
        bump(to, second * 2),
        quads.set(i32.sub(quads.get, i32.const(1))),
      ),
      ends.flatMap((sum, v) => [...v128.store(to.get, sum.get, v * 16)]),
    );
  });
}

/** All rows of C for one packed panel; C has room for whole panels. */
function emitPanel(module: ModuleBuilder): void {
  // a, bytes of one widened row, panel, c, bytes of one row of c, rows, quads
  module.function("i8s.panel", ["i32", "i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
    const [a, strideA, panel, c, strideC] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [rows, quads] = [f.param(5), f.param(6)];
    const [p, left, ahead, to] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const vectors = () => Array.from({ length: VECTORS }, () => f.local("v128"));
    const tile = (count: number): Code => {
      const list = Array.from({ length: count }, () => f.local("i32"));
      const sums = list.map(vectors);
      const [y1, y2, x1, x2] = [vectors(), vectors(), f.local("v128"), f.local("v128")];
      const each = (code: (sum: Local, row: Local, offset: number) => Code): Code =>
        sums.flatMap((row, i) => row.flatMap((sum, j) => [...code(sum, list[i] as Local, j * 16)]));
      const step = (quad: number): Code => [
        ...y1.flatMap((vector, j) => [...vector.set(v128.load(p.get, quad * WIDTH * 8 + j * 16))]),
        ...y2.flatMap((vector, j) => [...vector.set(v128.load(p.get, quad * WIDTH * 8 + WIDTH * 4 + j * 16))]),
        ...list.flatMap((row, i) => [
          ...x1.set(v128.load32Splat(row.get, quad * 8)),
          ...x2.set(v128.load32Splat(row.get, quad * 8 + 4)),
          ...(sums[i] as Local[]).flatMap((sum, j) => {
            const left = i16x8.add(x1.get, (y2[j] as Local).get);
            const right = i16x8.add(x2.get, (y1[j] as Local).get);
            return [...sum.set(i32x4.add(sum.get, i32x4.dot(left, right)))];
          }),
        ]),
      ];
      const advance = (by: number): Code => [
        ...list.flatMap((row) => [...bump(row, by * QUAD * 2)]),
        ...bump(p, by * WIDTH * QUAD * 2),
        ...left.set(i32.sub(left.get, i32.const(by))),
      ];
      const enough = i32.geU(left.get, i32.const(UNROLL));
      return [
        ...list.flatMap((row, i) => [...row.set(i === 0 ? a.get : i32.add((list[i - 1] as Local).get, strideA.get))]),
        ...each((sum) => sum.set(i32x4.const(0))),
        ...p.set(panel.get),
        ...left.set(quads.get),
        ...when(
          enough,
          doWhile(
            enough,
            Array.from({ length: UNROLL }, (_, quad) => step(quad)).flat(),
            advance(UNROLL),
            i32.touch(ahead.get),
            bump(ahead, TOUCH),
          ),
        ),
        ...whileLoop(left.get, step(0), advance(1)),
        // every pointer stands at its end now, where what is taken off follows
        ...each((sum, row, offset) =>
          sum.set(i32x4.add(sum.get, i32x4.add(v128.load32Splat(row.get), v128.load(p.get, offset)))),
        ),
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
    f.body(
      ahead.set(i32.add(panel.get, i32.mul(quads.get, i32.const(WIDTH * QUAD * 2)))),
      whileLoop(i32.geU(rows.get, i32.const(TILE_ROWS)), tile(TILE_ROWS)),
      whileLoop(rows.get, tile(1)),
    );
  });
}

/** Adds the int8 matmul functions. */
export function emitMatmul(module: ModuleBuilder): void {
  emitWiden(module);
  emitPack(module);
  emitPanel(module);
}
