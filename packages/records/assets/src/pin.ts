import type { Context } from "@kernel/capability";
import type { Pinned } from "@machines/store";
import { storedStatement } from "./download.ts";

/** Has an asset's stored bytes kept on IPFS by whom this node's settings name. Throws InvalidInputError, UnavailableError. SPEC S17. */
export async function pin(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault">,
  { id }: { readonly id: string },
): Promise<Pinned & { by: string[] }> {
  const { manifest, name } = await storedStatement(context, id);
  const pinned = await context.store.pin(manifest, name);
  return { ...pinned, by: [...pinned.by] };
}
