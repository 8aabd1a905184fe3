import { bump, i32, v128, whileLoop } from "../../wasm/code.ts";
import type { Code, Local, ModuleBuilder } from "../../wasm/emit.ts";

const EVEN = [0, 2, 4, 6].flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));

/** Adds the functions that pack eight windows side by side, strides 1 and 2, into one panel: channel, row, column. */
export function emitPack(module: ModuleBuilder): void {
  // corner, panel, channels, rows and columns of the window, bytes from plane to plane, row to row, tap to tap
  for (const stride of [1, 2])
    module.function(`conv2d.pack${stride}`, new Array<"i32">(8).fill("i32"), (f) => {
      const [corner, to, channels, rows, columns] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
      const [plane, stepI, stepJ] = [f.param(5), f.param(6), f.param(7)];
      const [line, tap, i, j] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
      const four = (offset: number): Code =>
        stride === 1
          ? v128.load(tap.get, offset)
          : v128.shuffle(v128.load(tap.get, offset * 2), v128.load(tap.get, offset * 2 + 16), EVEN);
      const walk = (left: Local, pointer: Local, by: Local, ...body: Code[]): Code =>
        whileLoop(left.get, ...body, pointer.set(i32.add(pointer.get, by.get)), bump(left, -1));
      f.body(
        walk(
          channels,
          corner,
          plane,
          line.set(corner.get),
          i.set(rows.get),
          walk(
            i,
            line,
            stepI,
            tap.set(line.get),
            j.set(columns.get),
            walk(j, tap, stepJ, v128.store(to.get, four(0)), v128.store(to.get, four(16), 16), bump(to, 32)),
          ),
        ),
      );
    });
}
