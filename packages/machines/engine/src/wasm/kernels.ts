import { IntegrityError } from "@base/errors";
import { emitMatmul } from "../i8s/matmul/kernel.ts";
import { emitRequantise } from "../i8s/requantise/kernel.ts";
import { OPS } from "../ops/registry.ts";
import { ModuleBuilder } from "./emit.ts";
import { scanModule } from "./scan.ts";

/** Most pages of a memory that threads share: 2 GiB. */
export const SHARED_PAGES = 32_768;

const bytes = new Map<boolean, Uint8Array<ArrayBuffer>>();
const compiled = new Map<boolean, WebAssembly.Module>();

/**
 * The binary module with every operator's kernels; the same bytes each time. `shared` changes nothing but the kind of
 * memory that it imports. Throws IntegrityError on a forbidden opcode.
 */
export function kernelBytes(shared = false): Uint8Array<ArrayBuffer> {
  const known = bytes.get(shared);
  if (known !== undefined) return known;
  const module = new ModuleBuilder();
  for (const op of OPS) op.kernel.emit(module);
  emitMatmul(module);
  emitRequantise(module);
  const emitted = module.encode(shared ? SHARED_PAGES : undefined);
  const [finding] = scanModule(emitted);
  if (finding !== undefined)
    throw new IntegrityError(
      `The kernel module holds the forbidden instruction ${finding.opcode} at byte ${finding.offset}.`,
    );
  bytes.set(shared, emitted);
  return emitted;
}

/** The compiled kernel module, shared by all programs. */
export function kernelModule(shared = false): WebAssembly.Module {
  const known = compiled.get(shared);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(kernelBytes(shared));
  compiled.set(shared, module);
  return module;
}
