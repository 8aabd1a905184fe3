import { type Attributes, type Shape, sizeOf } from "../graph/ir.ts";
import { convolve, kernel as convolution } from "./conv2d/kernel.ts";
import type { After } from "./matmul/after.ts";
import { BIAS_COLUMN, BIAS_ROW, CLAMP } from "./matmul/after.ts";
import { cuts, type Product, packTasks, productTasks, taskScratch } from "./matmul/kernel.ts";
import type { Exports, Kernel, Place, Stage } from "./op.ts";

// Kernels of several operators at once, that only the lowering of a graph writes (src/graph/lower.ts). Their operands:
// left, right, then the bias when `attrs.kinds` says so, then the two limits, then the packed panels of the right one.

function kindsOf(attrs: Attributes): number {
  return attrs.kinds as number;
}

function afterOf(inputs: readonly Place[], attrs: Attributes): After | undefined {
  const kinds = kindsOf(attrs);
  if (kinds === 0) return undefined;
  let at = 2;
  const bias = kinds & (BIAS_ROW | BIAS_COLUMN) ? (inputs[at++] as Place).at : 0;
  return { kinds, bias, limits: kinds & CLAMP ? (inputs[at] as Place).at : 0 };
}

function productOf(inputs: readonly Place[], output: Place, attrs: Attributes): Product {
  const [a, b] = inputs as [Place, Place];
  const [m, k] = a.shape as [number, number];
  const across = attrs.across === 1;
  const n = b.shape[across ? 0 : 1] as number;
  const packed = attrs.packed === 1 ? (inputs.at(-1) as Place).at : undefined;
  const strideB = (b.shape[1] as number) * 4;
  const after = afterOf(inputs, attrs);
  return { a: a.at, strideA: k * 4, b: b.at, strideB, across, packed, c: output.at, strideC: n * 4, m, k, n, after };
}

/** Matrix product whose right operand may be transposed or packed before, with bias and clamp. */
export const product: Kernel = {
  scratch([a, b], attrs, parts) {
    const [m, k] = a as readonly [number, number];
    const n = (b as Shape)[attrs.across === 1 ? 0 : 1] as number;
    return cuts(m, k, n, parts).length * taskScratch(k, n);
  },
  emit() {
    // Uses the functions of matmul and transpose.
  },
  bind(exports, inputs, output, attrs, scratch) {
    return productTasks(exports, productOf(inputs, output, attrs), scratch, 1)[0] ?? (() => {});
  },
  split(exports, inputs, output, attrs, scratch, parts) {
    return [productTasks(exports, productOf(inputs, output, attrs), scratch, parts)];
  },
};

/** Convolution with one bias per output channel and a clamp. */
export const convolutionAfter: Kernel = {
  scratch: (shapes, attrs, parts) => convolution.scratch?.(shapes, windowAttributes(attrs), parts) ?? 0,
  emit() {
    // Uses the functions of conv2d.
  },
  bind(exports, inputs, output, attrs, scratch) {
    return (
      convolve(exports, inputs, output, windowAttributes(attrs), scratch, 1, afterOf(inputs, attrs))[0] ?? (() => {})
    );
  },
  split(exports, inputs, output, attrs, scratch, parts) {
    return [convolve(exports, inputs, output, windowAttributes(attrs), scratch, parts, afterOf(inputs, attrs))];
  },
};

function windowAttributes({ kinds: _, ...rest }: Attributes): Attributes {
  return rest;
}

/** Packs a right operand [k, n] (or [n, k] with `across`) into the panels that {@link product} takes. */
export function packWeights(exports: Exports, b: Place, to: Place, across: boolean): Stage {
  const [k, n] = (across ? [b.shape[1], b.shape[0]] : b.shape) as [number, number];
  const none = { a: 0, strideA: 0, c: 0, strideC: 0, m: 0 };
  return packTasks(exports, { ...none, b: b.at, strideB: (b.shape[1] as number) * 4, across, k, n }, to.at, 1);
}

/** Elements that the packed panels of a right operand take. */
export function packedElements(shape: Shape, across: boolean): number {
  const [k, n] = (across ? [shape[1], shape[0]] : shape) as [number, number];
  return sizeOf([Math.ceil(n / 8) * 8, k]);
}
