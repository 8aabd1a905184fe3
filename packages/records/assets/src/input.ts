import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Hash } from "@machines/store";
import { z } from "zod";
import { assetIdSchema, hashSchema } from "./statements.ts";

/**
 * What a model is asked about: rows of a published table, named by the table's roots and a selection.
 * Its canonical JSON's SHA-256 is the `inputHash` that contracts and signatures commit to.
 */
export const inputSchema = z.strictObject({
  type: z.literal("assay/input/1"),
  data: z.strictObject({ asset: assetIdSchema, root: hashSchema, statement: hashSchema }),
  select: z.union([
    /** Days from..to, both included, by the table's column `by` (ISO 8601 dates). */
    z.strictObject({ by: z.string().min(1).max(200), from: z.iso.date(), to: z.iso.date() }),
    /** Rows by position, the first is 0. */
    z.strictObject({ first: z.int().nonnegative(), count: z.int().positive().max(100_000) }),
  ]),
});

/** A committed input. */
export type Input = z.output<typeof inputSchema>;
/** Which rows of the table. */
export type Selection = Input["select"];

/** Stores an input and returns the hash it is known by. */
export async function putInput(context: Pick<Context, "store">, input: Input): Promise<Hash> {
  return context.store.putJson(inputSchema.parse(input));
}

/** Reads a committed input back; throws NotFoundError, IntegrityError, InvalidInputError. */
export async function getInput(context: Pick<Context, "store">, hash: Hash): Promise<Input> {
  const parsed = inputSchema.safeParse(await context.store.getJson(hash));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InvalidInputError(`${hash} is no model input: ${issue?.path.join(".")} ${issue?.message}`, {
    data: { hash },
  });
}
