import { type Recipe, train } from "../src/index.ts";
import { WEATHER_RECIPE, weatherTable } from "../test/weather.ts";
import type { BenchLine } from "./matmul.bench.ts";
import { median } from "./versus.ts";

/** A root every 100 steps, as the shipped recipes ask for; measured with ten times as many, so that it stands out of the noise. */
const [EVERY, MORE] = [100, 10];

/** How much more processor time a training takes with a root every 100 steps than with the first and last only. */
export async function run(): Promise<BenchLine[]> {
  const table = weatherTable(1500);
  const recipe: Recipe = { ...WEATHER_RECIPE, model: { kind: "mlp", hidden: [64, 64] }, epochs: 150 };
  const timed = async (checkpointEvery: number): Promise<number> => {
    const start = process.cpuUsage();
    await train(table, { ...recipe, checkpointEvery });
    const { user, system } = process.cpuUsage(start);
    return user + system; // processor time: what else runs on the machine is no overhead
  };
  const ratios: number[] = [];
  for (let round = -2; round < 13; round++) {
    const without = await timed(1_000_000_000);
    const committed = await timed(EVERY / MORE);
    if (round >= 0) ratios.push(committed / without - 1);
  }
  const value = (median(ratios) / MORE) * 100;
  const against = `bar of 5 %, a root every ${EVERY} steps`;
  return [{ bench: "engine.commit.overhead", value, unit: "%", against, ratio: 5 / Math.max(value, 0.1) }];
}
