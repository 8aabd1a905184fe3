import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { readModel } from "@records/assets/execute.ts";
import { putInput } from "@records/assets/input.ts";
import type { z } from "zod";
import { numberOf, rowRun } from "./court.ts";
import { Replay } from "./replay.ts";
import type { bindInput, bindOutput } from "./schemas.ts";

/**
 * Says before the answer court which job the caller's question to an oracle is: what a model answers for one row of a data
 * asset. Both the question's input and the job are derived here. Rule D28.
 */
export async function bind(context: Context, given: z.output<typeof bindInput>): Promise<z.input<typeof bindOutput>> {
  const who = context.identities.get(given.as);
  const asset = given.data?.toString() ?? (await readModel(context, given.model)).statement.parents[0]?.asset;
  if (asset === undefined) throw new InvalidInputError("Say which data asset the row is of: --data.");
  const { run, model, data } = await rowRun(context, { model: given.model, data: asset, row: given.row });
  const select = { first: given.row, count: 1 };
  const input = await putInput(context, { type: "assay/input/1", data: { asset, ...data }, select });
  const replay = new Replay(run);
  numberOf(replay);
  const clamp = model.statement.type === "assay/model/1" && decodeBundle(model.bytes).recipe.clamp === true;
  const court = context.contracts.get("AnswerCourt");
  const receipt = await context.chain.write(who.account, court, "bind", [given.model, input, replay.jobHash, clamp]);
  return { input, job: replay.jobHash, clamp, tx: receipt.transactionHash };
}
