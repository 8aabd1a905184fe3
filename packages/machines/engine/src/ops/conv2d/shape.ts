import { InvalidInputError } from "@base/errors";
import type { Attributes, Shape } from "../../graph/ir.ts";
import { type Window, windowOf } from "../window.ts";

/** A convolution's geometry. */
export interface Convolution {
  readonly window: Window;
  readonly groups: number;
  /** Output channels in all, input channels and output channels of one group. */
  readonly channels: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Attributes of the matching unfold. */
  readonly unfold: Attributes;
}

/** Checks operand shapes and attributes; throws InvalidInputError when they do not fit. */
export function convolutionOf(x: Shape, w: Shape, attrs: Attributes): Convolution {
  if (w.length !== 4) throw new InvalidInputError(`conv2d takes weights [O, C, kh, kw], not shape [${w}].`);
  const { groups: given = 1, ...rest } = attrs;
  const unfold = { ...rest, kernel: [w[2] as number, w[3] as number] };
  const window = windowOf("conv2d", x, unfold);
  const groups = given as number;
  const channels = w[0] as number;
  const fits = Number.isSafeInteger(groups) && groups > 0 && window.c % groups === 0 && channels % groups === 0;
  if (!fits || w[1] !== window.c / groups)
    throw new InvalidInputError(`conv2d cannot slide weights [${w}] over [${x}] in ${String(groups)} groups.`);
  return { window, groups, channels, inputs: window.c / groups, outputs: channels / groups, unfold };
}
