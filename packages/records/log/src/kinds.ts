// What people and pipelines put on record, besides what the chain says by itself. Each kind is an in-toto statement
// whose predicate has at least these fields; more may stand there.
import { InvalidInputError } from "@base/errors";
import { z } from "zod";

const text = z.string().min(1).max(8_000);
const when = z.iso.datetime({ offset: true });
const metrics = z.record(z.string(), z.union([z.number(), z.string()]));

/** Predicates by kind. */
export const kinds = {
  publication: z.looseObject({ name: text, licence: text.optional() }),
  version: z.looseObject({ of: text, from: text, to: text, changes: text.optional() }),
  licence: z.looseObject({ licence: text, holder: text.optional(), terms: text.optional() }),
  consent: z.looseObject({
    grant: text,
    purpose: text,
    state: z.enum(["granted", "used", "revoked", "expired"]),
    grantee: text.optional(),
    from: when.optional(),
    to: when.optional(),
  }),
  training: z.looseObject({ model: text, data: z.array(text).min(1), metrics: metrics.optional() }),
  evaluation: z.looseObject({ model: text, data: text.optional(), metrics }),
  deployment: z.looseObject({ model: text, where: text, by: text.optional() }),
  decision: z.looseObject({ model: text, input: text, output: z.json() }),
  explanation: z.looseObject({ decision: text, method: text, reasons: z.json() }),
  override: z.looseObject({ decision: text, by: text, reason: text, output: z.json().optional() }),
  incident: z.looseObject({
    severity: z.enum(["low", "medium", "high", "critical"]),
    what: text,
    affects: z.array(text).optional(),
  }),
  note: z.looseObject({ what: text }),
} as const;

export type Kind = keyof typeof kinds;
/** Names of the kinds. */
export const kindNames = Object.keys(kinds) as [Kind, ...Kind[]];

/** `predicateType` of a kind. */
export const predicateType = (kind: string): string => `urn:assay:record:${kind}:1`;
/** `predicateType` of an event of the chain. */
export const EVENT_TYPE = "urn:assay:event:1";

/** The kind that a `predicateType` names; the type itself where it is none of ours. */
export function kindOf(type: string): string {
  return /^urn:assay:record:([a-z]+):1$/.exec(type)?.[1] ?? (type === EVENT_TYPE ? "event" : type);
}

/** Checks a predicate of a kind; throws InvalidInputError that names the field. */
export function parsePredicate(kind: Kind, value: unknown): { readonly [key: string]: unknown } {
  const result = kinds[kind].safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || "record";
  throw new InvalidInputError(`A record of kind ${kind}: ${field}: ${issue?.message ?? "does not fit"}.`, {
    hints: [`It has the fields ${Object.keys(kinds[kind].shape).join(", ")}.`],
    data: { kind, field },
  });
}
