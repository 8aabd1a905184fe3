import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import type { Check, Context } from "@kernel/capability";
import { toWire } from "@kernel/capability/wire.ts";
import { execute, resultHash } from "@records/assets/execute.ts";
import { finalAnswer, statementSchema } from "./verify.ts";

const words = (request: unknown) => canonicalJson(toWire(request)).toLowerCase();

/**
 * Checks a decision by the contract's events alone: asked in these words, made final with this output, which is the
 * answer that operators signed, and which the model gives again. Whether its royalty was paid is state: not asked here.
 */
export async function* verifyOffline(context: Context, statement: unknown): AsyncIterable<Check> {
  const { id, request } = statementSchema.parse(statement);
  const { address, abi } = context.contracts.get("Oracle");
  const events = async (eventName: string) => {
    const logs = await context.chain.client.getContractEvents({ address, abi, eventName, args: { id } });
    return logs.map((log) => (log as unknown as { args: Readonly<Record<string, unknown>> }).args);
  };
  const [asked] = await events("Requested");
  const ok = asked !== undefined && words(asked["request"]) === words(request);
  yield { name: "O1 asked on chain", ok, detail: asked ? `decision ${id}` : "no event of the request is proved" };
  const [final] = await events("Finalized");
  yield {
    name: "O2 decision final",
    ok: final !== undefined,
    detail: final ? `output ${String(final["output"])}` : "no event that makes it final is proved",
  };
  const answer = (await finalAnswer(context, id))?.answer;
  if (!final || !answer) return;
  yield {
    name: "O3 answer on chain",
    ok: answer.output === final["output"],
    detail: `operators signed ${answer.output}`,
  };
  const own = await execute(context, request.modelId, request.inputHash);
  const theirs = resultHash({ modelId: request.modelId, inputHash: request.inputHash, ...answer });
  yield {
    name: "O4 decision re-executed",
    ok: resultHash(own) === theirs,
    detail: `the engine gives ${own.output} (confidence ${own.confidenceBps} bps)`,
  };
}
