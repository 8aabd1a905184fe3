import type { Context } from "@kernel/capability";
import { fromBits } from "@machines/engine/bits.ts";
import { DTYPES } from "@machines/engine/commit/opcodes.ts";
import type { z } from "zod";
import { spokenAbout } from "./about.ts";
import { checkOf, type Claim, claimFrom, claimOf, replayOf, statusOf } from "./claims.ts";
import { type Game, gameOf, provedElement, type Step } from "./games.ts";
import { aboutOf } from "./manifest.ts";
import { defenderMoves, PHASES } from "./moves.ts";
import { postingOf } from "./play.ts";
import type { Replay } from "./replay.ts";
import type { claimsInput, claimsOutput, listInput, listOutput, showInput, showOutput } from "./schemas.ts";

type Shown = z.input<typeof showOutput>;

/** What a move did, in words, from what the game waited for before and after it. */
function wordsOf(before: Step | undefined, after: Step, program: Replay["program"] | undefined): string {
  const { state } = after;
  const value = program?.values[Number(state.value)];
  const steps = `states ${state.low} to ${state.high}`;
  switch (before?.phase) {
    case undefined:
      return `opened: of ${Number(state.high) - Number(state.low)} steps one must be wrong`;
    case "SPLIT":
      return `gave ${counted(after.posted.length, "state")} between ${state.low} and ${state.high}`;
    case "CHOOSE_STEP":
      return Number(state.high) - Number(state.low) === 1 ? `disputes ${stepName(state.low)}` : `disputes ${steps}`;
    case "TRACE":
      return `gave the roots of all ${Number(state.values) - 1} values of the step`;
    case "CHOOSE_VALUE":
      if (after.phase === "EXPAND_VALUES") return `disputes values ${state.first} to ${state.first + state.count - 1n}`;
      return `disputes value ${state.value}${value ? `: ${describe(value)}` : ""}`;
    case "EXPAND_VALUES":
    case "EXPAND_LEAVES":
      return `gave ${counted(after.posted.length, "node")} below`;
    case "CHOOSE_LEAF":
      return `disputes leaf ${state.first}`;
    case "REVEAL":
      return "revealed the leaf";
    case "PROVE_ELEMENT":
      return `disputes element ${state.index}, in parts`;
    case "SUMS":
      return "gave the running sums";
    case "CHOOSE_SUM":
      return `disputes terms ${state.first} to ${state.first + state.count - 1n}`;
    default:
      return after.phase;
  }
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

const stepName = (low: bigint) => (low === 0n ? "the first weights" : `step ${low}`);

function describe({ kind, name, op }: { kind: string; name: string; op?: string }): string {
  return op === undefined ? `${kind} ${name}` : `${op} (${name})`;
}

/** One game, move by move: which step, which operator, which element, both values, who is right. */
export async function show(context: Context, given: z.output<typeof showInput>): Promise<Shown> {
  const game = await gameOf(context, given.game.toString());
  return shown(context, game);
}

async function shown(context: Context, game: Game): Promise<Shown> {
  const claim = await claimOf(context, game.claim, await postingOf(context, game));
  const replay = await replayOf(context, claim).catch(() => undefined);
  const about = replay && (await aboutOf(context.store, claim.manifest));
  const disputes = context.contracts.get("Disputes");
  const [, phase, , , deadline] = (await context.chain.read(disputes, "gameOf", [game.game])) as [
    number,
    number,
    string,
    boolean,
    bigint,
  ];
  const newest = game.steps.at(-1);
  const { low, high, value } = newest?.state ?? { low: 0n, high: 0n, value: 0n };
  const found =
    newest && newest.state.trace !== newest.state.root && newest.state.values > 0n && newest.state.root !== NONE;
  const described = found && low > 0n ? replay?.program.values[Number(value)] : undefined;
  return {
    game: game.game,
    claim: game.claim,
    claimant: claim.claimant,
    challenger: game.challenger,
    about: about === undefined ? null : spokenAbout(about),
    job: claim.job,
    result: claim.result,
    openedAt: game.at,
    waitsFor: game.end ? null : (PHASES[phase] ?? null),
    turn: game.end || newest === undefined ? null : defenderMoves(newest.phase) ? "defender" : "challenger",
    deadline: game.end ? null : deadline,
    step: high - low === 1n ? low : null,
    operator: described ? describe(described) : found && low === 0n ? `first value ${value}` : null,
    element: await elementOf(context, game),
    claimed: game.computed ? spoken(game.computed.claimed, newest) : null,
    truth: game.computed ? spoken(game.computed.truth, newest) : null,
    winner: game.end ? (game.end.status === "CHALLENGER_WINS" ? "challenger" : "defender") : null,
    reward: game.end?.reward ?? null,
    burned: game.end?.burned ?? null,
    moves: [
      ...game.steps.map((after, n) => {
        const before = game.steps[n - 1];
        return {
          by: before === undefined || !defenderMoves(before.phase) ? ("challenger" as const) : ("defender" as const),
          text: wordsOf(before, after, replay?.program),
          at: after.at,
          tx: after.tx,
        };
      }),
      ...(game.end
        ? [
            {
              by: "chain" as const,
              text: game.computed
                ? `computed ${spoken(game.computed.truth)} where the defender said ${spoken(game.computed.claimed)}`
                : "ended the game",
              at: game.end.at,
              tx: game.end.tx,
            },
          ]
        : []),
    ],
  };
}

const NONE = `0x${"0".repeat(64)}`;

/** A binary32 number with its bits, an integer as it is; roots and running sums by their first digits. */
function spoken(bits: bigint, last?: Step): string {
  if (last?.phase === "PROVE_ELEMENT" && last.state.dtype !== DTYPES.f32) return BigInt.asIntN(256, bits).toString();
  if (bits < 2n ** 32n) return `${fromBits(Number(bits))} (0x${bits.toString(16).padStart(8, "0")})`;
  return `0x${bits.toString(16).padStart(64, "0").slice(0, 12)}…`;
}

/** The element that the last move named, from its transaction. */
async function elementOf(context: Context, game: Game): Promise<bigint | null> {
  if (game.end === undefined || game.computed === undefined) return null;
  return provedElement(context, game.end.tx);
}

/** The newest games, newest first. */
export async function list(context: Context, given: z.output<typeof listInput>): Promise<z.input<typeof listOutput>> {
  const rows = await context.db.kysely
    .selectFrom("ix_dispute_games")
    .select("game")
    .orderBy("block", "desc")
    .orderBy("log_index", "desc")
    .limit(given.limit)
    .execute();
  const games: Shown[] = [];
  for (const row of rows) games.push(await shown(context, await gameOf(context, String(row["game"]))));
  return { games };
}

/** The newest claims, newest first, with what this node found when it ran them again. */
export async function claims(
  context: Context,
  given: z.output<typeof claimsInput>,
): Promise<z.input<typeof claimsOutput>> {
  const rows = await context.db.kysely
    .selectFrom("ix_dispute_claims")
    .selectAll()
    .orderBy("block", "desc")
    .orderBy("log_index", "desc")
    .limit(given.limit)
    .execute();
  return { claims: await Promise.all(rows.map((row) => shownClaim(context, claimFrom(row)))) };
}

async function shownClaim(context: Context, claim: Claim) {
  const check = await checkOf(context, claim);
  const { stand: _, ...rest } = claim;
  return {
    ...rest,
    status: await statusOf(context, claim),
    checked: check === undefined ? null : check.agrees ? ("agrees" as const) : ("differs" as const),
    about: check?.about === undefined ? null : spokenAbout(check.about),
    aboutHolds: check?.aboutHolds ?? null,
  };
}
