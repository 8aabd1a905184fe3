import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { states } from "./events.ts";
import { readAsset } from "./load.ts";

export interface OfferInput {
  readonly id: string;
  /** New price, smallest units. */
  readonly price?: bigint | undefined;
  /** `active`, `closed` (no new sale) or `retired` (for good). */
  readonly state?: (typeof states)[number] | undefined;
  readonly as?: string | undefined;
}

/**
 * Changes on which terms an asset is offered: its price, its state, or both; only its owner may.
 * Throws NotFoundError, InvalidInputError when nothing is to change, ContractRevertError (NotOwner, RetiredIsFinal).
 */
export async function offer(
  context: Pick<Context, "chain" | "contracts" | "identities" | "indexed">,
  input: OfferInput,
): Promise<{ id: string; price: bigint; state: string }> {
  if (input.price === undefined && input.state === undefined)
    throw new InvalidInputError("say a new price, a new state, or both");
  const identity = context.identities.get(input.as);
  const assets = context.contracts.get("Assets");
  const before = await readAsset(context, input.id);
  const id = BigInt(before.id);
  let block = 0n;
  if (input.price !== undefined && input.price !== before.price) {
    block = (await context.chain.write(identity.account, assets, "setPrice", [id, input.price])).blockNumber;
  }
  if (input.state !== undefined && input.state !== before.state) {
    block = (await context.chain.write(identity.account, assets, "setState", [id, states.indexOf(input.state)]))
      .blockNumber;
  }
  if (block > 0n) await context.indexed(block);
  const { price, state } = await readAsset(context, input.id);
  return { id: before.id, price, state };
}
