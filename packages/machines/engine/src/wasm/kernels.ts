import { IntegrityError } from "@base/errors";
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
