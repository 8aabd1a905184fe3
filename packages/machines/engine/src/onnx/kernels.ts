import { canonicalise } from "../bits.ts";
import { Builder } from "../graph/build.ts";
import { type Attributes, type Shape, sizeOf } from "../graph/ir.ts";
import { Program } from "../graph/program.ts";
import { findOp } from "../ops/registry.ts";

/** Below this many elements a reference costs less than binding a kernel; both give the same bits. */
const SMALL = 8192;
/** Operand elements of the bound kernels that are kept for the next run: 2^26. */
const KEPT = 2 ** 26;

/** What a kernel costs besides its operands, in elements. */
const PAGE = 32_768;

interface Operand {
  readonly shape: Shape;
  readonly values: Float32Array;
}

const programs = new Map<string, { readonly program: Program; readonly size: number }>();
let kept = 0;

function programOf(op: string, shapes: readonly Shape[], attrs: Attributes): Program {
  const key = JSON.stringify([op, shapes, attrs]);
  const known = programs.get(key);
  if (known !== undefined) {
    programs.delete(key);
    programs.set(key, known);
    return known.program;
  }
  const b = new Builder();
  b.output(
    "y",
    b.op(
      op,
      shapes.map((shape, i) => b.input(`x${i}`, shape, "data")),
      attrs,
    ),
  );
  const program = new Program(b.finish());
  const size = shapes.reduce((sum, shape) => sum + sizeOf(shape), PAGE);
  programs.set(key, { program, size });
  kept += size;
  for (const [oldest, entry] of programs) {
    if (kept <= KEPT || programs.size === 1) break;
    programs.delete(oldest);
    kept -= entry.size;
  }
  return program;
}

/** Runs one of the engine's own operators on binary32 operands: its kernel, or its reference when that is quicker. */
export function engineOp(op: string, inputs: readonly Operand[], attrs: Attributes = {}, work?: number): Float32Array {
  const size = work ?? inputs.reduce((sum, input) => sum + sizeOf(input.shape), 0);
  if (size <= SMALL) {
    const clean = inputs.map(({ shape, values }) => ({ shape, values: canonicalise(values.slice()) }));
    const { reference } = findOp(op);
    reference.shape(
      clean.map(({ shape }) => shape),
      attrs,
    );
    return canonicalise(reference.compute(clean, attrs));
  }
  const program = programOf(
    op,
    inputs.map(({ shape }) => shape),
    attrs,
  );
  for (const [i, { values }] of inputs.entries()) program.write(`x${i}`, values);
  program.run();
  return program.read("y");
}
