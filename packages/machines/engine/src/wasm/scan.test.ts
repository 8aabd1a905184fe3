import { readFileSync } from "node:fs";
import { sha256Hex } from "@base/bytes/hash.ts";
import { expect, test } from "vitest";
import { OPS } from "../ops/registry.ts";
import { f32x4, i32x4, v128 } from "./code.ts";
import { ModuleBuilder, signed, unsigned } from "./emit.ts";
import { kernelBytes } from "./kernels.ts";
import { scanModule } from "./scan.ts";

function moduleWith(code: readonly number[]): Uint8Array {
  const module = new ModuleBuilder();
  module.function("f", ["i32"], (f) => f.body(v128.store(f.param(0).get, code)));
  return module.encode();
}

const three = [...f32x4.const(1), ...f32x4.const(2), ...f32x4.const(3)];

test("the kernel module is valid and holds no relaxed or other forbidden instruction", () => {
  expect(WebAssembly.validate(kernelBytes())).toBe(true);
  expect(scanModule(kernelBytes())).toEqual([]);
});

test("every relaxed SIMD opcode is found, wherever it stands", () => {
  for (let opcode = 0x100; opcode <= 0x12f; opcode++) {
    const code = [...three, 0xfd, ...unsigned(opcode)];
    expect(scanModule(moduleWith(code))).toMatchObject([{ opcode: `0xfd 0x${opcode.toString(16)}` }]);
  }
});

test("bytes inside constants are not taken for instructions", () => {
  expect(scanModule(moduleWith(i32x4.const(0x0285fd)))).toEqual([]);
});

test("atomics and unknown instructions are found", () => {
  expect(scanModule(moduleWith([0xfe, 0x00, 0x02, 0x00]))).toHaveLength(1);
  expect(scanModule(moduleWith([0x06, 0x40]))).toHaveLength(1);
});

test("a module that is cut off is refused", () => {
  const bytes = kernelBytes();
  expect(() => scanModule(bytes.subarray(0, bytes.length - 5))).toThrow(/ends too early/);
});

test("the committed module is what the sources emit; after a change of kernels run node tools/wasm.mjs", () => {
  const committed = readFileSync(new URL("../../wasm/kernels.wasm", import.meta.url));
  const emitted = kernelBytes();
  expect(sha256Hex(emitted)).toBe(sha256Hex(committed));
  const lock = readFileSync(new URL("../../../../../locks/wasm.json", import.meta.url), "utf8");
  expect(JSON.parse(lock)).toMatchObject({ bytes: emitted.length, sha256: sha256Hex(emitted).slice(2) });
});

test("the form for shared memory differs in the import of memory alone", () => {
  const [own, shared] = [kernelBytes(), kernelBytes(true)];
  const at = own.findIndex((byte, index) => byte !== shared[index]);
  const tail = own.subarray(at + 16); // from the size of the import section to the next section
  expect(Buffer.compare(tail, shared.subarray(shared.length - tail.length))).toBe(0);
  expect(scanModule(shared)).toEqual([]);
});

test("the module is small and every kernel is exported under its operator's name", () => {
  expect(kernelBytes().length).toBeLessThan(24_576);
  const names = WebAssembly.Module.exports(new WebAssembly.Module(kernelBytes())).map(({ name }) => name);
  for (const name of names)
    expect(name.startsWith("i8s.") || OPS.some((op) => op.name === name.split(".")[0])).toBe(true);
});

test("LEB128 at its edges", () => {
  expect(unsigned(0)).toEqual([0]);
  expect(unsigned(624485)).toEqual([0xe5, 0x8e, 0x26]);
  expect(unsigned(2 ** 32 - 1)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  expect(signed(-123456)).toEqual([0xc0, 0xbb, 0x78]);
  expect(signed(64)).toEqual([0xc0, 0x00]);
  expect(signed(-64)).toEqual([0x40]);
});
