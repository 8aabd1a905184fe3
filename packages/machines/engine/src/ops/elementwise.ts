import { sizeOf } from "../graph/ir.ts";
import { canonical, doWhile, f32x4, i32, v128, when, whileLoop } from "../wasm/code.ts";
import type { Code, FunctionBuilder } from "../wasm/emit.ts";
import { broadcastLoops, broadcastShape, broadcastStrides } from "./broadcast.ts";
import { ranges } from "../threads/tape.ts";
import { arity, type Kernel, type Reference, type Stage } from "./op.ts";

/** Elements that are worth a task of their own. */
export const GRAIN = 16_384;

/** Reference of `result[i] = compute(x[i])`. */
export function unaryReference(name: string, compute: (x: number) => number): Reference {
  return {
    shape(inputs) {
      arity(name, inputs, 1);
      return inputs[0] as readonly number[];
    },
    compute([x]) {
      return (x as { values: Float32Array }).values.map(compute);
    },
  };
}

/** Reference of `result[i] = compute(a[..], b[..])` with NumPy broadcasting. */
export function binaryReference(name: string, compute: (a: number, b: number) => number): Reference {
  return {
    shape(inputs) {
      arity(name, inputs, 2);
      return broadcastShape(inputs[0] as readonly number[], inputs[1] as readonly number[]);
    },
    compute([a, b]) {
      if (a === undefined || b === undefined) return new Float32Array();
      const shape = broadcastShape(a.shape, b.shape);
      const [left, right] = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
      const result = new Float32Array(sizeOf(shape));
      for (let i = 0; i < result.length; i++) {
        let [rest, x, y] = [i, 0, 0];
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          const index = rest % (shape[axis] as number);
          rest = Math.floor(rest / (shape[axis] as number));
          x += index * (left[axis] as number);
          y += index * (right[axis] as number);
        }
        result[i] = compute(a.values[x] as number, b.values[y] as number);
      }
      return result;
    },
  };
}

/** Kernel of an elementwise function of one operand, four lanes at a time; the result may run 12 bytes over. */
export function unaryKernel(name: string, compute: (f: FunctionBuilder, x: Code) => Code): Kernel {
  return {
    emit(module) {
      module.function(name, ["i32", "i32", "i32"], (f) => {
        const [from, to, count] = [f.param(0), f.param(1), f.param(2)];
        const end = f.local("i32");
        const x = f.local("v128");
        f.body(
          end.set(i32.add(to.get, i32.shl(count.get, 2))),
          whileLoop(
            i32.ltU(to.get, end.get),
            x.set(v128.load(from.get)),
            v128.store(to.get, canonical(f, compute(f, x.get))),
            from.set(i32.add(from.get, i32.const(16))),
            to.set(i32.add(to.get, i32.const(16))),
          ),
        );
      });
    },
    bind(exports, [x], output) {
      const run = exports[name] as (...args: number[]) => void;
      const [from, to, count] = [(x as { at: number }).at, output.at, sizeOf(output.shape)];
      return () => run(from, to, count);
    },
    split(exports, [x], output, _attrs, _scratch, parts) {
      const run = exports[name] as (...args: number[]) => void;
      const from = (x as { at: number }).at;
      const pieces = ranges(sizeOf(output.shape), parts, GRAIN);
      return [
        pieces.map(
          ([start, end]) =>
            () =>
              run(from + start * 4, output.at + start * 4, end - start),
        ),
      ];
    },
  };
}

/**
 * Kernel of an elementwise function of two operands with broadcasting. Rows are written in ascending
 * order, so a row's last vector may run over into the next row, which is written later.
 */
export function binaryKernel(name: string, compute: (f: FunctionBuilder, a: Code, b: Code) => Code): Kernel {
  return {
    emit(module) {
      // a, b, out, outer, inner, row strides in bytes, 4-lane strides in bytes (16, or 0 to repeat one value)
      module.function(name, ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
        const [a, b, out, outer, inner] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
        const [rowA, rowB, stepA, stepB] = [f.param(5), f.param(6), f.param(7), f.param(8)];
        const [pa, pb, po, end] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
        const [x, y] = [f.local("v128"), f.local("v128")];
        const loop = (loadX: Code, loadY: Code) =>
          doWhile(
            i32.ltU(po.get, end.get),
            loadX,
            loadY,
            v128.store(po.get, canonical(f, compute(f, x.get, y.get))),
            pa.set(i32.add(pa.get, stepA.get)),
            pb.set(i32.add(pb.get, stepB.get)),
            po.set(i32.add(po.get, i32.const(16))),
          );
        const [vectorX, vectorY] = [x.set(v128.load(pa.get)), y.set(v128.load(pb.get))];
        const [splatX, splatY] = [x.set(v128.load32Splat(pa.get)), y.set(v128.load32Splat(pb.get))];
        f.body(
          whileLoop(
            outer.get,
            pa.set(a.get),
            pb.set(b.get),
            po.set(out.get),
            end.set(i32.add(out.get, i32.shl(inner.get, 2))),
            when(
              stepA.get,
              when(stepB.get, loop(vectorX, vectorY), loop(vectorX, splatY)),
              when(stepB.get, loop(splatX, vectorY), loop(splatX, splatY)),
            ),
            a.set(i32.add(a.get, rowA.get)),
            b.set(i32.add(b.get, rowB.get)),
            out.set(end.get),
            outer.set(i32.sub(outer.get, i32.const(1))),
          ),
        );
      });
    },
    bind(exports, [a, b], output) {
      const run = exports[name] as (...args: number[]) => void;
      if (a === undefined || b === undefined) return () => {};
      const { outer, inner, rows, steps, starts } = broadcastLoops([a.shape, b.shape], output.shape);
      const calls = starts.map(([to = 0, x = 0, y = 0]) => [a.at + x * 4, b.at + y * 4, output.at + to * 4] as const);
      const [rowA, rowB] = [(rows[0] as number) * 4, (rows[1] as number) * 4];
      const [stepA, stepB] = [steps[0] === 1 ? 16 : 0, steps[1] === 1 ? 16 : 0];
      if (sizeOf(output.shape) === 0) return () => {};
      return () => {
        for (const [x, y, to] of calls) run(x, y, to, outer, inner, rowA, rowB, stepA, stepB);
      };
    },
    split(exports, operands, output, attrs, scratch, parts) {
      const run = exports[name] as (...args: number[]) => void;
      const [a, b] = operands;
      if (a === undefined || b === undefined || sizeOf(output.shape) === 0) return [];
      const { outer, inner, rows, steps, starts } = broadcastLoops([a.shape, b.shape], output.shape);
      const [rowA, rowB] = [(rows[0] as number) * 4, (rows[1] as number) * 4];
      const [stepA, stepB] = [steps[0] === 1 ? 16 : 0, steps[1] === 1 ? 16 : 0];
      if (outer === 1 && starts.length === 1) {
        const piece = ([start, end]: readonly [number, number]) => {
          const [x, y] = [a.at + start * (stepA / 4), b.at + start * (stepB / 4)];
          return () => run(x, y, output.at + start * 4, 1, end - start, 0, 0, stepA, stepB);
        };
        return [ranges(inner, parts, GRAIN).map(piece)];
      }
      // A row whose length is no multiple of 4 runs over into the next, so two threads must not meet there.
      if (inner % 4 !== 0) return [[this.bind(exports, operands, output, attrs, scratch)]];
      const grain = Math.max(1, Math.floor(GRAIN / inner));
      const cuts = starts.flatMap(([to = 0, x = 0, y = 0]) =>
        ranges(outer, Math.ceil(parts / starts.length), grain).map(([start, end]) => () => {
          const [fromA, fromB] = [a.at + x * 4 + start * rowA, b.at + y * 4 + start * rowB];
          run(fromA, fromB, output.at + (to + start * inner) * 4, end - start, inner, rowA, rowB, stepA, stepB);
        }),
      );
      return [gather(cuts, Math.max(1, Math.min(parts, Math.floor(sizeOf(output.shape) / GRAIN))))];
    },
  };
}

/** Joins many small tasks into at most `parts`. */
export function gather(tasks: Stage, parts: number): Stage {
  return ranges(tasks.length, parts).map(([start, end]) => {
    const own = tasks.slice(start, end);
    return () => {
      for (const task of own) task();
    };
  });
}

/** Lanes of `a` where `mask` is set, +0 elsewhere. */
export function maskedBy(a: Code, mask: Code): Code {
  return v128.and(a, mask);
}

/** One binary32 constant in four lanes. */
export function constant(value: number): Code {
  return f32x4.const(value);
}
