import { InvalidInputError } from "@base/errors";
import { type Attributes, type Shape, sizeOf } from "../../graph/ir.ts";
import { arity, type Reference } from "../op.ts";

/** Checks `attrs.perm` against the rank and returns it. */
export function permutationOf(shape: Shape, attrs: Attributes): readonly number[] {
  const perm = attrs.perm;
  const sound = Array.isArray(perm) && perm.length === shape.length && shape.every((_, axis) => perm.includes(axis));
  if (!sound) throw new InvalidInputError(`permute needs attrs.perm with each axis of [${shape}] once.`);
  return perm as readonly number[];
}

/** Element strides of the operand along the axes of the result. */
export function permutedStrides(shape: Shape, perm: readonly number[]): number[] {
  return perm.map((axis) => sizeOf(shape.slice(axis + 1)));
}

/** Reordered axes. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("permute", inputs, 1);
    const shape = inputs[0] as Shape;
    return permutationOf(shape, attrs).map((axis) => shape[axis] as number);
  },
  compute([x], attrs) {
    if (x === undefined) return new Float32Array();
    const perm = permutationOf(x.shape, attrs);
    const shape = perm.map((axis) => x.shape[axis] as number);
    const strides = permutedStrides(x.shape, perm);
    return Float32Array.from({ length: x.values.length }, (_, i) => {
      let [rest, from] = [i, 0];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += (rest % (shape[axis] as number)) * (strides[axis] as number);
        rest = Math.floor(rest / (shape[axis] as number));
      }
      return x.values[from] as number;
    });
  },
};
