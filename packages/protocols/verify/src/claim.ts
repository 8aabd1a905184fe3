import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { readModel, readTable } from "@records/assets/execute.ts";
import { erc20Abi, type Hex } from "viem";
import type { z } from "zod";
import { claimKey } from "./claims.ts";
import { putRun, runOf } from "./manifest.ts";
import { Replay } from "./replay.ts";
import type { claimInput, claimOutput, depositInput, depositOutput } from "./schemas.ts";

/** Stands with a bond for the training run of a published model: table and recipe give these weights. Rule D2. */
export async function claim(
  context: Context,
  given: z.output<typeof claimInput>,
): Promise<z.input<typeof claimOutput>> {
  const who = context.identities.get(given.as);
  const { bytes, statement } = await readModel(context, given.model);
  const { recipe, run: commitment } = decodeBundle(bytes);
  const [parent, ...others] = statement.parents;
  if (parent === undefined || others.length > 0)
    throw new InvalidInputError(
      `Only a model of one table can be claimed yet; model ${given.model} has ${statement.parents.length}.`,
    );
  const { table } = await readTable(context, BigInt(parent.asset));
  context.progress({ label: "running the training again" });
  const run = runOf(table, recipe);
  const replay = new Replay(run);
  if (replay.result !== commitment.finalRoot)
    throw new InvalidInputError(
      `Model ${given.model} does not end in the state of its last step: ${replay.result}, not ${commitment.finalRoot}.`,
      { hints: ["Runs that stop early or keep their best epoch cannot be claimed yet."] },
    );
  const manifest = await putRun(context.store, run);
  const disputes = context.contracts.get("Disputes");
  const result = given.result ?? replay.result;
  const receipt = await context.chain.write(who.account, disputes, "post", [
    given.stand,
    replay.jobHash,
    result,
    manifest,
  ]);
  await context.indexed(receipt.blockNumber);
  return {
    claim: claimKey(who.address, given.stand),
    job: replay.jobHash,
    result,
    manifest,
    steps: run.steps,
    tx: receipt.transactionHash,
  };
}

/** Moves currency into the ledger that bonds are taken from. */
export async function deposit(
  context: Context,
  given: z.output<typeof depositInput>,
): Promise<z.input<typeof depositOutput>> {
  const who = context.identities.get(given.as);
  const disputes = context.contracts.get("Disputes");
  const token = { address: (await context.chain.read(disputes, "token")) as Hex, abi: erc20Abi };
  const allowed = (await context.chain.read(token, "allowance", [who.address, disputes.address])) as bigint;
  if (allowed < given.amount)
    await context.chain.write(who.account, token, "approve", [disputes.address, given.amount]);
  const receipt = await context.chain.write(who.account, disputes, "deposit", [who.address, given.amount]);
  const [free, locked] = (await context.chain.read(disputes, "account", [who.address])) as [bigint, bigint];
  return { account: who.address, free, locked, tx: receipt.transactionHash };
}

/** Takes free currency out of the ledger. */
export async function withdraw(
  context: Context,
  given: z.output<typeof depositInput>,
): Promise<z.input<typeof depositOutput>> {
  const who = context.identities.get(given.as);
  const disputes = context.contracts.get("Disputes");
  const receipt = await context.chain.write(who.account, disputes, "withdraw", [given.amount]);
  const [free, locked] = (await context.chain.read(disputes, "account", [who.address])) as [bigint, bigint];
  return { account: who.address, free, locked, tx: receipt.transactionHash };
}
