import { canonicalJsonBytes, type Json } from "@base/bytes/canonicalJson.ts";
import { InvalidInputError } from "@base/errors";
import { z } from "zod";

/** `_type` of a statement (in-toto Attestation Framework, Statement v1). */
export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** `payloadType` of a statement in a DSSE envelope. */
export const PAYLOAD_TYPE = "application/vnd.in-toto+json";

const typeUri = z.string().regex(/^[a-z][a-z0-9+.-]*:\S+$/i, "a URI");

/** Something that a statement is about, by digests: algorithm to lower-case hex. */
export const resourceSchema = z.looseObject({
  name: z.string().min(1).optional(),
  uri: typeUri.optional(),
  digest: z.record(z.string().min(1), z.string().regex(/^([0-9a-f]{2})+$/, "lower-case hex")).optional(),
  annotations: z.record(z.string(), z.json()).optional(),
});

/** A statement: what it is about, what kind it is of, what it says. */
export const statementSchema = z.looseObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(resourceSchema.refine(({ digest }) => digest !== undefined, "a subject needs a digest")).min(1),
  predicateType: typeUri,
  predicate: z.record(z.string(), z.json()).optional(),
});

export type Resource = z.output<typeof resourceSchema>;
export type Statement = z.output<typeof statementSchema>;

/** A statement about subjects; fields that are undefined are left out. Throws InvalidInputError. */
export function makeStatement(
  subject: readonly Resource[],
  predicateType: string,
  predicate: { readonly [key: string]: unknown },
): Statement {
  return parseStatement(JSON.parse(JSON.stringify({ _type: STATEMENT_TYPE, subject, predicateType, predicate })));
}

/** Reads a statement; throws InvalidInputError that names the field. */
export function parseStatement(value: unknown): Statement {
  const result = statementSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new InvalidInputError(
    `This is no in-toto statement: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "does not fit"}.`,
  );
}

/** The bytes of a statement that are logged and signed: canonical JSON. */
export function statementBytes(statement: Statement): Uint8Array<ArrayBuffer> {
  return canonicalJsonBytes(statement as Json);
}

/** `0x` off a hash: digests in statements are bare hex. */
export function bare(hash: string): string {
  return hash.replace(/^0x/, "").toLowerCase();
}
