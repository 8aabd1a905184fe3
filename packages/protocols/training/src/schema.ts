import type { Context } from "@kernel/capability";
import { recipeJsonSchema } from "@machines/engine";

/** The JSON Schema (2020-12) of recipes of version 2. SPEC T10. */
export async function schema(_context: Pick<Context, "log">, _input: object): Promise<Record<string, unknown>> {
  return recipeJsonSchema();
}
