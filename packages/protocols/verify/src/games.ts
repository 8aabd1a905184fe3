import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Hash } from "@machines/store";
import { decodeFunctionData, type Hex } from "viem";
import { disputesAbi } from "./abi.ts";
import type { Phase, Position, State } from "./moves.ts";
import type { Post } from "./nodes.ts";

/** A move as the index has it: what the game waited for after it. */
export interface Step {
  readonly phase: Phase;
  readonly state: State;
  readonly posted: readonly Hash[];
  readonly at: bigint;
  readonly block: bigint;
  readonly tx: Hash;
}

/** A game with all its moves. */
export interface Game {
  readonly game: bigint;
  readonly claim: string;
  readonly challenger: Hex;
  readonly at: bigint;
  readonly steps: readonly Step[];
  readonly computed?: { readonly claimed: bigint; readonly truth: bigint };
  readonly end?: {
    readonly status: "CHALLENGER_WINS" | "DEFENDER_WINS";
    readonly reward: bigint;
    readonly burned: bigint;
    readonly at: bigint;
    readonly block: bigint;
    readonly tx: Hash;
  };
}

const HASHES = new Set(["claimant", "job", "result", "lowRoot", "highRoot", "trace", "root", "node", "sums"]);

/** The state as the contract takes it, from the index. */
function stateFrom(text: string): State {
  const entries = Object.entries(JSON.parse(text) as Record<string, string | number>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, HASHES.has(name) ? value : name === "dtype" ? Number(value) : BigInt(value)]),
  ) as unknown as State;
}

/** One game; throws NotFoundError. */
export async function gameOf(context: Pick<Context, "db">, game: string): Promise<Game> {
  const rows = (table: string) =>
    context.db.kysely
      .selectFrom(table)
      .selectAll()
      .where("game", "=", game)
      .orderBy("block")
      .orderBy("log_index")
      .execute() as Promise<Record<string, unknown>[]>;
  const [opened] = await rows("ix_dispute_games");
  if (opened === undefined) throw new NotFoundError(`There is no game ${game}.`, { data: { game } });
  const text = (row: Record<string, unknown>, column: string) => String(row[column]);
  const [computed] = await rows("ix_dispute_computed");
  const [end] = await rows("ix_dispute_ends");
  return {
    game: BigInt(game),
    claim: text(opened, "claim"),
    challenger: text(opened, "challenger") as Hex,
    at: BigInt(text(opened, "at")),
    steps: (await rows("ix_dispute_moves")).map((row) => ({
      phase: text(row, "phase") as Phase,
      state: stateFrom(text(row, "state_json")),
      posted: JSON.parse(text(row, "posted_json")) as Hash[],
      at: BigInt(text(row, "at")),
      block: BigInt(text(row, "block")),
      tx: text(row, "tx") as Hash,
    })),
    ...(computed && {
      computed: { claimed: BigInt(text(computed, "claimed")), truth: BigInt(text(computed, "truth")) },
    }),
    ...(end && {
      end: {
        status: text(end, "status") as "CHALLENGER_WINS" | "DEFENDER_WINS",
        reward: BigInt(text(end, "reward")),
        burned: BigInt(text(end, "burned")),
        at: BigInt(text(end, "at")),
        block: BigInt(text(end, "block")),
        tx: text(end, "tx") as Hash,
      },
    }),
  };
}

/** Where a game stands, with all that its next move is made from; undefined when it is over. */
export function positionOf(game: Game): Position | undefined {
  const newest = game.steps.at(-1);
  if (newest === undefined || game.end !== undefined) return undefined;
  const posts: Post[] = game.steps
    .filter(({ phase }) => phase === "CHOOSE_VALUE")
    .map(({ state, posted }) => ({ first: Number(state.first), count: Number(state.count), nodes: posted }));
  const { phase, state, posted } = newest;
  return { id: game.game, phase, state, posted, posts };
}

/** The element that a transaction had computed; null when it was about a root, or when a contract made the call. */
export async function provedElement(context: Pick<Context, "chain" | "contracts">, tx: Hash): Promise<bigint | null> {
  const { input, to } = await context.chain.client.getTransaction({ hash: tx });
  if (to?.toLowerCase() !== context.contracts.get("Disputes").address.toLowerCase()) return null;
  const { functionName, args } = decodeFunctionData({ abi: disputesAbi, data: input });
  if (functionName === "prove") return args[2];
  return functionName === "proveSum" ? args[1].index : null;
}
