import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { bytesToHex, type Hex, parseEventLogs } from "viem";
import type { z } from "zod";
import { fundLedger } from "./deposit.ts";
import { freeBond } from "./operators.ts";
import { unfitTerms } from "./terms.ts";
import { policySchema } from "./types.ts";
import type { requestInput, requestOutput } from "./schemas.ts";

/** Asks for a decision; the fee is taken from the requester's ledger balance, which is filled up where it is short. */
export async function request(
  context: Context,
  given: z.output<typeof requestInput>,
): Promise<z.input<typeof requestOutput>> {
  const who = context.identities.get(given.as);
  const policyId = given.policy ?? (await newestPolicy(context));
  const free = await freeBond(context, who.address);
  if (free < given.fee) await fundLedger(context, "Oracle", who, given.fee - free);
  const { timestamp } = await context.chain.head();
  const oracle = context.contracts.get("Oracle");
  const receipt = await context.chain.write(who.account, oracle, "request", [
    {
      requester: who.address,
      policyId,
      modelId: given.model,
      inputHash: given.input,
      valueAtRisk: given.value,
      fee: given.fee,
      callbackGas: 0,
      expiry: timestamp + BigInt(given.expiresIn),
      salt: bytesToHex(context.random(32)),
    },
  ]);
  const [event] = parseEventLogs({ abi: oracle.abi, logs: receipt.logs, eventName: "Requested" });
  const { id } = (event as unknown as { args: { id: Hex } }).args;
  await context.indexed(receipt.blockNumber);
  return { id, policy: policyId, tx: receipt.transactionHash, gas: receipt.gasUsed, block: receipt.blockNumber };
}

/**
 * Id of the newest policy whose terms this node would itself stake under: anybody can register one, so the newest of
 * all may have a stranger's court. Throws NotFoundError when there is none.
 */
async function newestPolicy(context: Pick<Context, "db" | "chain" | "contracts" | "duties">): Promise<Hex> {
  const rows = await context.db.kysely
    .selectFrom("ix_oracle_policies")
    .select(["policy_id", "policy_json"])
    .orderBy("block", "desc")
    .orderBy("log_index", "desc")
    .limit(100)
    .execute();
  for (const row of rows) {
    const policyId = row["policy_id"] as Hex;
    const policy = policySchema.parse(JSON.parse(String(row["policy_json"])));
    if ((await unfitTerms(context, { policy, request: { policyId } })) === undefined) return policyId;
  }
  throw new NotFoundError("No policy with sound terms is registered.", {
    hints: ["Register one with: assay oracle register-policy, or name one with --policy."],
  });
}
