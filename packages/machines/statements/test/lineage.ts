import type { Provenance } from "../src/provenance.ts";

const hash = (digit: string) => `0x${digit.repeat(64)}`;
const [owner, modeller] = [`0x${"a1".repeat(20)}`, `0x${"b2".repeat(20)}`];
const table = (name: string, root: string, more: object) => ({
  name,
  licence: "BSD-3-Clause",
  price: "0",
  creator: owner,
  createdAt: "2026-01-31T12:00:00.000Z",
  mediaType: "text/csv",
  schema: [
    { name: "date", type: "date" },
    { name: "rain, mm", type: "number", missing: 3 },
    { name: "wet", type: "boolean" },
  ],
  rows: 1_461,
  manifest: { size: 48_219, chunkSize: 16_384, chunks: [hash("1")], root },
  provenance: "Station records.",
  ...more,
});
const ref = (kind: string, id: string) => ({ kind, id });
const run = ref("run", hash("7"));
const decision = ref("decision", hash("9"));

/** A payout that a decision brought about, its model, the run that made it, the table and the table that came from. */
export const lineage: Provenance = {
  chainId: 31_337,
  contracts: { Assets: `0x${"c3".repeat(20)}` },
  subject: ref("payout", "1000001"),
  nodes: [
    { ...ref("payout", "1000001"), label: "payout of policy 1000001" },
    { ...decision, label: "decision 0x99999999" },
    { ...ref("asset", "3"), label: "model: Water index" },
    { ...run, label: "training run: 1240 steps" },
    { ...ref("asset", "2"), label: "derived: Labelled weather" },
    { ...ref("asset", "1"), label: "data: Weather" },
  ],
  edges: [
    { from: ref("payout", "1000001"), role: "decided by", to: decision },
    { from: decision, role: "model", to: ref("asset", "3") },
    { from: ref("asset", "3"), role: "came from", to: run },
    { from: ref("asset", "3"), role: "learnt from", to: ref("asset", "2") },
    { from: run, role: "trained on", to: ref("asset", "2") },
    { from: ref("asset", "2"), role: "made from", to: ref("asset", "1") },
  ],
  statements: [
    {
      node: decision,
      hash: decision.id,
      statement: { type: "assay/decision/1", id: decision.id },
      tx: hash("d"),
      block: "59",
    },
    {
      node: ref("asset", "3"),
      hash: hash("3"),
      signer: modeller,
      tx: hash("e"),
      block: "51",
      statement: {
        type: "assay/model/1",
        name: "Water index",
        licence: "Apache-2.0",
        creator: modeller,
        createdAt: "2026-02-01T08:30:00.000Z",
        root: hash("4"),
        size: 9_120,
        run: run.id,
        task: "regression",
        inputs: ["sum of rain", "mean of temperature"],
        target: "wrsi",
        metrics: { rmse: 0.085, testRows: 276, baselines: { mean: { rmse: 0.328 } } },
        intendedUse: "Scores seasons at this station.",
        parents: [{ asset: "2", root: hash("6"), statement: hash("2") }],
      },
    },
    {
      node: run,
      hash: run.id,
      tx: hash("e"),
      block: "51",
      statement: {
        type: "assay/run/1",
        recipe: { layers: [8, 1] },
        creator: modeller,
        createdAt: "2026-02-01T08:00:00.000Z",
        commitment: { steps: 1_240, finalRoot: hash("5"), checkpoints: [{ step: 100, root: hash("8") }] },
      },
    },
    {
      node: ref("asset", "2"),
      hash: hash("2"),
      signer: owner,
      tx: hash("f"),
      block: "50",
      statement: table("Labelled weather", hash("6"), {
        type: "assay/derived/1",
        parents: [{ asset: "1", root: hash("b"), statement: hash("a") }],
        transform: { id: "cover/wrsi/1", parameters: { days: 90 } },
      }),
    },
    {
      node: ref("asset", "1"),
      hash: hash("a"),
      signer: owner,
      statement: table("Weather", hash("b"), { type: "assay/data/1", licence: "My own terms, ask me" }),
    },
  ],
};

/** The lineage of one of its assets. */
export const of = (id: string): Provenance => ({ ...lineage, subject: ref("asset", id) });
export const files = { "1": "11".repeat(32), "2": "22".repeat(32) };
