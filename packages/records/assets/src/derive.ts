import { requireAccess } from "./access.ts";
import { loadStatement, parentOf } from "./load.ts";
import {
  type PublishContext,
  type PublishedTable,
  publishTable,
  type TableSource,
  type TableTerms,
} from "./publishTable.ts";

/** A table that a named transform made from other assets. */
export interface DeriveInput extends TableSource, Omit<TableTerms, "provenance"> {
  /** Assets it was made from, 1 to 16. */
  readonly parents: readonly string[];
  /** Name and version of the transform, e.g. `cover/wrsi/1`; whoever has it can repeat it. */
  readonly transform: string;
  /** What the transform was told besides the parents: JSON. */
  readonly parameters?: unknown;
  readonly provenance?: string | undefined;
}

/**
 * Publishes a table made from other assets, to which the publisher must have access.
 * Throws NoAccessError, NotFoundError for unknown parents, and like `publishTable`. SPEC S1, S6, S7.
 */
export async function derive(context: PublishContext, input: DeriveInput): Promise<PublishedTable> {
  const identity = context.identities.get(input.as);
  const parents = [];
  for (const id of new Set(input.parents)) {
    const { asset } = await loadStatement(context, id);
    await requireAccess(context, identity, id);
    parents.push(parentOf(asset));
  }
  return publishTable(
    context,
    input,
    {
      ...input,
      provenance:
        input.provenance ??
        `Made by ${input.transform} from ${parents.map((parent) => `asset ${parent.asset}`).join(", ")}.`,
    },
    { parents, transform: { id: input.transform, parameters: input.parameters ?? null } },
  );
}
