import { join } from "node:path";
import { publish } from "@records/assets/publish.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buy } from "../src/buy.ts";
import { createRisk } from "../src/createRisk.ts";
import { invest } from "../src/invest.ts";
import * as shapes from "../src/shapes.ts";
import { show } from "../src/show.ts";
import { publishModel, startNode, type CoverNode, WAD } from "./node.ts";

let node: CoverNode;
let season: ReturnType<typeof shapes.createRiskInput.parse>;

beforeAll(async () => {
  node = await startNode("keeper");
  const file = join(process.cwd(), "node_modules/vega-datasets/data/seattle-weather.csv");
  const weather = await publish(node.context, { file, licence: "CC0-1.0", price: 0n, royaltyBps: 0, as: "owner" });
  const model = await publishModel(node, weather.id);
  season = shapes.createRiskInput.parse({
    model,
    data: weather.id,
    from: "2015-04-01",
    to: "2015-06-29",
    region: "Seattle",
    premiumRate: "0.08",
    // The callback records the decision; the policies are left to the keeper.
    callbackGas: 250_000,
  });
  await invest(node.context, { amount: 50_000n * WAD, as: "investor" });
});
afterAll(() => node?.close());

async function until<T>(what: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const value = await what();
    if (done(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return what();
}

test("the keeper asks at maturity and settles what the callback left", async () => {
  const { context } = node;
  const { risk } = await createRisk(context, season);
  const { policy } = await buy(context, { risk, sumInsured: 100n * WAD, as: "farmer" });
  await context.chain.dev?.advance(86_400);
  const asked = await until(
    () => show(context, { id: risk }),
    (shown) => shown.risk.decisionId !== null,
  );
  expect(asked.risk.status).toBe("requested");
  await node.decide(String(asked.risk.decisionId), 0n);
  const paid = await until(
    () => show(context, { id: policy }),
    (shown) => shown.policy?.state === "paid",
  );
  expect(paid.policy).toMatchObject({ state: "paid", payout: 75n * WAD });
});

test("the keeper ends a season that nobody decides", async () => {
  const { context } = node;
  const { risk } = await createRisk(context, { ...season, claimPeriod: 100_000 });
  const { policy } = await buy(context, { risk, sumInsured: 100n * WAD, as: "farmer" });
  await context.chain.dev?.advance(86_400 + 100_001);
  const ended = await until(
    () => show(context, { id: policy }),
    (shown) => shown.policy?.state === "refunded",
  );
  expect(ended.policy?.state).toBe("refunded");
  expect(ended.payout).toMatchObject({ amount: 8n * WAD, kind: "refunded" });
});
