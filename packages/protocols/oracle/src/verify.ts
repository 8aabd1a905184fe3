import type { Check, Context } from "@kernel/capability";
import { hash } from "@kernel/capability/schemas.ts";
import { execute, resultHash } from "@records/assets/execute.ts";
import { type Hex, parseEventLogs } from "viem";
import { z } from "zod";
import { type Answer, requestSchema, statuses } from "./types.ts";

export const statementSchema = z.object({ type: z.literal("assay/decision/1"), id: hash, request: requestSchema });

/**
 * Checks a decision: its id is the hash of what was asked, it is final on chain, and re-executing the model on the
 * committed input gives the same bytes. Rule ids as in SPEC.md.
 */
export async function* verify(context: Context, statement: unknown): AsyncIterable<Check> {
  const { id, request } = statementSchema.parse(statement);
  const oracle = context.contracts.get("Oracle");
  const named = (await context.chain.read(oracle, "idOf", [request])) as Hex;
  yield { name: "O1 decision id", ok: named === id, detail: `the request hashes to ${named}` };

  const [number, , paid] = (await context.chain.read(oracle, "statusOf", [id])) as [number, bigint, boolean];
  const status = statuses[number] ?? "none";
  const done = status === "final" || status === "undelivered";
  yield { name: "O2 decision final", ok: done, detail: `the oracle says ${status}${paid ? ", royalty paid" : ""}` };
  if (!done) return;

  const final = await finalAnswer(context, id);
  if (!final) {
    yield { name: "O3 answer on chain", ok: false, detail: "no Submitted event leads to the final answer" };
    return;
  }
  const exact = (await context.chain.read(oracle, "isFinal", [request, final.answer, final.signers])) as boolean;
  yield {
    name: "O3 answer on chain",
    ok: exact,
    detail: `output ${final.answer.output}, signed by ${final.signers.length}`,
  };

  const own = await execute(context, request.modelId, request.inputHash);
  const theirs = resultHash({ modelId: request.modelId, inputHash: request.inputHash, ...final.answer });
  yield {
    name: "O4 decision re-executed",
    ok: resultHash(own) === theirs,
    detail: `the engine gives ${own.output} (confidence ${own.confidenceBps} bps, reasons ${own.whyHash.slice(0, 10)})`,
  };
}

/** The answer that became final, from the contract's own events. */
export async function finalAnswer(context: Context, id: Hex): Promise<{ answer: Answer; signers: Hex[] } | undefined> {
  const { address, abi, block } = context.contracts.get("Oracle");
  const raw = await context.chain.client.getLogs({ address, fromBlock: block, toBlock: "latest" });
  const logs = parseEventLogs({ abi, logs: raw.filter((log) => log.topics[1] === id) }) as unknown as {
    eventName: string;
    args: Record<string, unknown>;
  }[];
  let standing: { answer: Answer; signers: Hex[] } | undefined;
  let claim: { answer: Answer; signers: Hex[] } | undefined;
  for (const { eventName, args } of logs) {
    if (eventName === "Submitted")
      standing = { answer: args["answer"] as Answer, signers: [...(args["signers"] as Hex[])] };
    if (eventName === "Challenged") claim = { answer: args["claim"] as Answer, signers: [args["challenger"] as Hex] };
    if (eventName === "Resolved" && Number(args["ruling"]) === 2) standing = claim;
  }
  return standing;
}
