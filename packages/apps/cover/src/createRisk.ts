import { sha256Hex } from "@base/bytes/hash.ts";
import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { putInput } from "@records/assets/input.ts";
import { loadTable, readAsset } from "@records/assets/load.ts";
import { columnOf } from "@machines/engine";
import { type Hex, parseEventLogs } from "viem";
import type { z } from "zod";
import { coverAbi } from "./abi.ts";
import type { Limits } from "./limits.ts";
import { checkPayoutTerms } from "./payout.ts";
import { readLimits } from "./read.ts";
import type { createRiskInput, createRiskOutput } from "./shapes.ts";
import { dayOf, type Terms } from "./terms.ts";

type Given = z.output<typeof createRiskInput>;

/**
 * Opens a season of a region for sale: commits the model, the oracle's policy and the input that will be judged.
 *
 * Throws InvalidInputError for terms that do not fit each other, NotFoundError for unknown assets or where no policy is
 * registered, ContractRevertError when the product's bounds refuse (NotUnderwriter, WrongCap, ...). SPEC C5, C6, C7.
 */
export async function createRisk(context: Context, given: Given): Promise<z.output<typeof createRiskOutput>> {
  const underwriter = context.identities.get(given.as);
  checkPayoutTerms({ trigger: given.trigger, exit: given.exit, tsi: given.maxShare });
  if (given.to < given.from) throw new InvalidInputError("the season ends before it starts", { data: { field: "to" } });
  const model = await readAsset(context, given.model);
  if (model.kind !== "model") throw new InvalidInputError(`asset ${model.id} is ${model.kind}, not a model`);
  const input = await commitInput(context, given);
  const label = await context.store.putJson({
    type: "assay/label/1",
    region: given.region,
    season: { from: given.from, to: given.to },
  });
  const limits = await readLimits(context);
  const policyId = given.policy ?? (await newestPolicy(context));
  const cap = given.cap ?? (await slashable(context, policyId));
  const terms: Terms = {
    modelId: given.model,
    policyId,
    label,
    inputHash: input,
    clusterId: sha256Hex(new TextEncoder().encode(given.cluster ?? given.region)),
    seasonStart: dayOf(given.from),
    seasonEnd: dayOf(given.to),
    salesStart: 0n,
    ...(await times(context, given, limits)),
    trigger: given.trigger,
    exit: given.exit,
    tsi: given.maxShare,
    premiumRate: given.premiumRate,
    cap,
    clusterCap: given.clusterCap ?? (given.cluster === undefined ? cap : cap * 2n),
    oracleFee: given.oracleFee,
    callbackGas: given.callbackGas,
  };
  const receipt = await context.chain.write(underwriter.account, context.contracts.get("Cover"), "createRisk", [terms]);
  const [event] = parseEventLogs({ abi: coverAbi, logs: receipt.logs, eventName: "RiskCreated" });
  await context.indexed(receipt.blockNumber);
  return { risk: event?.args.riskId ?? 0n, input, label, tx: receipt.transactionHash, gasUsed: receipt.gasUsed };
}

/** Stores the input that the oracle's operators will run the model on; its rows may still be to come. */
async function commitInput(context: Context, given: Given): Promise<Hex> {
  const { asset, table } = await loadTable(context, given.data);
  columnOf(table, given.column);
  return putInput(context, {
    type: "assay/input/1",
    data: { asset: asset.id, root: asset.root, statement: asset.statement },
    select: { by: given.column, from: given.from, to: given.to },
  });
}

/** When sales end, when the season is judged, and until when a decision counts. */
async function times(context: Context, given: Given, limits: Limits) {
  const { timestamp } = await context.chain.head();
  const opens = timestamp + limits.notice;
  const salesEnd = given.salesEnd ?? (limits.historic ? opens + 86_400n : BigInt(dayOf(given.from)) * 86_400n);
  const maturity = given.maturity ?? (limits.historic ? salesEnd : BigInt(dayOf(given.to) + 1) * 86_400n);
  if (salesEnd <= opens) {
    throw new InvalidInputError("sales would end before they begin: the season is too close or has begun", {
      hints: ["Insure a later season; a product for replays of past seasons takes any (limits: devnet)."],
      data: { salesEnd: salesEnd.toString(), opens: opens.toString() },
    });
  }
  return { salesEnd, maturity, claimDeadline: maturity + BigInt(given.claimPeriod ?? Number(limits.maxClaimPeriod)) };
}

/** What the signers of one answer under a policy stand for together: the most that a risk may lock. SPEC C7. */
async function slashable(context: Context, policyId: Hex): Promise<bigint> {
  const [threshold, , , bond] = (await context.chain.read(context.contracts.get("Oracle"), "policy", [policyId])) as [
    number,
    number,
    number,
    bigint,
  ];
  return BigInt(threshold) * bond;
}

async function newestPolicy(context: Pick<Context, "db">): Promise<Hex> {
  const row = await context.db.kysely
    .selectFrom("ix_oracle_policies")
    .select("policy_id")
    .orderBy("block", "desc")
    .orderBy("log_index", "desc")
    .executeTakeFirst();
  if (row) return row["policy_id"] as Hex;
  throw new NotFoundError("no policy of the oracle is registered", {
    hints: ["Register one first: assay oracle register-policy"],
  });
}
