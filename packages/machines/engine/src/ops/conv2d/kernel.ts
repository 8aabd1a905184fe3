import type { Kernel } from "../op.ts";
import { multiply, multiplyScratch } from "../matmul/kernel.ts";
import { unfoldImage } from "../unfold/kernel.ts";
import { convolutionOf } from "./shape.ts";

const align = (bytes: number): number => Math.ceil((bytes + 16) / 64) * 64;

/** Per image and group: unfold into scratch, then the matmul kernels write straight into [N, O, OH, OW]. */
export const kernel: Kernel = {
  scratch([x, w], attrs) {
    const { window, inputs, outputs } = convolutionOf(x as readonly number[], w as readonly number[], attrs);
    const depth = inputs * window.kernel[0] * window.kernel[1];
    const area = window.out[0] * window.out[1];
    return align(depth * area * 4) + multiplyScratch(outputs, depth, area);
  },
  emit() {
    // Uses the functions of unfold and matmul.
  },
  bind(exports, operands, output, attrs, scratch) {
    const [x, w] = operands as [(typeof operands)[0], (typeof operands)[0]];
    const { window, groups, channels, inputs, outputs } = convolutionOf(x.shape, w.shape, attrs);
    const depth = inputs * window.kernel[0] * window.kernel[1];
    const area = window.out[0] * window.out[1];
    const packed = scratch + align(depth * area * 4);
    return () => {
      for (let image = 0; image < window.n; image++)
        for (let group = 0; group < groups; group++) {
          unfoldImage(exports, window, x.at, scratch, image, [group * inputs, (group + 1) * inputs], area, 0);
          const to = output.at + (image * channels + group * outputs) * area * 4;
          multiply(exports, w.at + group * outputs * depth * 4, scratch, to, outputs, depth, area, packed);
        }
    };
  },
};
