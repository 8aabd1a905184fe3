import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { z } from "zod";
import { evaluatorAbi, validatorAbi } from "./abi.ts";
import { evaluatorBytecode, validatorBytecode } from "./bytecode.ts";
import type { adapterOutput, evaluatorInput, validatorInput } from "./schemas.ts";

type Deployed = Promise<z.input<typeof adapterOutput>>;

/** Deploys an ERC-8183 evaluator for one job and the provider that may compute it; a client names it in `createJob`. Rule D17. */
export async function evaluator(context: Context, given: z.output<typeof evaluatorInput>): Deployed {
  const disputes = context.contracts.get("Disputes").address;
  const args = [disputes, given.provider, given.job];
  return deploy(context, given.as, { abi: evaluatorAbi, bytecode: evaluatorBytecode, args });
}

/** Deploys an ERC-8004 validator for a registry; throws NotFoundError where no contract is at its address. Rule D16. */
export async function validator(context: Context, given: z.output<typeof validatorInput>): Deployed {
  const code = await context.chain.client.getCode({ address: given.registry });
  if (code === undefined || code === "0x") {
    throw new NotFoundError(`there is no contract at ${given.registry}`, {
      hints: ["Give the registry's address on this node's chain: the validator names it for good."],
      data: { registry: given.registry, chainId: context.chain.chainId },
    });
  }
  const args = [context.contracts.get("Disputes").address, given.registry];
  return deploy(context, given.as, { abi: validatorAbi, bytecode: validatorBytecode, args });
}

async function deploy(context: Context, as: string | undefined, what: Parameters<Context["chain"]["deploy"]>[1]) {
  const who = context.identities.get(as);
  const receipt = await context.chain.deploy(who.account, what);
  return { address: receipt.contractAddress, tx: receipt.transactionHash };
}
