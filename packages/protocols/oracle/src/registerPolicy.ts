import { BugError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { parseEventLogs } from "viem";
import type { z } from "zod";
import type { registerPolicyInput, registerPolicyOutput } from "./schemas.ts";

/** Registers the terms under which decisions are answered; the same terms again give the same id. */
export async function registerPolicy(
  context: Context,
  given: z.output<typeof registerPolicyInput>,
): Promise<z.input<typeof registerPolicyOutput>> {
  const { as: registrant, arbiter, operators, ...terms } = given;
  const oracle = context.contracts.get("Oracle");
  const policy = {
    ...terms,
    operators: [...operators].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    arbiter: arbiter ?? context.contracts.get("Panel").address,
  };
  const account = context.identities.get(registrant).account;
  const receipt = await context.chain.write(account, oracle, "registerPolicy", [policy]);
  await context.indexed(receipt.blockNumber);
  const [event] = parseEventLogs({ abi: oracle.abi, logs: receipt.logs, eventName: "PolicyRegistered" });
  const known = event ?? (await simulated(context, account.address, policy));
  return { policyId: (known as { args: { policyId: `0x${string}` } }).args.policyId, tx: receipt.transactionHash };
}

/** The id of terms that were registered before: the contract then says so without an event. */
async function simulated(context: Context, from: `0x${string}`, policy: unknown) {
  const { address: to, abi } = context.contracts.get("Oracle");
  const { result } = await context.chain.client.simulateContract({
    account: from,
    address: to,
    abi,
    functionName: "registerPolicy",
    args: [policy],
  });
  if (typeof result !== "string") throw new BugError("registerPolicy gave no id");
  return { args: { policyId: result as `0x${string}` } };
}
