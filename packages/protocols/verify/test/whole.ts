import { Replay } from "../src/replay.ts";
import { Arena, attacking, defending, type Outcome } from "./arena.ts";
import { LyingReplay, perceptron, ulp } from "./runs.ts";

/** Gas and seconds of a whole dispute, and of a claim that nobody disputes. */
export interface Whole {
  readonly gas: number;
  readonly seconds: number;
  readonly honestGas: number;
  readonly firstGas: number;
  /** Posting alone, on a fresh stand: the claim is final when its window is over, `finalise` only says so. */
  readonly firstPostGas: number;
  readonly outcome: Outcome;
}

/**
 * A 784-64-10 perceptron trained for 4,096 steps with one weight off by one ulp in one step: both players replay the run,
 * the challenger finds the step, and the chain the element. Posting and finalising are measured on a used stand.
 */
export async function wholeDispute(steps = 4096, batch = 32): Promise<Whole> {
  const arena = await Arena.open();
  try {
    const run = perceptron({ widths: [784, 64, 10], batch, rows: 2048, steps });
    const began = performance.now();
    const honest = new Replay(run);
    const target = honest.program.values.find(({ name }) => name === "w0")?.update as number;
    const lie = { low: Math.floor(steps * 0.7), value: target, change: (v: Float32Array) => ulp(v, 31_415) };
    const liar = new LyingReplay(run, [lie]);
    const { stand, gas: posted } = await arena.claim(honest.jobHash, liar.result);
    const { position, gas: opened } = await arena.challenge(stand, liar.result, honest);
    const outcome = await arena.play(position, defending(liar), attacking(honest));
    const seconds = (performance.now() - began) / 1000;
    const first = await arena.claim(honest.jobHash, honest.result);
    await arena.chain.dev?.advance(3_601);
    const again = await arena.claim(honest.jobHash, honest.result, first.stand);
    await arena.chain.dev?.advance(3_601);
    const finalised = await arena.write(arena.other, "finalise", [arena.defender.address, first.stand]);
    const honestGas = again.gas + Number(finalised.gasUsed);
    const firstGas = first.gas + Number(finalised.gasUsed);
    const firstPostGas = first.gas;
    return { gas: posted + opened + outcome.gas, seconds, honestGas, firstGas, firstPostGas, outcome };
  } finally {
    await arena.close();
  }
}
