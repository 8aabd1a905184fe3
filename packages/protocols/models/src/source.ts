import { readFile, stat } from "node:fs/promises";
import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { isIntegers } from "@machines/engine/i8s/program/program.ts";
import { loadStatement, type OnChainAsset } from "@records/assets/load.ts";
import type { AnyModelStatement } from "@records/assets/statements.ts";
import type { ModelBytes } from "./tasks.ts";

/** Largest model file: one blob of the store. */
export const MAX_MODEL_BYTES = 32 * 1024 * 1024;

type Needs = Pick<Context, "store" | "chain" | "contracts">;

/** A model asset, or a file that is not published. */
export interface ModelInput {
  readonly model?: string | undefined;
  readonly file?: string | undefined;
}

/** A model with what is known of where it comes from. */
export interface ModelSource extends ModelBytes {
  /** `asset 3`, or the file's path. */
  readonly label: string;
  readonly asset?: OnChainAsset;
  readonly statement?: AnyModelStatement;
}

/** Bytes of a file; throws NotFoundError, InvalidInputError on folders and above `limit`. */
export async function readBytes(file: string, limit: number = MAX_MODEL_BYTES): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > limit)
      throw new InvalidInputError(`${file} has ${size} bytes; at most ${limit} are read.`, {
        data: { file, size, limit },
      });
    return await readFile(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new NotFoundError(`there is no file ${file}`, { cause, data: { file } });
    if (code === "EISDIR") throw new InvalidInputError(`${file} is a folder: name one file`, { cause, data: { file } });
    if (code === "EACCES" || code === "EPERM")
      throw new InvalidInputError(`${file} may not be read`, { cause, data: { file } });
    throw cause;
  }
}

/** A model asset with its bytes, hash checked by the store. Throws NotFoundError, IntegrityError, InvalidInputError. */
export async function modelAsset(
  context: Needs,
  id: string,
): Promise<ModelSource & { readonly asset: OnChainAsset; readonly statement: AnyModelStatement }> {
  const { asset, statement } = await loadStatement(context, id);
  if (statement.type !== "assay/model/1" && statement.type !== "assay/program/1")
    throw new InvalidInputError(`asset ${id} is a table, and a model is wanted here`, { data: { id } });
  const bytes = await context.store.get(asset.root);
  const known = { label: `asset ${asset.id}`, asset, statement, bytes };
  if (statement.type === "assay/model/1") return { ...known, format: "bundle" };
  return { ...known, format: isIntegers(bytes) ? "integers" : "onnx", reading: statement.reading };
}

/** The model that a call is about. Throws InvalidInputError unless exactly one of asset and file is named. */
export async function openSource(context: Needs, { model, file }: ModelInput): Promise<ModelSource> {
  if ((model === undefined) === (file === undefined))
    throw new InvalidInputError("say which model: the id of an asset, or --file with an ONNX file");
  if (model !== undefined) return modelAsset(context, model);
  const bytes = await readBytes(file as string);
  const bundle = new TextDecoder().decode(bytes.subarray(0, 12)) === "assay-model/";
  return { label: file as string, format: bundle ? "bundle" : isIntegers(bytes) ? "integers" : "onnx", bytes };
}
