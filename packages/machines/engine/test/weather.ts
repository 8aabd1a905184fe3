import { parseCsv, type Recipe, type Table } from "../src/index.ts";
import { randomWord } from "../src/random/philox.ts";

/** A made-up daily weather table with a label that depends on the last 20 days; all numbers from Philox. */
export function weatherTable(rows: number): Table {
  const lines = ["date,rain,heat,label"];
  const history: { rain: number; heat: number }[] = [];
  for (let day = 0; day < rows; day++) {
    const date = new Date(Date.UTC(2012, 0, 1 + day)).toISOString().slice(0, 10);
    const word = (index: number) => randomWord(4, 50, day, 0, index) / 2 ** 32;
    const rain = word(0) < 0.4 ? Math.round(word(1) * 200) / 10 : 0;
    const season = ((day % 365) - 182) / 182;
    const heat = Math.round((25 - 20 * season * season + 6 * word(2)) * 10) / 10;
    history.push({ rain, heat });
    const window = history.slice(-20);
    const wet = window.reduce((sum, entry) => sum + entry.rain, 0);
    const need = window.reduce((sum, entry) => sum + entry.heat, 0) / 4;
    const label = day < 19 ? "" : String(Math.round(Math.min(1, wet / (need + 1)) * 1e6) / 1e6);
    lines.push(`${date},${rain},${heat},${label}`);
  }
  return parseCsv(new TextEncoder().encode(`${lines.join("\n")}\n`), { missing: "null" });
}

/** A small recipe on {@link weatherTable}. */
export const WEATHER_RECIPE: Recipe = {
  version: 1,
  task: "regression",
  time: "date",
  window: { days: 20, bins: 4 },
  inputs: [
    { column: "rain", aggregate: "sum" },
    { column: "heat", aggregate: "mean" },
  ],
  target: "label",
  split: { by: "time", trainUntil: "2013-06-30" },
  model: { kind: "mlp", hidden: [16, 8] },
  optimizer: { kind: "adam", learningRate: 0.01 },
  epochs: 30,
  batch: 32,
  seed: 7,
  checkpointEvery: 50,
  clamp: true,
};
