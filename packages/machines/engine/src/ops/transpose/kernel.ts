import { bump, i32, v128, whileLoop } from "../../wasm/code.ts";
import type { Code } from "../../wasm/emit.ts";
import { gather } from "../elementwise.ts";
import type { Kernel } from "../op.ts";
import { ranges } from "../../threads/tape.ts";

/** Lanes of two vectors as bytes for a shuffle: numbers below 4 come from the first, the others from the second. */
const lanes = (...words: number[]): number[] => words.flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));

/** Elements that are worth a task of their own. */
const GRAIN = 16_384;

/** Blocks of 4 x 4 in registers, what is left element by element. */
export const kernel: Kernel = {
  emit(module) {
    // x, out, rows and columns of x, bytes from row to row of x and of out
    module.function("transpose", ["i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
      const [x, out, m, n, strideX, strideOut] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i)) as unknown as [
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
        ReturnType<typeof f.param>,
      ];
      const [from, to, left, rows, toRow] = [0, 1, 2, 3, 4].map(() => f.local("i32")) as unknown as [
        ReturnType<typeof f.local>,
        ReturnType<typeof f.local>,
        ReturnType<typeof f.local>,
        ReturnType<typeof f.local>,
        ReturnType<typeof f.local>,
      ];
      const at = f.local("i32");
      const v = Array.from({ length: 8 }, () => f.local("v128"));
      const get = (i: number): Code => (v[i] as (typeof v)[0]).get;
      const set = (i: number, code: Code): Code => (v[i] as (typeof v)[0]).set(code);
      const low = (a: number, b: number): Code => v128.shuffle(get(a), get(b), lanes(0, 4, 1, 5));
      const high = (a: number, b: number): Code => v128.shuffle(get(a), get(b), lanes(2, 6, 3, 7));
      const block: Code = [
        ...at.set(from.get),
        ...[0, 1, 2, 3].flatMap((i) => [...set(i, v128.load(at.get)), ...at.set(i32.add(at.get, strideX.get))]),
        ...set(4, low(0, 1)),
        ...set(5, low(2, 3)),
        ...set(6, high(0, 1)),
        ...set(7, high(2, 3)),
        ...at.set(to.get),
        ...[
          v128.shuffle(get(4), get(5), lanes(0, 1, 4, 5)),
          v128.shuffle(get(4), get(5), lanes(2, 3, 6, 7)),
          v128.shuffle(get(6), get(7), lanes(0, 1, 4, 5)),
          v128.shuffle(get(6), get(7), lanes(2, 3, 6, 7)),
        ].flatMap((row) => [...v128.store(at.get, row), ...at.set(i32.add(at.get, strideOut.get))]),
      ];
      const single: Code = i32.store(to.get, i32.load(from.get));
      const four = (local: typeof left): Code => i32.geU(local.get, i32.const(4));
      const along = (count: number, body: Code): Code =>
        whileLoop(
          count === 4 ? four(left) : left.get,
          body,
          bump(from, count * 4),
          to.set(i32.add(to.get, count === 4 ? i32.shl(strideOut.get, 2) : strideOut.get)),
          bump(left, -count),
        );
      const begin: Code = [...from.set(x.get), ...to.set(toRow.get), ...left.set(n.get)];
      f.body(
        rows.set(m.get),
        toRow.set(out.get),
        whileLoop(
          four(rows),
          begin,
          along(4, block),
          whileLoop(
            left.get,
            at.set(from.get),
            [0, 1, 2, 3].flatMap((i) => [
              ...i32.store(to.get, i32.load(at.get), i * 4),
              ...at.set(i32.add(at.get, strideX.get)),
            ]),
            bump(from, 4),
            to.set(i32.add(to.get, strideOut.get)),
            bump(left, -1),
          ),
          x.set(i32.add(x.get, i32.shl(strideX.get, 2))),
          bump(toRow, 16),
          bump(rows, -4),
        ),
        whileLoop(
          rows.get,
          begin,
          along(1, single),
          x.set(i32.add(x.get, strideX.get)),
          bump(toRow, 4),
          bump(rows, -1),
        ),
      );
    });
  },
  bind(exports, [x], output) {
    const run = exports.transpose as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const [m, n] = shape as [number, number];
    return () => run(at, output.at, m, n, n * 4, m * 4);
  },
  split(exports, [x], output, _attrs, _scratch, parts) {
    const run = exports.transpose as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const [m, n] = shape as [number, number];
    // Columns of x are rows of the result, so tasks write apart.
    const tasks = ranges(n, parts, 16).map(
      ([from, to]) =>
        () =>
          run(at + from * 4, output.at + from * m * 4, m, to - from, n * 4, m * 4),
    );
    return [gather(tasks, Math.max(1, Math.floor((m * n) / GRAIN)))];
  },
};
