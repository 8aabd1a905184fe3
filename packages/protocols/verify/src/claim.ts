import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { readData } from "@records/assets/data.ts";
import { readModel } from "@records/assets/execute.ts";
import { erc20Abi, type Hex } from "viem";
import type { z } from "zod";
import { claimFrom, post, statusOf } from "./claims.ts";
import { putRun, runOf } from "./manifest.ts";
import { Replay } from "./replay.ts";
import { forgetIdle, runThrough } from "./states.ts";
import type { claimInput, claimOutput, depositInput, depositOutput, jobInput, jobOutput } from "./schemas.ts";

/**
 * The training run of a published model, derived from its data and recipe and run again: what its job commits to, and how it
 * ends. Throws InvalidInputError when the model is not what they give, or cannot be claimed. Rules D2 and D22.
 */
export async function replayOfModel(context: Context, model: bigint): Promise<Replay> {
  const { bytes, statement } = await readModel(context, model);
  const { recipe, run: commitment } = decodeBundle(bytes);
  const parents = statement.parents.map(({ asset }) => asset);
  const { table } = await readData(context, parents);
  context.progress({ label: "running the training again" });
  const run = await runOf(table, recipe, { signal: context.signal });
  const replay = new Replay(run);
  await runThrough(context, replay);
  await forgetIdle(context, replay.jobHash);
  if (run.steps !== commitment.steps || replay.result !== commitment.finalRoot)
    throw new InvalidInputError(
      `Model ${model} is not what its data and recipe give: they end in ${replay.result} after ${run.steps} steps, the model in ${commitment.finalRoot} after ${commitment.steps}.`,
    );
  return replay;
}

/** What a consumer of a model compares: the job of its training run, its result, and who stands for it. Rule D22. */
export async function job(context: Context, given: z.output<typeof jobInput>): Promise<z.input<typeof jobOutput>> {
  const replay = await replayOfModel(context, given.model);
  const rows = await context.db.kysely
    .selectFrom("ix_dispute_claims")
    .selectAll()
    .where("job", "=", replay.jobHash)
    .where("result", "=", replay.result)
    .orderBy("block")
    .execute();
  const claims = await Promise.all(
    rows.map(claimFrom).map(async (one) => ({ claim: one.claim, tx: one.tx, status: await statusOf(context, one) })),
  );
  return { job: replay.jobHash, result: replay.result, steps: replay.run.steps, claims };
}

/** Stands with a bond for the training run of a published model: table and recipe give these weights. Rule D2. */
export async function claim(
  context: Context,
  given: z.output<typeof claimInput>,
): Promise<z.input<typeof claimOutput>> {
  const who = context.identities.get(given.as);
  const replay = await replayOfModel(context, given.model);
  const { run } = replay;
  const manifest = await putRun(context.store, run);
  const result = given.result ?? replay.result;
  const posted = await post(context, who, { stand: given.stand, job: replay.jobHash, result, manifest });
  return { ...posted, job: replay.jobHash, result, manifest, steps: run.steps };
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
