import { writeFile } from "node:fs/promises";
import { sha256Hex } from "@base/bytes/hash.ts";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { exportOnnx } from "@machines/engine/onnx/export.ts";
import { exportTrees } from "@machines/engine/trees/onnx.ts";
import { type ModelInput, openSource } from "./source.ts";

export interface ExportInput extends ModelInput {
  /** Where to write the file; without it the bytes come back as base64. */
  readonly out?: string | undefined;
}

export interface Exported {
  readonly model: string;
  readonly size: number;
  readonly root: `0x${string}`;
  readonly out: string | null;
  readonly base64: string | null;
  /** Names of the numbers that a row of input `x` holds, in order. */
  readonly features: string[];
}

/**
 * Writes a trained model as an ONNX file that other runtimes load: networks as opset 17, trees as a TreeEnsembleRegressor.
 * The same model gives the same bytes. An imported model comes back as the file that is on record. SPEC M7.
 */
export async function exportModel(
  context: Pick<Context, "store" | "chain" | "contracts">,
  input: ExportInput,
): Promise<Exported> {
  const { label, format, bytes } = await openSource(context, input);
  if (format === "integers")
    throw new InvalidInputError("An integer program has no ONNX form here: export the model that it was made from.");
  const { file, features } = format === "onnx" ? { file: bytes, features: [] } : fileOf(bytes);
  if (input.out !== undefined) await write(input.out, file);
  return {
    model: label,
    size: file.length,
    root: sha256Hex(file),
    out: input.out ?? null,
    base64: input.out === undefined ? Buffer.from(file).toString("base64") : null,
    features,
  };
}

function fileOf(bytes: Uint8Array): { file: Uint8Array; features: string[] } {
  const bundle = decodeBundle(bytes);
  const features = bundle.features.map(({ column, aggregate, category, bin }) =>
    [column, category, aggregate, bin].filter((part) => part !== undefined).join(" "),
  );
  return { file: bundle.trees === undefined ? exportOnnx(bytes) : exportTrees(bundle.trees), features };
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes);
  } catch (cause) {
    throw new InvalidInputError(`${file} cannot be written`, {
      cause,
      details: String(cause),
      data: { field: "out", file },
    });
  }
}
