import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { erc20Abi, type Hex } from "viem";
import type { z } from "zod";
import type { joinInput, joinOutput } from "./schemas.ts";

/** Puts up a member's bond at the panel; members were named when the panel was created. */
export async function join(context: Context, given: z.output<typeof joinInput>): Promise<z.input<typeof joinOutput>> {
  const who = context.identities.get(given.as);
  const panel = context.contracts.get("Panel");
  const members = (await context.chain.read(panel, "members")) as Hex[];
  if (!members.some((m) => m.toLowerCase() === who.address.toLowerCase())) {
    throw new InvalidInputError(`${who.name} (${who.address}) is no member of this panel.`, {
      hints: [`Its members are ${members.join(", ")}.`],
    });
  }
  const token = { address: (await context.chain.read(panel, "token")) as Hex, abi: erc20Abi };
  const allowance = (await context.chain.read(token, "allowance", [who.address, panel.address])) as bigint;
  if (allowance < given.amount) await context.chain.write(who.account, token, "approve", [panel.address, given.amount]);
  const receipt = await context.chain.write(who.account, panel, "deposit", [who.address, given.amount]);
  const [free, locked] = (await context.chain.read(panel, "account", [who.address])) as [bigint, bigint];
  return { member: who.address, free, locked, tx: receipt.transactionHash };
}
