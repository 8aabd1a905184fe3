// What one transaction settles of a long sum, measured.
import { type Abi, encodeFunctionData } from "viem";
import { expect, test } from "vitest";
import { gameAbi } from "../src/contracts.ts";
import { attack } from "../src/moves.ts";
import { Replay } from "../src/replay.ts";
import { MAX_TERMS } from "../src/sums.ts";
import { Arena, defending, honest, type Player } from "./arena.ts";
import { LyingReplay, perceptron, ulp } from "./runs.ts";

/** D20. What `MAX_TERMS` says of itself; rows that begin within a leaf touch the most leaves. */
test("the longest sum that players settle at once fits a transaction", async () => {
  const arena = await Arena.open();
  try {
    const run = perceptron({ widths: [MAX_TERMS - 2, 2], batch: 2, rows: 4, steps: 1 });
    const truth = new Replay(run);
    const find = (what: "op" | "name", is: string) => truth.program.values.findIndex((value) => value[what] === is);
    const bias = truth.program.values[find("name", "b0")]?.update as number;
    const liar = new LyingReplay(run, [
      { low: 1, value: find("op", "matmulT"), change: (v) => ulp(v, 3) },
      { low: 1, value: bias, change: (v) => v.fill(2) },
    ]);
    let bytes = 0;
    const challenger: Player = (position) => {
      const move = attack(truth, position);
      if (move !== undefined) bytes = encodeFunctionData({ abi: gameAbi as Abi, ...move }).length / 2 - 1;
      return move;
    };
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth);
    const { winner, moves } = await arena.play(position, defending(liar), honest(challenger));
    const last = moves.at(-1);
    console.log({ ...last, bytes });
    expect([winner, last?.move]).toEqual(["CHALLENGER_WINS", "prove"]);
    expect(bytes).toBeLessThan(100_000);
    expect(last?.gas).toBeLessThan(0.75 * 2 ** 24);
  } finally {
    await arena.close();
  }
}, 120_000);
