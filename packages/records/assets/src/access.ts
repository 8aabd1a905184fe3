import { BaseError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";

/** An identity uses an asset that it has neither bought nor owns. */
export class NoAccessError extends BaseError {
  override name = "NoAccessError";
}

/** Makes sure that an identity owns the asset, bought it, or that it is free; throws NoAccessError. SPEC S6. */
export async function requireAccess(
  context: Pick<Context, "chain" | "contracts">,
  identity: Identity,
  id: string,
): Promise<void> {
  const allowed = await context.chain.read(context.contracts.get("Assets"), "hasAccess", [
    BigInt(id),
    identity.address,
  ]);
  if (allowed) return;
  throw new NoAccessError(`${identity.name} has no access to asset ${id}`, {
    hints: [`Buy it first: assay buy ${id} --as ${identity.name}`],
    data: { id, identity: identity.name, address: identity.address },
  });
}
