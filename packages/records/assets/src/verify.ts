import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { readJson } from "./readJson.ts";
import { anchorsOf } from "./provenEvents.ts";
import { verifyOffline } from "./verifyOffline.ts";
import { type VerifyReport, verifyReceipt } from "./verifyReceipt.ts";

export { type VerifyReport, verifyReceipt } from "./verifyReceipt.ts";

export interface VerifyInput {
  /** File with a receipt. */
  readonly file?: string | undefined;
  /** The receipt itself. */
  readonly receipt?: unknown;
  /** Uses nothing but the file: no chain, no store, no index. */
  readonly offline?: boolean | undefined;
  /** With `offline`: file with the JSON of a block header (or a list of them) from a source that the reader trusts. */
  readonly header?: string | undefined;
}

/** Reads a receipt and checks it; a shell that knows more rooms hands their verifiers in as `context.verifiers`. */
export async function verify(context: Context, input: VerifyInput): Promise<VerifyReport> {
  if ((input.file === undefined) === (input.receipt === undefined))
    throw new InvalidInputError("give either a file or a receipt");
  const receipt = input.file === undefined ? input.receipt : await readJson(input.file);
  if (input.offline !== true) return verifyReceipt(context, receipt, context.verifiers ?? {});
  const { abis, verifiers } = context.offline ?? { abis: {}, verifiers: context.verifiers ?? {} };
  const anchors = input.header === undefined ? [] : anchorsOf(await readJson(input.header), input.header);
  return verifyOffline(receipt, { abis, verifiers, anchors, signal: context.signal, progress: context.progress });
}
