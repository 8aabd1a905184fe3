import { BugError } from "@base/errors";
import { bitsOf } from "../bits.ts";
import type { Attributes, Shape } from "../graph/ir.ts";
import { limitsOf } from "../ops/clip/reference.ts";
import { windowOf } from "../ops/window.ts";
import type { OpName } from "./opcodes.ts";

const windowed =
  (shapeOf: (inputs: readonly Shape[], output: Shape) => Shape) =>
  (attrs: Attributes, inputs: readonly Shape[], output: Shape): number[] => {
    const { kernel, strides, dilations } = windowOf("window", shapeOf(inputs, output), attrs);
    const pads = (attrs["pads"] as readonly number[] | undefined) ?? [0, 0, 0, 0];
    return [...kernel, ...strides, ...pads, ...dilations];
  };

const first = ([input]: readonly Shape[]): Shape => input ?? [];

/** Operators whose attributes are more than their operands' and result's shapes. */
const ENCODERS: Partial<
  Record<OpName, (attrs: Attributes, inputs: readonly Shape[], output: Shape) => readonly number[]>
> = {
  permute: (attrs) => attrs["perm"] as readonly number[],
  fill: (attrs) => [bitsOf(Math.fround(attrs["value"] as number))],
  clip: (attrs) => limitsOf(attrs).map(bitsOf),
  unfold: windowed(first),
  maxpool: windowed(first),
  avgpool: windowed(first),
  maxpoolgrad: windowed(([, x]) => x ?? []),
  fold: windowed((_, output) => output),
};

/** Attributes of an operator as the integers that its referee takes; operators that need none give none. */
export function encodeAttributes(
  op: OpName,
  attrs: Attributes,
  inputs: readonly Shape[],
  output: Shape,
): readonly number[] {
  const integers = ENCODERS[op]?.(attrs, inputs, output) ?? [];
  if (!integers.every(Number.isSafeInteger)) throw new BugError(`${op} has attributes that are no integers.`);
  return integers;
}
