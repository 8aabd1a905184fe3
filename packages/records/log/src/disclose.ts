import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { disclose as discloseFields } from "@machines/statements";
import { openingSchema } from "@machines/statements/disclose.ts";

/** Shows some fields of a sealed record, each with the proof that it was sealed; the others stay secret. SPEC L2. */
export async function disclose(
  _context: Context,
  input: { readonly opening: unknown; readonly fields: readonly string[] },
) {
  const opening = openingSchema.safeParse(input.opening);
  if (!opening.success)
    throw new InvalidInputError("This is no opening of a sealed record.", { data: { field: "opening" } });
  return discloseFields(opening.data, input.fields);
}
