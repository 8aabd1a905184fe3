import { BugError } from "@base/errors";
import { type Json, toWire } from "@kernel/capability/wire.ts";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Node } from "../node.ts";
import { gatherCast } from "./cast.ts";
import { settleSeason, type Season, type Settled } from "./season.ts";
import { pick, Story } from "./story.ts";
import { money, nameOf } from "./words.ts";

/** What the loop came to: ids and hashes, gas, time, and whether the whole chain of receipts holds. */
export interface Outcome {
  readonly verified: boolean;
  readonly dataset: Json;
  readonly labelled: Json;
  readonly run: Json;
  readonly model: Json;
  readonly seasons: readonly Settled[];
  /** Policy, decision and payout of the first season. */
  readonly policy: { readonly id: string };
  readonly decision: { readonly id: string };
  readonly payout: { readonly id: string; readonly amount: string; readonly formula: string };
  readonly cheat: Json;
  readonly fees: Json;
  readonly lineage: Json;
  readonly verification: { readonly passed: number; readonly failed: number; readonly skipped: number };
  /** File with the receipt of the first payout. */
  readonly receipt: string;
  readonly gas: Json;
  /** Wall time of each phase in milliseconds. */
  readonly phases: Readonly<Record<string, number>>;
}

/** The two seasons that are insured, on weather that the model has never seen. */
const seasons: readonly Season[] = [
  { key: "spring", region: "Seattle, spring 2015", from: "2015-04-01", to: "2015-06-29", threshold: 2, cheat: false },
  { key: "summer", region: "Seattle, summer 2015", from: "2015-07-01", to: "2015-09-28", threshold: 1, cheat: true },
];

/** Learns the water index of a 90-day season from its weather in six parts; trained on 2012-2014, tested on 2015. */
const recipe = {
  version: 1,
  task: "regression",
  time: "date",
  window: { days: 90, bins: 6 },
  inputs: [
    { column: "precipitation", aggregate: "sum" },
    { column: "temp_max", aggregate: "mean" },
    { column: "temp_min", aggregate: "mean" },
    { column: "wind", aggregate: "mean" },
  ],
  target: "wrsi",
  split: { by: "time", trainUntil: "2014-12-31" },
  model: { kind: "mlp", hidden: [16] },
  optimizer: { kind: "adam", learningRate: 0.003 },
  epochs: 40,
  batch: 32,
  seed: 2012,
  checkpointEvery: 100,
  clamp: true,
  tolerance: 0.1,
} as const;

/**
 * The main job: weather is published, a model trained, drought policies bought, decided, one of them after a challenge,
 * and paid; the fees run back along the lineage; every receipt is verified. Continues where an earlier run stopped.
 */
export async function droughtCover(node: Node, story: Story): Promise<Outcome> {
  const call = async (name: string, input: unknown) =>
    toWire(await node.runtime.call(name, input)) as Record<string, Json>;

  await story.step("cast", "People and bonds", async () => {
    const { everybody, bonded } = await gatherCast(node);
    return {
      detail: `${everybody.length} people have keys and money; ${bonded.join(", ") || "nobody new"} put up bonds`,
      everybody,
    };
  });

  const weather = await story.step("publish", "Weather published", async () => {
    const asset = await call("assets.publish", {
      file: weatherFile(),
      name: "Seattle daily weather 2012-2015",
      licence: "BSD-3-Clause",
      price: "5",
      royaltyBps: 1_000,
      provenance: "Daily weather of Seattle from NOAA's station records, as packaged by vega-datasets.",
      as: "owner",
    });
    return { detail: `asset ${asset["id"]}: ${asset["rows"]} days, root ${short(asset["root"])}`, ...asset };
  });

  const labelled = await story.step("label", "Water index computed", async () => {
    await call("assets.buy", { id: pick(weather, "id"), as: "modeller" });
    const asset = await call("cover.label", {
      asset: pick(weather, "id"),
      name: "Seattle weather with the water index of each 90-day season",
      licence: "BSD-3-Clause",
      price: "5",
      royaltyBps: 500,
      as: "modeller",
    });
    return {
      detail: `asset ${asset["id"]} from asset ${weather["id"]}: how much of its water a crop would have had`,
      ...asset,
    };
  });

  const model = await story.step("train", "Model trained, bit for bit repeatable", async () => {
    const trained = await call("training.train", {
      data: [pick(labelled, "id")],
      recipe,
      name: "Season water index, Seattle",
      licence: "Apache-2.0",
      price: "20",
      royaltyBps: 500,
      intendedUse: "Scores how well a 90-day season at this station met a crop's water need. Not for other stations.",
      as: "modeller",
    });
    const metrics = trained["metrics"] as Record<string, number>;
    return {
      detail: `asset ${trained["id"]}: error ${metrics["rmse"]?.toFixed(3)} on ${metrics["testRows"]} unseen seasons, plain baseline ${metrics["baselineRmse"]?.toFixed(3)}`,
      ...trained,
    };
  });

  await story.step("capital", "Capital raised", async () => {
    const { pool } = (await call("cover.list", {})) as { pool: { assets: string } };
    if (BigInt(pool.assets) === 0n) await call("cover.invest", { amount: "50000", as: "investor" });
    return { detail: "50,000 stand behind the policies" };
  });

  const settled: Settled[] = [];
  for (const season of seasons) {
    settled.push(
      await settleSeason({ node, story, call, model: pick(model, "id"), data: pick(weather, "id"), season }),
    );
  }
  const [first, second] = settled;
  if (!first || !second) throw new BugError("two seasons were to be settled");

  const fees = await story.step("fees", "Fees shared along the lineage", async () => {
    const decision = (await call("oracle.show", { id: first.decision })) as unknown as Decision;
    const paid = decision.royalties.map(({ owner, amount }) => `${nameOf(node, owner)} ${money(amount)}`);
    return {
      detail: `of ${money(decision.request.fee)}: ${paid.join(", ")}, the rest to ${decision.answer.signers.map((s) => nameOf(node, s)).join(" and ")}`,
      fee: decision.request.fee,
      royalties: decision.royalties.map(({ owner, amount }) => ({ owner: nameOf(node, owner), amount })),
      operators: decision.answer.signers.map((signer) => nameOf(node, signer)),
    };
  });

  const receipt = join(node.config.dir, "receipt.json");
  const traced = await story.step("trace", "Lineage traced", async () => {
    const lineage = (await call("assets.trace", {
      id: `payout:${first.payout.id}`,
      direction: "sources",
    })) as unknown as Lineage;
    await call("assets.receipt", { id: `payout:${first.payout.id}`, out: receipt });
    return {
      detail: `${lineage.nodes.length} nodes from the payout down to the data; receipt in ${receipt}`,
      nodes: lineage.nodes.map(({ kind, id }) => `${kind}:${id}`),
      tree: lineage.tree,
    };
  });

  // Never remembered: every start checks everything again.
  const began = performance.now();
  const verification = (await call("assets.verify", { file: receipt })) as unknown as Verification;
  const verifyMs = performance.now() - began;
  const equal = settled.every((one) => one.payout.amount === one.payout.formula);
  const cheated = second.cheat !== undefined && BigInt(second.cheat.lost) > 0n;

  const steps = await Story.read(node.db);
  return {
    verified: verification.verified && equal && cheated,
    dataset: { id: weather["id"], root: weather["root"], statement: weather["statement"], tx: weather["tx"] } as Json,
    labelled: {
      id: labelled["id"],
      root: labelled["root"],
      statement: labelled["statement"],
      tx: labelled["tx"],
    } as Json,
    run: { id: model["run"], steps: model["steps"], metrics: model["metrics"] } as Json,
    model: { id: model["id"], root: model["root"], statement: model["statement"], tx: model["tx"] } as Json,
    seasons: settled,
    policy: { id: first.policy },
    decision: { id: first.decision },
    payout: first.payout,
    cheat: (second.cheat ?? null) as Json,
    fees: fees as Json,
    lineage: { nodes: traced["nodes"] ?? [] },
    verification: {
      passed: verification.passed,
      failed: verification.failed,
      skipped: verification.skipped,
      ...(verification.verified ? {} : { problems: verification.checks.filter((check) => !check.ok) }),
    },
    receipt,
    gas: await gasByAction(node),
    phases: { ...Object.fromEntries(steps.map(({ id, ms }) => [id, ms])), verify: verifyMs },
  };
}

interface Decision {
  readonly request: { readonly fee: string };
  readonly answer: { readonly signers: readonly string[] };
  readonly royalties: readonly { readonly owner: string; readonly amount: string }[];
}

interface Lineage {
  readonly nodes: readonly { readonly kind: string; readonly id: string }[];
  readonly tree: string;
}

interface Verification {
  readonly verified: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
    readonly about: string;
  }[];
}

/** Gas of every transaction of this node, by what it called, in order. */
async function gasByAction(node: Node): Promise<Json> {
  const rows = await node.db.kysely
    .selectFrom("node_transactions")
    .select(["action", "gas", "tx"])
    .orderBy("block")
    .execute();
  return rows.map((row) => ({ action: String(row["action"]), gas: Number(row["gas"]), tx: String(row["tx"]) }));
}

/** The table in the vega-datasets package, whose entry point lies one folder beside its data. */
function weatherFile(): string {
  return fileURLToPath(new URL("../data/seattle-weather.csv", import.meta.resolve("vega-datasets")));
}

function short(hash: Json | undefined): string {
  return `${String(hash).slice(0, 10)}...`;
}
