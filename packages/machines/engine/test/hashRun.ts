// Prints one line of hashes, and one of a control that fuses multiply-add where the processor can. Started with different
// V8 flags by matrix.test.ts.
import { sha256Hex } from "@base/bytes/hash.ts";
import { toBytes } from "../src/bits.ts";
import { f32x4, v128 } from "../src/wasm/code.ts";
import { ModuleBuilder } from "../src/wasm/emit.ts";
import { hashes } from "./hashes.ts";

/** relaxed_madd (0xfd 0x105) rounds once or twice, by hardware: what the kernels must never use. */
function hashRelaxed(): string {
  const module = new ModuleBuilder();
  module.function("madd", ["i32"], (f) => {
    const at = f.param(0);
    const operands = [...v128.load(at.get), ...v128.load(at.get, 16), ...v128.load(at.get, 32)];
    f.body(v128.store(at.get, [...operands, 0xfd, 0x85, 0x02], 48), [...f32x4.lane0(v128.load(at.get)), 0x1a]);
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const values = new Float32Array(memory.buffer, 0, 16);
  values.set([1.1, 1.3, 1.7, 1.9, 1.01, 1.03, 1.07, 1.09, -1.111, -1.339, -1.819, -2.071]);
  (instance.exports.madd as (at: number) => void)(0);
  return sha256Hex(toBytes(values.slice(12)));
}

const { hashes: found } = await hashes([1, 4]);
console.log(JSON.stringify({ ...found, relaxed: hashRelaxed() }));
