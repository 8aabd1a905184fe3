import { type Recipe, train } from "../src/index.ts";
import { WEATHER_RECIPE, weatherTable } from "../test/weather.ts";
import type { BenchLine } from "./matmul.bench.ts";

/** How much more processor time a training takes with a root every 100 steps, as the shipped recipes ask for, than with the first and last only. */
export async function run(): Promise<BenchLine[]> {
  const table = weatherTable(1500);
  const recipe: Recipe = { ...WEATHER_RECIPE, model: { kind: "mlp", hidden: [64, 64] }, epochs: 150 };
  const timed = async (checkpointEvery: number): Promise<number> => {
    const start = process.cpuUsage();
    await train(table, { ...recipe, checkpointEvery });
    const { user, system } = process.cpuUsage(start);
    return user + system; // processor time: what else runs on the machine is no overhead
  };
  // The least of each side: a few percent would drown in what other work adds to a median.
  let [without, committed] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 12; round++) {
    without = Math.min(without, await timed(1_000_000_000));
    committed = Math.min(committed, await timed(100));
  }
  const value = (committed / without - 1) * 100;
  const against = "bar of 5 %, a root every 100 steps";
  return [{ bench: "engine.commit.overhead", value, unit: "%", against, ratio: 5 / Math.max(value, 0.1) }];
}
