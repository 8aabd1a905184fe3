import { IntegrityError, InvalidInputError } from "@base/errors";
import { type Context, type Identity, NotYetError } from "@kernel/capability";
import { bitsOf } from "@machines/engine/bits.ts";
import { readModel, readTable } from "@records/assets/execute.ts";
import { getInput } from "@records/assets/input.ts";
import type { Hash } from "@machines/store";
import { ContractFunctionRevertedError, decodeAbiParameters, type Hex, BaseError as ViemError } from "viem";
import type { About } from "./about.ts";
import { rowOf } from "./answerInput.ts";
import { modelAnswerOf } from "./answerRun.ts";
import { claimKey, claimOf, post, statusOf } from "./claims.ts";
import { putRun } from "./manifest.ts";
import { Replay, type Run } from "./replay.ts";

/** How an `IArbiter` rules, in its order. */
export const RULINGS = ["pending", "defence", "claim", "neither", "refused"] as const;

/** What an oracle's context begins with: requester, policy, model, input (IOracle.Request). */
const ASKED = [{ type: "address" }, { type: "bytes32" }, { type: "uint256" }, { type: "bytes32" }] as const;

/** Stands from here on serve disputes before the answer court, one each. */
const COURT_STANDS = 2n ** 40n;

/** Milliseconds between two looks at claims that are not decided. */
const PAUSE = { dev: 2_000, chain: 60_000 };

/** What the model answers for one row of a data asset, as a run. */
export async function rowRun(
  context: Pick<Context, "store" | "chain" | "contracts">,
  { model: id, data: asset, row }: { readonly model: bigint; readonly data: string; readonly row: number },
): Promise<{
  run: Run;
  about: About;
  model: Awaited<ReturnType<typeof readModel>>;
  data: { root: Hash; statement: Hash };
}> {
  const model = await readModel(context, id);
  const { table, root, statementHash } = await readTable(context, BigInt(asset));
  const output = model.statement.type === "assay/program/1" ? model.statement.reading?.output : undefined;
  const run = modelAnswerOf(model, rowOf(model, table, row), output);
  const named = output === undefined ? {} : { output };
  const about: About = {
    kind: "answer",
    model: id.toString(),
    root: model.root,
    ...named,
    rows: { data: asset, root, row },
  };
  return { run, about, model, data: { root, statement: statementHash } };
}

/** The one number that a run answers; throws InvalidInputError for several, and for a state. */
export function numberOf(replay: Replay): number {
  const values = replay.run.output === undefined ? undefined : replay.valuesOf(1)[replay.outputIndex()];
  const value = values instanceof Float32Array && values.length === 1 ? values[0] : undefined;
  if (value === undefined) throw new InvalidInputError("The answer court judges answers of one number.");
  return value;
}

/**
 * Job: where one of this node's identities is party to a dispute before the answer court with the output that the node's own
 * run gives, stands for it. Another output is not stood for. Rule D28.
 */
export async function standFor(
  context: Context,
  { dispute, asked }: { readonly dispute: string; readonly asked: Hex },
): Promise<void> {
  const [requester, , modelId, inputHash] = decodeAbiParameters(ASKED, asked);
  const court = context.contracts.get("AnswerCourt");
  const { job } = (await context.chain.read(court, "questionOf", [requester, modelId, inputHash])) as { job: Hash };
  const { data, select } = await getInput(context, inputHash as Hash);
  if (!("first" in select) || select.count !== 1) return;
  const { run, about, data: found } = await rowRun(context, { model: modelId, data: data.asset, row: select.first });
  if (found.root !== data.root)
    throw new IntegrityError(`Input ${inputHash} names another root than asset ${data.asset} has.`);
  const replay = new Replay(run);
  if (replay.jobHash !== job)
    return context.log.warn("a question is not the job that its requester bound", {
      dispute,
      job,
      own: replay.jobHash,
    });
  const bits = BigInt(bitsOf(numberOf(replay)));
  const stand = COURT_STANDS + BigInt(dispute);
  const args = [BigInt(dispute), stand, bits];
  const who = await partyOf(context, args);
  if (who === undefined) return;
  const result = replay.result;
  const status = await context.chain.read(context.contracts.get("Disputes"), "statusOf", [
    who.address,
    stand,
    job,
    result,
  ]);
  if (Number(status) === 0)
    await post(context, who, { stand, job, result, manifest: await putRun(context.store, run, about) });
  await context.enqueue("disputes.rule", dispute, { dispute, claim: claimKey(who.address, stand) });
  await context.chain.write(who.account, court, "stand", args);
  context.log.info("stands before the answer court", { dispute, by: who.name });
}

/** The identity whose side these arguments of `stand` are; undefined when it is nobody's here, or is stood for, or too late. */
async function partyOf(context: Context, args: readonly unknown[]): Promise<Identity | undefined> {
  const { address, abi } = context.contracts.get("AnswerCourt");
  for (const who of context.identities.list()) {
    try {
      await context.chain.client.simulateContract({ account: who.address, address, abi, functionName: "stand", args });
      return who;
    } catch (error) {
      const found =
        error instanceof ViemError ? error.walk((one) => one instanceof ContractFunctionRevertedError) : null;
      if (!(found instanceof ContractFunctionRevertedError)) throw error;
      if (found.data?.errorName === "NotStanding") return who;
    }
  }
  return undefined;
}

/** Job: has the answer court rule once this node's claim before it is decided. */
export async function rule(
  context: Context,
  { dispute, claim: key }: { dispute: string; claim: string },
): Promise<void> {
  const court = context.contracts.get("AnswerCourt");
  const pending = async () => Number(await context.chain.read(court, "ruling", [BigInt(dispute)])) === 0;
  if (!(await pending())) return;
  const wait = () => context.clock() + (context.chain.dev ? PAUSE.dev : PAUSE.chain);
  const claim = await claimOf(context, key);
  if ((await statusOf(context, claim)) === "standing") throw new NotYetError(`Claim ${key} still stands open.`, wait());
  const who = context.identities.list().find(({ address }) => address.toLowerCase() === claim.claimant);
  if (who === undefined) return;
  await context.chain.write(who.account, court, "settle", [BigInt(dispute)]);
  if (await pending()) throw new NotYetError(`Dispute ${dispute} waits for the other claim.`, wait());
}
