import { IntegrityError } from "@base/errors";
import { emitMatmul } from "../i8s/matmul/kernel.ts";
import { emitRequantise } from "../i8s/requantise/kernel.ts";
import { OPS } from "../ops/registry.ts";
import { ModuleBuilder } from "./emit.ts";
import { scanModule } from "./scan.ts";

let bytes: Uint8Array<ArrayBuffer> | undefined;
let compiled: WebAssembly.Module | undefined;

/** The binary module with every operator's kernels; the same bytes each time. Throws IntegrityError on a forbidden opcode. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  if (bytes !== undefined) return bytes;
  const module = new ModuleBuilder();
  for (const op of OPS) op.kernel.emit(module);
  emitMatmul(module);
  emitRequantise(module);
  const emitted = module.encode();
  const [finding] = scanModule(emitted);
  if (finding !== undefined)
    throw new IntegrityError(
      `The kernel module holds the forbidden instruction ${finding.opcode} at byte ${finding.offset}.`,
    );
  bytes = emitted;
  return bytes;
}

/** The compiled kernel module, shared by all programs. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(kernelBytes());
  return compiled;
}
