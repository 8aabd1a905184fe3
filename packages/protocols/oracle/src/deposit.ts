import { InvalidInputError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import { erc20Abi } from "viem";
import type { z } from "zod";
import type { depositInput, depositOutput } from "./schemas.ts";

/** Moves currency into the oracle's ledger, where it stands behind answers and pays fees. Base units throughout. */
export async function deposit(
  context: Context,
  given: z.output<typeof depositInput>,
): Promise<z.input<typeof depositOutput>> {
  const payer = context.identities.get(given.as);
  const to = given.to ?? payer.address;
  const { tx, block } = await fundLedger(context, "Oracle", payer, given.amount, to);
  await context.indexed(block);
  const [free, locked] = (await context.chain.read(context.contracts.get("Oracle"), "account", [to])) as [
    bigint,
    bigint,
  ];
  return { account: to, free, locked, tx };
}

/** Approves and deposits into the ledger of `contract`. Throws InvalidInputError when the payer has too little. */
export async function fundLedger(
  context: Pick<Context, "chain" | "contracts">,
  contract: string,
  payer: Identity,
  value: bigint,
  to: `0x${string}` = payer.address,
): Promise<{ tx: `0x${string}`; block: bigint }> {
  const ledger = context.contracts.get(contract);
  const token = { address: (await context.chain.read(ledger, "token")) as `0x${string}`, abi: erc20Abi };
  const balance = (await context.chain.read(token, "balanceOf", [payer.address])) as bigint;
  if (balance < value) {
    throw new InvalidInputError(`${payer.name} has ${balance} units of the currency, but ${value} are needed.`, {
      hints: [`Send currency to ${payer.address}, or deposit less.`],
      data: { balance: balance.toString(), needed: value.toString() },
    });
  }
  const allowance = (await context.chain.read(token, "allowance", [payer.address, ledger.address])) as bigint;
  if (allowance < value) await context.chain.write(payer.account, token, "approve", [ledger.address, value]);
  const receipt = await context.chain.write(payer.account, ledger, "deposit", [to, value]);
  return { tx: receipt.transactionHash, block: receipt.blockNumber };
}
