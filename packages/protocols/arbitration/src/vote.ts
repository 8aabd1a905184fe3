import { BaseError, NotFoundError } from "@base/errors";
import { type Context, type Identity, NotYetError } from "@kernel/capability";
import { execute, resultHash } from "@records/assets/execute.ts";
import { bytesToHex, decodeAbiParameters, type Hex } from "viem";

/** Milliseconds between two looks at a dispute whose time has not come. */
const PAUSE = 700;

/** A dispute as the contract tells it. Deadlines in Unix seconds; `seated` is a bit per member. */
interface Case {
  readonly commitDeadline: bigint;
  readonly revealDeadline: bigint;
  readonly seated: number;
  readonly commits: number;
  readonly reveals: number;
  readonly ruling: number;
}

interface Payload {
  readonly disputeId: string;
}

/** Job: this node's members re-execute what is disputed and commit to what they found. Rule R4. */
export async function commit(context: Context, payload: Payload): Promise<void> {
  const members = await seatedMembers(context, payload);
  const { timestamp } = await context.chain.head();
  const found = await caseOf(context, payload);
  if (members.length === 0 || found.ruling !== 0 || timestamp > found.commitDeadline) return;
  const result = await reexecute(context, payload, found, timestamp);
  const panel = context.contracts.get("Panel");
  const id = BigInt(payload.disputeId);
  for (const member of members) {
    const [, commitment] = (await context.chain.read(panel, "voteOf", [id, member.address])) as [boolean, Hex, Hex];
    if (BigInt(commitment) !== 0n) continue;
    const vote = await rememberVote(context, payload, member, result);
    const sealed = (await context.chain.read(panel, "commitmentOf", [
      id,
      member.address,
      vote.result,
      vote.salt,
    ])) as Hex;
    await context.chain.write(member.account, panel, "commit", [id, sealed]);
    context.log.info("committed", { dispute: payload.disputeId, member: member.name });
  }
}

/** Job: opens this node's commitments once everybody has committed or the time for it is over. Rule R4. */
export async function reveal(context: Context, payload: Payload): Promise<void> {
  const members = await seatedMembers(context, payload);
  if (members.length === 0) return;
  const found = await caseOf(context, payload);
  const { timestamp } = await context.chain.head();
  if (found.ruling !== 0 || timestamp > found.revealDeadline) return;
  if (timestamp <= found.commitDeadline && found.commits < bits(found.seated)) {
    throw new NotYetError("Members are still committing.", context.clock() + PAUSE);
  }
  const panel = context.contracts.get("Panel");
  for (const member of members) {
    const vote = await context.db.kysely
      .selectFrom("panel_votes")
      .selectAll()
      .where("dispute_id", "=", payload.disputeId)
      .where("member", "=", member.address.toLowerCase())
      .executeTakeFirst();
    const [, commitment, revealed] = (await context.chain.read(panel, "voteOf", [
      BigInt(payload.disputeId),
      member.address,
    ])) as [boolean, Hex, Hex];
    if (!vote || BigInt(commitment) === 0n || BigInt(revealed) !== 0n) continue;
    await context.chain.write(member.account, panel, "reveal", [
      BigInt(payload.disputeId),
      vote["result"],
      vote["salt"],
    ]);
    context.log.info("revealed", { dispute: payload.disputeId, member: member.name });
  }
}

/** Job: has the votes counted as soon as that is possible; the keeper pays the gas. Rule R7. */
export async function settle(context: Context, payload: Payload): Promise<void> {
  if (context.duties.keeper === undefined) return;
  const found = await caseOf(context, payload);
  if (found.ruling !== 0) return;
  const { timestamp } = await context.chain.head();
  if (timestamp <= found.revealDeadline && found.reveals < bits(found.seated)) {
    throw new NotYetError("Members are still voting.", context.clock() + PAUSE);
  }
  const keeper = context.identities.get(context.duties.keeper);
  await context.chain.write(keeper.account, context.contracts.get("Panel"), "settle", [BigInt(payload.disputeId)]);
}

/**
 * Seconds for which a member looks for bytes that are nowhere to be had: while it looks its stake is locked, and
 * somebody who opens empty disputes must not keep the panel from real ones cheaply.
 */
const PATIENCE = 300n;

/**
 * Hash of what re-execution gives; the panel's own word for "cannot be had" when the bytes stay away for PATIENCE (or
 * half the time to commit), and at once for a client other than this deployment's oracle. Rule R9.
 */
async function reexecute(context: Context, payload: Payload, found: Case, now: bigint): Promise<Hex> {
  const row = await context.db.kysely
    .selectFrom("ix_panel_disputes")
    .selectAll()
    .where("dispute_id", "=", payload.disputeId)
    .executeTakeFirst();
  if (!row) throw new NotFoundError(`Dispute ${payload.disputeId} is not indexed.`, { kind: "retryable" });
  try {
    // An oracle's context begins with its request: requester, policy, model, input.
    const head = [{ type: "address" }, { type: "bytes32" }, { type: "uint256" }, { type: "bytes32" }] as const;
    const [, , modelId, inputHash] = decodeAbiParameters(head, row["context"] as Hex);
    return resultHash(await execute(context, modelId, inputHash));
  } catch (error) {
    const opened = BigInt(String(row["opened_at"]));
    const half = (found.commitDeadline - opened) / 2n;
    const known = String(row["client"]) === context.contracts.get("Oracle").address.toLowerCase();
    const patient = known && now < opened + (half < PATIENCE ? half : PATIENCE);
    if (patient)
      throw new NotYetError(error instanceof BaseError ? error.shortMessage : String(error), context.clock() + PAUSE, {
        cause: error,
      });
    return (await context.chain.read(context.contracts.get("Panel"), "UNAVAILABLE")) as Hex;
  }
}

/** Keeps result and salt before the commitment is sent: who cannot reveal loses its stake. */
async function rememberVote(
  context: Context,
  payload: Payload,
  member: Identity,
  result: Hex,
): Promise<{ result: Hex; salt: Hex }> {
  const key = { dispute_id: payload.disputeId, member: member.address.toLowerCase() };
  await context.db.kysely
    .insertInto("panel_votes")
    .values({ ...key, result, salt: bytesToHex(context.random(32)) })
    .onConflict((c) => c.columns(["dispute_id", "member"]).doNothing())
    .execute();
  const kept = await context.db.kysely
    .selectFrom("panel_votes")
    .selectAll()
    .where("dispute_id", "=", key.dispute_id)
    .where("member", "=", key.member)
    .executeTakeFirstOrThrow();
  return { result: kept["result"] as Hex, salt: kept["salt"] as Hex };
}

async function seatedMembers(context: Context, payload: Payload): Promise<Identity[]> {
  const panel = context.contracts.get("Panel");
  const seated: Identity[] = [];
  for (const name of context.duties.panelists) {
    const identity = context.identities.get(name);
    const [sits] = (await context.chain.read(panel, "voteOf", [BigInt(payload.disputeId), identity.address])) as [
      boolean,
      Hex,
      Hex,
    ];
    if (sits) seated.push(identity);
  }
  return seated;
}

async function caseOf(context: Context, payload: Payload): Promise<Case> {
  return (await context.chain.read(context.contracts.get("Panel"), "dispute", [BigInt(payload.disputeId)])) as Case;
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
