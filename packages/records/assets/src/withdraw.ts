import type { Context } from "@kernel/capability";
import type { Hex } from "viem";

export interface WithdrawInput {
  readonly as?: string | undefined;
}

/** Sends an identity everything that sales have credited to it; nothing happens when that is nothing. SPEC S6. */
export async function withdraw(
  context: Pick<Context, "chain" | "contracts" | "identities" | "indexed">,
  input: WithdrawInput,
): Promise<{ amount: bigint; tx: Hex | null }> {
  const identity = context.identities.get(input.as);
  const assets = context.contracts.get("Assets");
  const amount = (await context.chain.read(assets, "balance", [identity.address])) as bigint;
  if (amount === 0n) return { amount, tx: null };
  const receipt = await context.chain.write(identity.account, assets, "withdraw", []);
  await context.indexed(receipt.blockNumber);
  return { amount, tx: receipt.transactionHash };
}
