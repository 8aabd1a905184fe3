import { BaseError } from "@base/errors";
import { type Context, type Identity, NotYetError } from "@kernel/capability";
import { claimOf, replayOf, statusOf } from "./claims.ts";
import { type Game, gameOf, positionOf } from "./games.ts";
import { attack, defend, defenderMoves } from "./moves.ts";
import { again, nothingOnItsWay, PAUSE, untilSettled } from "./settled.ts";
import { keepStates, runThrough } from "./states.ts";

/** This node's identity with an address, if it has one. */
function ours(context: Pick<Context, "identities">, address: string): Identity | undefined {
  return context.identities.list().find((one) => one.address.toLowerCase() === address.toLowerCase());
}

/**
 * The game, while the move of transaction `tx` is the newest; undefined when another one followed it for good. While what followed may
 * vanish the job comes again, since the move would have to be answered anew. Rule D25.
 */
async function waiting(context: Context, id: string, tx: string): Promise<Game | undefined> {
  const game = await gameOf(context, id);
  const at = game.steps.findLastIndex((step) => step.tx === tx);
  if (at < 0) return undefined;
  const next = game.steps[at + 1] ?? game.end;
  if (next === undefined) return game;
  await untilSettled(context, next.block);
  return undefined;
}

/**
 * Job: makes the next move of a game, when it is the turn of one of this node's identities. Everything is taken from chain and
 * store, so that a node that was killed in the middle goes on where the game stands. Nothing is played that this node's
 * own run does not bear out: a defender that finds itself wrong falls silent instead of paying for more moves. The job is done
 * when the move is settled, or another one follows that is: a move that vanishes in a reorganisation is made again.
 */
export async function play(context: Context, { game: id, tx }: { game: string; tx: string }): Promise<void> {
  const game = await waiting(context, id, tx);
  const newest = game?.steps.at(-1);
  if (game === undefined || newest === undefined) return;
  const claim = await claimOf(context, game.claim, await postingOf(context, game));
  const defending = defenderMoves(newest.phase);
  const player = ours(context, defending ? claim.claimant : game.challenger);
  if (player === undefined) return;
  // A claim that fell in another game ends this one too.
  if ((await statusOf(context, claim)) === "defeated")
    return send(context, player, game, "timeout", [game.game, newest.state]);
  const position = positionOf(game);
  if (position === undefined) return;
  const replay = await replayOf(context, claim);
  await runThrough(context, replay);
  if (defending && replay.result !== claim.result) {
    context.log.error("a claim of this node is wrong: it is not defended", { game: id, claim: claim.claim });
    return;
  }
  const move = (defending ? defend : attack)(replay, position);
  if (move === undefined) return;
  await keepStates(context, replay);
  await send(context, player, game, move.functionName, move.args);
}

/** Transaction of the claim that a game is about: the newest on its stand before the game. */
export async function postingOf(context: Pick<Context, "db">, game: Game): Promise<string> {
  const row = await context.db.kysely
    .selectFrom("ix_dispute_claims as c")
    .innerJoin("ix_dispute_games as g", "g.claim", "c.claim")
    .select("c.tx")
    .where("g.game", "=", game.game.toString())
    .whereRef("c.block", "<=", "g.block")
    .orderBy("c.block", "desc")
    .orderBy("c.log_index", "desc")
    .executeTakeFirstOrThrow();
  return String(row["tx"]);
}

async function send(
  context: Context,
  by: Identity,
  game: Game,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  const disputes = context.contracts.get("Disputes");
  await nothingOnItsWay(context, by.address);
  // The chain may be ahead of the index: a move that was made already is not made again.
  const [, phase] = (await context.chain.read(disputes, "gameOf", [game.game])) as [number, number];
  if (phase >= 15) throw again(context, `Game ${game.game} is over on chain, not yet in the index.`);
  try {
    const receipt = await context.chain.write(by.account, disputes, functionName, args);
    context.log.info(`disputes ${functionName}`, {
      game: game.game.toString(),
      by: by.name,
      gas: receipt.gasUsed.toString(),
    });
    await context.indexed(receipt.blockNumber);
    await untilSettled(context, receipt.blockNumber);
  } catch (error) {
    const name = error instanceof BaseError ? (error.data?.["errorName"] as string | undefined) : undefined;
    if (name === "WrongPhase" || name === "WrongState")
      throw again(context, `Game ${game.game} went on on chain, not yet in the index.`, error);
    throw error;
  }
}

/** Job: ends a game whose player to move fell silent. Whoever of this node has something at stake, or its keeper, pays. */
export async function timeout(context: Context, { game: id, tx }: { game: string; tx: string }): Promise<void> {
  const game = await waiting(context, id, tx);
  const newest = game?.steps.at(-1);
  if (game === undefined || newest === undefined) return;
  const keeper = context.duties.keeper === undefined ? undefined : context.identities.get(context.duties.keeper);
  const by = ours(context, game.challenger) ?? ours(context, newest.state.claimant) ?? keeper;
  if (by === undefined) return;
  const disputes = context.contracts.get("Disputes");
  const [, , , , deadline] = (await context.chain.read(disputes, "gameOf", [game.game])) as [
    number,
    number,
    string,
    boolean,
    bigint,
  ];
  const { timestamp } = await context.chain.head();
  if (timestamp <= deadline) {
    const left = context.chain.dev ? PAUSE : Math.min(60_000, Math.max(PAUSE, Number(deadline - timestamp) * 1000));
    throw new NotYetError(`Game ${id} waits for a move until ${deadline}.`, context.clock() + left);
  }
  await send(context, by, game, "timeout", [game.game, newest.state]);
}

/** Job: tells that a claim is final once its window and its games are over. */
export async function finalise(context: Context, { claim: key, tx }: { claim: string; tx: string }): Promise<void> {
  const claim = await claimOf(context, key);
  if (claim.tx !== tx) return;
  const keeper = context.duties.keeper === undefined ? undefined : context.identities.get(context.duties.keeper);
  const by = ours(context, claim.claimant) ?? keeper;
  if (by === undefined) return;
  const status = await statusOf(context, claim);
  if (status === "standing")
    throw new NotYetError(`Claim ${key} still stands open.`, context.clock() + (context.chain.dev ? PAUSE : 60_000));
  if (status !== "final") return;
  const known = await context.db.kysely
    .selectFrom("ix_dispute_finals")
    .select("block")
    .where("claim", "=", key)
    .where("block", ">=", await blockOf(context, tx))
    .executeTakeFirst();
  if (known !== undefined) return untilSettled(context, BigInt(String(known["block"])));
  const receipt = await context.chain.write(by.account, context.contracts.get("Disputes"), "finalise", [
    claim.claimant,
    claim.stand,
  ]);
  await context.indexed(receipt.blockNumber);
  await untilSettled(context, receipt.blockNumber);
}

async function blockOf(context: Pick<Context, "db">, tx: string): Promise<number> {
  const row = await context.db.kysely
    .selectFrom("ix_dispute_claims")
    .select("block")
    .where("tx", "=", tx)
    .executeTakeFirstOrThrow();
  return Number(row["block"]);
}
