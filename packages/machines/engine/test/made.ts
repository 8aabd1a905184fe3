// Made-up tables for networks: digits of a seven-segment display as images, sums over sequences, sentences. All from Philox.
import type { Column, Recipe, Table } from "../src/index.ts";
import { randomWord } from "../src/random/philox.ts";

const unit = (stream: number, a: number, index: number) => randomWord(11, stream, a, 0, index) / 2 ** 32;

const column = (name: string, values: Column["values"]): Column => ({
  name,
  type: typeof values[0] === "number" ? "number" : "string",
  values,
});

/** Segments that are lit: top, upper left, upper right, middle, lower left, lower right, bottom. */
const SEGMENTS = [
  "1110111",
  "0010010",
  "1011101",
  "1011011",
  "0111010",
  "1101011",
  "1101111",
  "1010010",
  "1111111",
  "1111011",
];

/** Digits of `side` x `side` pixels, moved about, dimmed and noisy: columns p0, p1, ... and `digit`. */
export function digitTable(rows: number, side = 12, digits = 10): Table {
  const pixels = Array.from({ length: side * side }, () => new Array<number>(rows).fill(0));
  const labels: string[] = [];
  for (let row = 0; row < rows; row++) {
    const digit = Math.floor(unit(90, row, 0) * digits);
    const [dx, dy] = [Math.floor(unit(90, row, 1) * (side - 6)), Math.floor(unit(90, row, 2) * (side - 8))];
    const lit = (x: number, y: number): boolean => {
      const segments = SEGMENTS[digit] as string;
      const on = (segment: number) => segments[segment] === "1";
      if (x < 0 || x > 4 || y < 0 || y > 6) return false;
      if (y === 0 && on(0)) return true;
      if (y === 3 && on(3)) return true;
      if (y === 6 && on(6)) return true;
      if (x === 0) return y < 3 ? on(1) : y > 3 && on(4);
      if (x === 4) return y < 3 ? on(2) : y > 3 && on(5);
      return false;
    };
    pixels.forEach((list, pixel) => {
      const noise = unit(91, row, pixel);
      const bright = lit((pixel % side) - dx, Math.floor(pixel / side) - dy);
      list[row] = Math.floor((bright ? 150 : 0) + noise * 100);
    });
    labels.push(`d${digit}`);
  }
  return { rows, columns: [...pixels.map((values, pixel) => column(`p${pixel}`, values)), column("digit", labels)] };
}

/** Rows of two numbers; `spread` is the largest less the smallest `a` of the last `length` rows, `shop` the series. */
export function seriesTable(rows: number, length: number): Table {
  const a = Array.from({ length: rows }, (_, row) => unit(92, row, 0) * 2 - 1);
  const b = Array.from({ length: rows }, (_, row) => unit(92, row, 1));
  const wide = a.map((_, row) => {
    const seen = a.slice(Math.max(0, row + 1 - length), row + 1);
    return Math.max(...seen) - Math.min(...seen);
  });
  return { rows, columns: [column("a", a), column("b", b), column("spread", wide)] };
}

/** Sentences of four words; the mood is "good" when the word after "not" is bad, or a good word stands without "not". */
export function moodTable(rows: number): Table {
  const filler = ["tea", "rain", "bread", "road", "lamp"];
  const texts: string[] = [];
  const moods: string[] = [];
  for (let row = 0; row < rows; row++) {
    const word = (index: number) => filler[Math.floor(unit(93, row, index) * filler.length)] as string;
    const [negated, fine] = [unit(93, row, 10) < 0.5, unit(93, row, 11) < 0.5];
    const words = [word(0), word(1), word(2)];
    words.splice(Math.floor(unit(93, row, 12) * 4), 0, `${negated ? "Not " : ""}${fine ? "fine" : "poor"}`);
    texts.push(words.join(" "));
    moods.push(negated === fine ? "bad" : "good");
  }
  return { rows, columns: [column("text", texts), column("mood", moods)] };
}

const common = {
  version: 2,
  optimizer: { kind: "adam", learningRate: 0.01 },
  epochs: 10,
  batch: 16,
  seed: 3,
  checkpointEvery: 10,
} as const;

/** A small convolutional network on {@link digitTable}. */
export const DIGIT_RECIPE: Recipe = {
  ...common,
  task: "multiclass",
  layout: { kind: "image", shape: [1, 12, 12] },
  inputs: [{ column: "p" }],
  target: "digit",
  split: { by: "ratio", train: 0.7, valid: 0.1 },
  model: {
    kind: "cnn",
    layers: [
      { channels: 8, kernel: 3, pool: 2 },
      { channels: 12, kernel: 3, groups: 2, pool: 2, pooling: "average" },
    ],
    hidden: [24],
  },
};

/** A small transformer on {@link moodTable}. */
export const MOOD_RECIPE: Recipe = {
  ...common,
  task: "multiclass",
  layout: { kind: "text", level: "word", length: 6, vocabulary: 32 },
  inputs: [{ column: "text" }],
  target: "mood",
  split: { by: "ratio", train: 0.7, valid: 0.1 },
  model: { kind: "transformer", width: 16, heads: 2, layers: 1, feedForward: 32 },
};

/** A small transformer on {@link seriesTable}. */
export const SERIES_RECIPE: Recipe = {
  ...common,
  task: "regression",
  layout: { kind: "sequence", rows: 6 },
  inputs: [{ column: "a" }, { column: "b" }],
  target: "spread",
  split: { by: "ratio", train: 0.7, valid: 0.1 },
  model: { kind: "transformer", width: 16, heads: 4, layers: 1, feedForward: 32, causal: true, pool: "last" },
};

/** Two shops' daily sales, which follow the weekday, the week before, and the price; some cells are empty. */
export function salesTable(days: number): Table {
  const cells: Record<string, (string | number | null)[]> = {
    shop: [],
    day: [],
    sold: [],
    price: [],
    sky: [],
    zone: [],
  };
  const add = (name: string, value: string | number | null) => cells[name]?.push(value);
  for (let day = 0; day < days; day++)
    for (const shop of [0, 1]) {
      const draw = (index: number) => unit(96, day * 2 + shop, index);
      const price = Math.round((2 + draw(0)) * 100) / 100;
      const sky = draw(1) < 0.5 ? "clear" : "rain";
      const busy = day % 7 > 4 ? 12 : 5;
      add("shop", shop === 0 ? "north" : "south");
      add("day", new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10));
      add("sold", Math.round((busy + 4 * (3 - price) + (sky === "rain" ? -2 : 1) + shop + draw(2)) * 100) / 100);
      add("price", draw(3) < 0.1 ? null : price);
      add("sky", draw(4) < 0.1 ? null : sky);
      add("zone", 10 + shop);
    }
  const typeOf = (name: string) => (name === "day" ? "date" : ["shop", "sky"].includes(name) ? "string" : "number");
  return {
    rows: days * 2,
    columns: Object.entries(cells).map(([name, values]) => ({ name, type: typeOf(name), values })),
  };
}

/** Patients of eight clinics; illness follows age, pressure and pain, with chance. */
export function heartTable(rows: number): Table {
  const list = Array.from({ length: rows }, (_, row) => row);
  const draw = (row: number, index: number) => unit(97, row, index);
  const age = list.map((row) => 30 + Math.floor(draw(row, 0) * 50));
  const pressure = list.map((row) => (draw(row, 1) < 0.1 ? null : 100 + Math.floor(draw(row, 2) * 80)));
  const pain = list.map((row) => ["none", "mild", "strong"][Math.floor(draw(row, 3) * 3)] as string);
  const ill = list.map((row) => {
    const risk =
      ((age[row] as number) - 55) / 20 + ((pressure[row] ?? 140) - 140) / 60 + (pain[row] === "strong" ? 1 : -0.4);
    return risk + (draw(row, 4) - 0.5) * 2 > 0 ? 1 : 0;
  });
  return {
    rows,
    columns: [
      column("age", age),
      { name: "pressure", type: "number", values: pressure },
      column("pain", pain),
      column(
        "clinic",
        list.map((row) => `c${Math.floor(draw(row, 5) * 8)}`),
      ),
      column("ill", ill),
    ],
  };
}
