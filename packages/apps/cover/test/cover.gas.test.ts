// Gas of whole transactions (intrinsic cost and calldata included) on the production build; the README quotes these.
// `vitest run packages/apps/cover/test/cover.gas.test.ts --reporter=verbose` prints them.
import { join } from "node:path";
import { publish } from "@records/assets/publish.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buy } from "../src/buy.ts";
import { createRisk } from "../src/createRisk.ts";
import { invest } from "../src/invest.ts";
import { requestDecision } from "../src/requestDecision.ts";
import * as shapes from "../src/shapes.ts";
import { publishModel, startNode, type CoverNode, WAD } from "./node.ts";

const POLICIES = 60n;
let node: CoverNode;
beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node?.close());

test("gas of a season", async () => {
  const { context } = node;
  const file = join(process.cwd(), "node_modules/vega-datasets/data/seattle-weather.csv");
  const weather = await publish(context, { file, licence: "CC0-1.0", price: 0n, royaltyBps: 0, as: "owner" });
  const model = await publishModel(node, weather.id);
  await invest(context, { amount: 50_000n * WAD, as: "investor" });
  const open = (region: string, callbackGas: number) =>
    createRisk(
      context,
      shapes.createRiskInput.parse({
        model,
        data: weather.id,
        from: "2015-04-01",
        to: "2015-06-29",
        region,
        premiumRate: "0.08",
        callbackGas,
        claimPeriod: 100_000,
      }),
    );
  const figures: Record<string, bigint> = {};
  // The first risk warms up what every later one shares.
  const rounds = [
    ["warm-up", 1_000_000, 1n],
    ["one policy", 1_000_000, 1n],
    ["many", 250_000, POLICIES],
  ] as const;
  for (const [name, callbackGas, policies] of rounds) {
    const risk = await open(name, callbackGas);
    let bought = 0n;
    for (let policy = 0n; policy < policies; policy++) {
      const to = `0x${(0x100000n + policy).toString(16).padStart(40, "0")}` as const;
      const order = { risk: risk.risk, sumInsured: 10n * WAD, as: "farmer" };
      const { gasUsed } = await buy(context, policies === 1n ? order : { ...order, to });
      if (policy === 0n) figures["buy, first of a risk"] = gasUsed;
      else bought += gasUsed;
    }
    await context.chain.dev?.advance(86_400);
    const asked = await requestDecision(context, { risk: risk.risk, as: "keeper" });
    const final = await node.decide(asked.decision, 4n * 10n ** 17n);
    figures.createRisk = risk.gasUsed;
    figures.requestDecision = asked.gasUsed ?? 0n;
    if (policies === 1n) {
      figures["decision with one payout"] = final;
      continue;
    }
    figures["decision without payouts"] = final;
    figures.buy = bought / (policies - 1n);
    const by = context.identities.get("keeper").account;
    const settled = await context.chain.write(by, context.contracts.get("Cover"), "settle", [risk.risk, POLICIES]);
    figures["settle, each policy"] = settled.gasUsed / POLICIES;
  }
  console.info(`gas: ${JSON.stringify(figures, (_key, value) => (typeof value === "bigint" ? Number(value) : value))}`);
  const most: Record<string, bigint> = {
    createRisk: 340_000n,
    "buy, first of a risk": 285_000n,
    buy: 170_000n,
    requestDecision: 195_000n,
    "decision with one payout": 140_000n,
    "settle, each policy": 45_000n,
  };
  for (const [name, limit] of Object.entries(most)) expect(figures[name], name).toBeLessThanOrEqual(limit);
});
