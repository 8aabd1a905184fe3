import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";

/** SHA-256 of text, as 0x-hex: stands for ids and transactions that a chain would give. */
export const hash = (text: string | Uint8Array) => `0x${createHash("sha256").update(text).digest("hex")}`;
const address = (name: string) => hash(name).slice(0, 42);
export const wad = (value: number) => (BigInt(Math.round(value * 1e9)) * 10n ** 9n).toString();

export const who = Object.fromEntries(
  [
    "owner",
    "modeller",
    "farmer",
    "investor",
    "operator-1",
    "operator-2",
    "operator-3",
    "watcher",
    "panel-1",
    "panel-2",
    "panel-3",
  ].map((name) => [name, address(name)]),
);
const at = (name: string) => who[name] as string;
export const start = 1_450_000_000;

/** Daily rain of Seattle between two dates, from the same package that the node publishes. */
export function rain(from: string, to: string): { date: string; precipitation: number; max: number; min: number }[] {
  const file = join(import.meta.dirname, "../../node_modules/vega-datasets/data/seattle-weather.csv");
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.split(","))
    .filter(([date = ""]) => date >= from && date <= to)
    .map(([date = "", mm = "0", max = "0", min = "0"]) => ({
      date,
      precipitation: Number(mm),
      max: Number(max),
      min: Number(min),
    }));
}

/** A plain soil bucket: share of the crop's water need that was met so far. Good enough to draw. */
function season(from: string, to: string) {
  let [soil, need, met] = [60, 0, 0];
  return rain(from, to).map((day) => {
    const want = 0.0023 * 15 * (((day.max + day.min) / 2 + 17.8) * Math.sqrt(Math.max(0, day.max - day.min))) * 0.8;
    soil = Math.min(100, soil + day.precipitation);
    const got = Math.min(want, soil);
    soil -= got;
    need += want;
    met += got;
    return { date: day.date, precipitation: day.precipitation, score: met / need };
  });
}

export const seasons = { a: season("2015-04-01", "2015-06-29"), b: season("2015-07-01", "2015-09-28") };
const last = (days: { score: number }[]) => days.at(-1)?.score ?? 1;
export const scores = { a: last(seasons.a), b: last(seasons.b), cheat: 0.9125 };
export const terms = { trigger: 0.75, exit: 0.25, most: 0.75, insured: 1000 };
export const payoutOf = (score: number) =>
  terms.insured *
  (score >= terms.trigger
    ? 0
    : score <= terms.exit
      ? terms.most
      : (terms.most * (terms.trigger - score)) / (terms.trigger - terms.exit));

const tx = (what: string) => hash(`tx ${what}`);
export const ids = {
  weather: "1",
  labelled: "2",
  model: "3",
  run: hash("run"),
  a: hash("decision a"),
  b: hash("decision b"),
  c: hash("decision c"),
  policyA: "1",
  policyB: "2",
  policyC: "3",
  dispute: hash("dispute"),
};

const statement = (body: Record<string, unknown>) => ({ statement: body, hash: hash(canonicalJsonBytes(body)) });
const common = { licence: "CC-BY-4.0", currency: address("aUSD"), createdAt: "2026-01-31T12:00:00.000Z" };
const weather = statement({
  type: "assay/data/1",
  name: "Seattle daily weather 2012–2015",
  rows: 1461,
  price: wad(5),
  royaltyBps: 1000,
  creator: at("owner"),
  ...common,
});
const labelled = statement({
  type: "assay/derived/1",
  name: "Seattle weather with WRSI",
  rows: 1461,
  royaltyBps: 0,
  creator: at("modeller"),
  transform: { id: "cover/wrsi/1", parameters: { soil: 100 } },
  parents: [{ asset: "1", root: hash("root weather"), statement: weather.hash }],
  ...common,
});
const run = statement({
  type: "assay/run/1",
  data: [{ asset: "2", root: hash("root labelled"), statement: labelled.hash }],
  metrics: { rmse: 0.061, baselineRmse: 0.148 },
  model: hash("root model"),
  creator: at("modeller"),
});
const model = statement({
  type: "assay/model/1",
  name: "Dry season score",
  run: run.hash,
  royaltyBps: 2000,
  creator: at("modeller"),
  parents: [{ asset: "2", root: hash("root labelled"), statement: labelled.hash }],
  ...common,
});
const decided = (id: string, score: number) =>
  statement({ type: "assay/decision/1", id, model: "3", output: wad(score) });
const paid = (id: string, amount: number) => statement({ type: "assay/payout/1", policy: id, amount: wad(amount) });

const statements: Record<string, { statement: unknown; hash: string }> = {
  "asset:1": weather,
  "asset:2": labelled,
  [`run:${ids.run}`]: run,
  "asset:3": model,
  [`decision:${ids.a}`]: decided(ids.a, scores.a),
  [`decision:${ids.b}`]: decided(ids.b, scores.b),
  "payout:1000001": paid("1000001", payoutOf(scores.a)),
  "payout:2000001": paid("2000001", payoutOf(scores.b)),
};

const things: [string, string, string, number][] = [
  ["asset", "1", "Seattle daily weather 2012–2015", 12],
  ["asset", "2", "Seattle weather with WRSI", 15],
  ["run", ids.run, "Training run, 2 400 steps", 19],
  ["asset", "3", "Dry season score", 19],
  ["risk", "1", "risk 1: season 2015-04-01 to 2015-06-29", 22],
  ["risk", "2", "risk 2: season 2015-07-01 to 2015-09-28", 23],
  ["risk", "3", "risk 3: season 2015-10-01 to 2015-12-29", 60],
  ["policy", "1000001", "policy 1000001", 24],
  ["policy", "2000001", "policy 2000001", 25],
  ["policy", "3000001", "policy 3000001", 61],
  ["decision", ids.a, "Season A", 33],
  ["decision", ids.b, "Season B", 47],
  ["decision", ids.c, "Season C", 62],
  ["payout", "1000001", `${payoutOf(scores.a).toFixed(2)} aUSD to farmer`, 33],
  ["payout", "2000001", `${payoutOf(scores.b).toFixed(2)} aUSD to farmer`, 47],
];
const joins: [string, string, string][] = [
  ["asset:2", "asset:1", "made from"],
  [`run:${ids.run}`, "asset:2", "trained on"],
  ["asset:3", `run:${ids.run}`, "trained by"],
  ["asset:3", "asset:2", "trained on"],
  ...(["a", "b", "c"] as const).flatMap((d, n): [string, string, string][] => [
    [`risk:${n + 1}`, "asset:3", "judged by"],
    [`policy:${n + 1}000001`, `risk:${n + 1}`, "covers"],
    [`decision:${ids[d]}`, "asset:3", "model"],
    [`decision:${ids[d]}`, "asset:1", "input"],
    [`decision:${ids[d]}`, `risk:${n + 1}`, "asked for"],
  ]),
  ["payout:1000001", "policy:1000001", "of"],
  ["payout:1000001", `decision:${ids.a}`, "decided by"],
  ["payout:2000001", "policy:2000001", "of"],
  ["payout:2000001", `decision:${ids.b}`, "decided by"],
];
const ref = (key: string) => ({ kind: key.slice(0, key.indexOf(":")), id: key.slice(key.indexOf(":") + 1) });

/** The lineage around one thing, walked as the node walks it; undefined when unknown. */
export function trace(id: string, direction = "both") {
  if (!things.some(([kind, own]) => `${kind}:${own}` === id)) return undefined;
  const found = new Set([id]);
  for (const way of ["sources", "uses"]) {
    if (direction !== "both" && direction !== way) continue;
    const queue = [id];
    for (let here = queue.pop(); here !== undefined; here = queue.pop()) {
      for (const [from, to] of joins) {
        const next = way === "sources" ? (from === here ? to : undefined) : to === here ? from : undefined;
        if (next === undefined || found.has(next)) continue;
        found.add(next);
        queue.push(next);
      }
    }
  }
  return {
    subject: ref(id),
    nodes: things
      .filter(([kind, own]) => found.has(`${kind}:${own}`))
      .map(([kind, own, label, block]) => ({
        kind,
        id: own,
        label,
        statement: statements[`${kind}:${own}`]?.hash ?? null,
        facts: null,
        block: String(block),
        tx: tx(`${kind}${own}`),
      })),
    edges: joins
      .filter(([from, to]) => found.has(from) && found.has(to))
      .map(([from, to, role]) => ({ from: ref(from), to: ref(to), role })),
    truncated: false,
    tree: "",
  };
}

/** A whole receipt of the second payout, in the form that the node writes. */
export function receipt() {
  const lineage = trace("payout:2000001", "sources");
  if (!lineage) throw new Error("the fixture lost its payout");
  return {
    type: "assay/receipt/1",
    chainId: 31337,
    contracts: { Assets: address("Assets") },
    subject: lineage.subject,
    nodes: lineage.nodes.map(({ kind, id, label }) => ({ kind, id, label })),
    edges: lineage.edges,
    statements: lineage.nodes.flatMap((n) => {
      const found = statements[`${n.kind}:${n.id}`];
      return found ? [{ node: { kind: n.kind, id: n.id }, ...found, tx: n.tx, block: n.block }] : [];
    }),
  };
}
export { statements, things, tx };
