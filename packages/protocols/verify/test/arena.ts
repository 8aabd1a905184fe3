// Two players, a chain in process, and the contracts as they are deployed: what every test of the game stands on.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hash } from "@base/bytes/hash.ts";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import { OPCODES } from "@machines/engine/commit/opcodes.ts";
import { type Chain, type Contract, openChain, type Receipt } from "@machines/chain";
import { type Hex, keccak256, type LocalAccount, parseEventLogs } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { disputesAbi, refereeSetAbi, verdictsAbi } from "../src/abi.ts";
import { disputesBytecode, refereeSetBytecode, verdictsBytecode } from "../src/bytecode.ts";
import {
  attack,
  defend,
  defenderMoves,
  type Move,
  type Phase,
  PHASES,
  type Position,
  type State,
} from "../src/moves.ts";
import { gameAbi } from "../src/contracts.ts";
import { REFEREES } from "../src/referees.ts";
import type { Replay } from "../src/replay.ts";

export const UNIT = 10n ** 18n;
export const TERMS = { claimBond: 100n * UNIT, challengeBond: 10n * UNIT, window: 3_600, clock: 1_800 };

/** A move as it was made. */
export interface Made {
  readonly move: string;
  readonly gas: number;
}

/** How a game ended. */
export interface Outcome {
  readonly winner: "CHALLENGER_WINS" | "DEFENDER_WINS";
  readonly moves: readonly Made[];
  readonly gas: number;
  readonly computed?: { readonly claimed: bigint; readonly truth: bigint };
}

/** What a party does when it is asked: its move, or nothing for silence. */
export interface Player {
  (position: Position): Move | undefined;
  readonly honest?: true;
}

export class Arena {
  readonly chain: Chain;
  readonly disputes: Contract;
  readonly token: Contract;
  readonly defender: LocalAccount;
  readonly challenger: LocalAccount;
  readonly other: LocalAccount;
  readonly #dir: string;
  #stand = 0n;

  private constructor(
    chain: Chain,
    disputes: Contract,
    token: Contract,
    accounts: readonly LocalAccount[],
    dir: string,
  ) {
    this.chain = chain;
    this.disputes = disputes;
    this.token = token;
    [this.defender, this.challenger, this.other] = accounts as [LocalAccount, LocalAccount, LocalAccount];
    this.#dir = dir;
  }

  /** On an embedded chain, or on one that anvil runs, where blocks settle under `depth` others and can be taken back. */
  static async open(terms = TERMS, depth?: number): Promise<Arena> {
    const dir = await mkdtemp(join(tmpdir(), "assay-disputes-"));
    const home = join(dir, "chain");
    const chain = await openChain(
      depth === undefined ? { kind: "embedded", dir: home, port: false } : { kind: "anvil", dir: home, depth },
    );
    const accounts = Array.from({ length: 3 }, () => privateKeyToAccount(generatePrivateKey()));
    for (const account of accounts) await chain.dev?.fund(account.address, 100n * UNIT);
    const [first] = accounts as [LocalAccount];
    const deploy = async (abi: Contract["abi"], bytecode: Hex, args: readonly unknown[] = []) => {
      const { contractAddress } = await chain.deploy(first, { abi, bytecode, args });
      return { address: contractAddress, abi };
    };
    const token = await deploy(testTokenAbi, testTokenBytecode);
    const ops: number[] = [];
    const at: Hex[] = [];
    for (const referee of REFEREES) {
      const { address } = await deploy([], referee.bytecode);
      for (const op of referee.ops) {
        ops.push(OPCODES[op]);
        at.push(address);
      }
    }
    const set = await deploy(refereeSetAbi, refereeSetBytecode, [ops, at]);
    const verdicts = await deploy(verdictsAbi, verdictsBytecode, [set.address]);
    const disputes = await deploy(gameAbi, disputesBytecode, [token.address, verdicts.address, terms]);
    for (const account of accounts) {
      await chain.write(account, token, "faucet", [account.address, 1_000_000n * UNIT]);
      await chain.write(account, token, "approve", [disputes.address, 1_000_000n * UNIT]);
      await chain.write(account, disputes, "deposit", [account.address, 900_000n * UNIT]);
    }
    return new Arena(chain, disputes, token, accounts, dir);
  }

  async close(): Promise<void> {
    await this.chain.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  write(account: LocalAccount, functionName: string, args: readonly unknown[]): Promise<Receipt> {
    return this.chain.write(account, this.disputes, functionName, args);
  }

  /** Free and locked money together. */
  async wealth(account: LocalAccount): Promise<bigint> {
    const [free, locked] = (await this.chain.read(this.disputes, "account", [account.address])) as [bigint, bigint];
    return free + locked;
  }

  /** Posts a claim on a fresh stand, or on a given one. */
  async claim(job: Hash, result: Hash, stand?: bigint): Promise<{ stand: bigint; gas: number }> {
    const used = stand ?? this.#stand++;
    const receipt = await this.write(this.defender, "post", [used, job, result, keccak256(job)]);
    return { stand: used, gas: Number(receipt.gasUsed) };
  }

  /** Opens a game; the position that it begins with. */
  async challenge(
    stand: bigint,
    result: Hash,
    replay: Replay,
    by: LocalAccount = this.challenger,
  ): Promise<{ position: Position; gas: number }> {
    const receipt = await this.write(by, "challenge", [this.defender.address, stand, result, replay.job]);
    return { position: this.position(receipt) as Position, gas: Number(receipt.gasUsed) };
  }

  /** What a move left, or undefined when it ended the game. */
  position(receipt: Receipt, before?: Position): Position | undefined {
    const [moved] = parseEventLogs({ abi: disputesAbi, logs: receipt.logs, eventName: "Moved" });
    if (!moved) return undefined;
    const { game, phase, state, posted } = moved.args;
    const named = PHASES[phase] as Phase;
    const post = { first: Number(state.first), count: Number(state.count), nodes: posted };
    const posts = [...(before?.posts ?? []), ...(named === "CHOOSE_VALUE" ? [post] : [])];
    return { id: game, phase: named, state: state as State, posted, posts };
  }

  /** Makes a move; a liar's move that the chain refuses is none, an honest one's is an error. Rule D7. */
  async attempt(account: LocalAccount, move: Move, player: Player): Promise<Receipt | undefined> {
    try {
      return await this.write(account, move.functionName, move.args);
    } catch (error) {
      if (player.honest) throw error;
      return undefined;
    }
  }

  /** Lets the clock of whoever has to move run out, and ends the game. */
  async expire(position: Position): Promise<Receipt> {
    await this.chain.dev?.advance(TERMS.clock + 1);
    return this.write(this.other, "timeout", [position.id, position.state]);
  }

  /** Plays a game to its end; a party that is silent loses by its clock. */
  async play(start: Position, defender: Player, challenger: Player, by = this.challenger): Promise<Outcome> {
    const moves: Made[] = [];
    let position = start;
    let gas = 0;
    for (;;) {
      const turn = defenderMoves(position.phase);
      const move = (turn ? defender : challenger)(position);
      const made = move && (await this.attempt(turn ? this.defender : by, move, turn ? defender : challenger));
      const receipt = made ?? (await this.expire(position));
      moves.push({ move: made && move ? move.functionName : "timeout", gas: Number(receipt.gasUsed) });
      gas += Number(receipt.gasUsed);
      const [ended] = parseEventLogs({ abi: disputesAbi, logs: receipt.logs, eventName: "Ended" });
      if (ended) {
        const [computed] = parseEventLogs({ abi: disputesAbi, logs: receipt.logs, eventName: "Computed" });
        const winner = ended.args.status === 1 ? "CHALLENGER_WINS" : "DEFENDER_WINS";
        return { winner, moves, gas, ...(computed && { computed: computed.args }) };
      }
      position = this.position(receipt, position) as Position;
    }
  }
}

/** Plays the defender's part from its own replay. */
export const defending =
  (replay: Replay): Player =>
  (position) =>
    defend(replay, position);

/** Plays the challenger's part from its own replay; reductions of more terms than `limit` in parts. */
export const attacking =
  (replay: Replay, limit?: number): Player =>
  (position) =>
    attack(replay, position, limit);

/** The same, but no move of it may ever be refused. */
export function honest(player: Player): Player {
  return Object.assign((position: Position) => player(position), { honest: true as const });
}
