import type { Context } from "@kernel/capability";
import { BaseError, InvalidInputError } from "@base/errors";
import { readAsset } from "./load.ts";
import { inWords } from "./proveRow.ts";
import { readJson } from "./readJson.ts";
import { checkRowProof, parseRowProof, type RowAnswer } from "./rowProof.ts";
import { scopeOf } from "./sign.ts";
import { type Finding, same } from "./verifyAsset.ts";

export interface VerifyRowInput {
  readonly file?: string | undefined;
  readonly proof?: unknown;
}

/**
 * Checks a row proof by itself and, where this node's chain is the proof's, that the asset carries the statement there.
 * Throws InvalidInputError when it is no row proof. SPEC R2.
 */
export async function verifyRow(
  context: Pick<Context, "chain" | "contracts">,
  input: VerifyRowInput,
): Promise<{ verified: boolean; answer: RowAnswer; text: string; checks: Finding[] }> {
  if ((input.file === undefined) === (input.proof === undefined))
    throw new InvalidInputError("give either a file or a proof");
  const proof = parseRowProof(input.file === undefined ? input.proof : await readJson(input.file));
  const { checks, answer } = await checkRowProof(proof);
  checks.push(await onChain(context, proof));
  const verified = checks.every(({ ok }) => ok);
  const rows = { rows: 0 };
  const sets = Object.fromEntries(Object.keys(answer).map((part) => [part, rows]));
  const text = verified
    ? inWords(proof.asset, answer, sets).replace(/ \(\d+ of 0 rows\)/g, "")
    : "The proof does not hold.";
  return { verified, answer: verified ? answer : {}, text, checks };
}

async function onChain(
  context: Pick<Context, "chain" | "contracts">,
  proof: ReturnType<typeof parseRowProof>,
): Promise<Finding> {
  const scope = scopeOf(context);
  const name = "statement of the asset on chain";
  if (scope.chainId !== proof.chainId || scope.assets.toLowerCase() !== proof.contracts["Assets"])
    return { name, ok: false, detail: `the proof is for ${proof.contracts["Assets"]} on chain ${proof.chainId}` };
  try {
    return same(name, (await readAsset(context, proof.asset)).statement, proof.statements[0]?.hash ?? "none");
  } catch (error) {
    if (!(error instanceof BaseError) || error.kind !== "user") throw error;
    return { name, ok: false, detail: error.shortMessage };
  }
}
