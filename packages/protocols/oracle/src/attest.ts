import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { toWire } from "@kernel/capability/wire.ts";
import { resultHash } from "@records/assets/execute.ts";
import type { Hex } from "viem";
import type { z } from "zod";
import { envelopeSigner, signEnvelope } from "./envelope.ts";
import { ableOperators, same } from "./operators.ts";
import { type attestInput, attestOutput } from "./schemas.ts";
import { type RequestState, requestState } from "./state.ts";
import { reexecute, VALIDITY } from "./submit.ts";
import { unfitTerms } from "./terms.ts";
import type { Answer } from "./types.ts";

/** Most bytes and milliseconds that a peer's answer may take. */
const PEER = { bytes: 64_000, milliseconds: 20_000 };

/** Results kept at most, and milliseconds before one that failed is computed again. */
const RESULTS = { most: 256, retry: 5_000 };

/** Seconds that two nodes' newest blocks may be apart. */
const LAG = 60n;

/**
 * Signs another operator's answer, if this node's own re-execution gives the same result: what it signs is
 * what it would have answered itself.
 *
 * @throws InvalidInputError when it gets another result, or the times of the answer make no sense.
 */
export async function attest(
  context: Context,
  given: z.output<typeof attestInput>,
): Promise<z.output<typeof attestOutput>> {
  const state = await requestState(context, given.id);
  const { request, policy } = state;
  const { timestamp: now } = await context.chain.head();
  if (state.status !== "open" || now > request.expiry) {
    throw new InvalidInputError(`Decision ${given.id} takes no answer: it is ${state.status}.`);
  }
  const { producedAt, validUntil } = given.answer;
  const window = now + BigInt(policy.window);
  const early = producedAt < state.askedAt || validUntil < window;
  if (early || producedAt > now + LAG || validUntil > window + VALIDITY + LAG) {
    throw new InvalidInputError("The answer's times do not fit the newest block.", {
      data: { now: now.toString(), producedAt: producedAt.toString() },
    });
  }
  const able = await ableOperators(context, context.duties.operators, policy);
  if (able.length === 0) return { signatures: [] };
  const unfit = await unfitTerms(context, state);
  if (unfit)
    throw new InvalidInputError(`This node does not stake under the policy of decision ${given.id}: ${unfit}.`);
  const own = await ownResult(context, state);
  const theirs = resultHash({ modelId: request.modelId, inputHash: request.inputHash, ...given.answer });
  if (own !== theirs) {
    throw new InvalidInputError(`Re-execution of decision ${given.id} gives another result.`, {
      data: { own, theirs },
    });
  }
  const asked = { requestId: state.id, modelId: request.modelId, inputHash: request.inputHash };
  const signatures = await Promise.all(
    able.map(async (identity) => ({
      signer: identity.address,
      signature: (await signEnvelope(context, identity, asked, given.answer)).toLowerCase() as Hex,
    })),
  );
  return { signatures };
}

/** Results under way or found, by store and request. */
const results = new WeakMap<object, Map<Hex, { hash: Promise<Hex>; until: number }>>();

/** This node's own result: however often strangers ask for a signature, a model runs once, a failing one at intervals. */
function ownResult(context: Context, state: RequestState): Promise<Hex> {
  const kept = results.get(context.store) ?? new Map<Hex, { hash: Promise<Hex>; until: number }>();
  results.set(context.store, kept);
  const found = kept.get(state.id);
  if (found && context.clock() < found.until) return found.hash;
  const entry = { hash: reexecute(context, state).then(resultHash), until: Number.POSITIVE_INFINITY };
  entry.hash.catch(() => {
    entry.until = context.clock() + RESULTS.retry;
  });
  const [oldest] = kept.keys();
  if (oldest && kept.size >= RESULTS.most) kept.delete(oldest);
  kept.set(state.id, entry);
  return entry.hash;
}

/** Asks the peers to attest; only signatures of admitted operators over exactly this envelope are kept. */
export async function gather(
  context: Context,
  state: RequestState,
  answer: Answer,
  result: Hex,
): Promise<{ signer: Hex; signature: Hex }[]> {
  const asked = { requestId: state.id, modelId: state.request.modelId, inputHash: state.request.inputHash };
  const body = JSON.stringify(toWire({ id: state.id, answer }));
  const found = new Map<string, { signer: Hex; signature: Hex }>();
  await Promise.all(
    context.duties.peers.map(async (peer) => {
      try {
        const response = await fetch(new URL("/v1/oracle/attest", peer), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
          signal: AbortSignal.any([context.signal, AbortSignal.timeout(PEER.milliseconds)]),
        });
        const text = await response.text();
        if (!response.ok || text.length > PEER.bytes) {
          context.log.warn("peer did not attest", { peer, status: response.status, result });
          return;
        }
        for (const { signature: bytes } of attestOutput.parse(JSON.parse(text)).signatures) {
          const signer = await envelopeSigner(context, asked, answer, bytes);
          const admitted = state.policy.operators.length === 0 || state.policy.operators.some((o) => same(o, signer));
          if (admitted) found.set(signer.toLowerCase(), { signer, signature: bytes });
        }
      } catch (error) {
        context.log.warn("peer not reached", { peer, error: String(error) });
      }
    }),
  );
  return [...found.values()];
}
