import { join } from "node:path";
import type { Check } from "@kernel/capability";
import { loadStatement } from "@records/assets/load.ts";
import { publish } from "@records/assets/publish.ts";
import { lineageOf } from "@records/assets/trace.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buy } from "../src/buy.ts";
import { collect } from "../src/collect.ts";
import { createRisk } from "../src/createRisk.ts";
import { cover } from "../src/index.ts";
import { invest } from "../src/invest.ts";
import { label } from "../src/label.ts";
import { list } from "../src/list.ts";
import { quote } from "../src/quote.ts";
import { requestDecision } from "../src/requestDecision.ts";
import { settle } from "../src/settle.ts";
import * as shapes from "../src/shapes.ts";
import { show } from "../src/show.ts";
import { verify } from "../src/verify.ts";
import { verifyLabel } from "../src/verifyLabel.ts";
import { withdraw } from "../src/withdraw.ts";
import { publishModel, startNode, type CoverNode, WAD } from "./node.ts";

const weather = join(process.cwd(), "node_modules/vega-datasets/data/seattle-weather.csv");
let node: CoverNode;
let model: bigint;
let data: bigint;

beforeAll(async () => {
  node = await startNode();
  const terms = { price: 0n, royaltyBps: 0, licence: "CC0-1.0", as: "owner" };
  const published = await publish(node.context, { file: weather, name: "Seattle", ...terms });
  const derived = await label(node.context, shapes.labelInput.parse({ asset: published.id, as: "owner" }));
  data = BigInt(derived.id);
  model = await publishModel(node, derived.id);
});
afterAll(() => node?.close());

const season = (extra: object = {}) =>
  shapes.createRiskInput.parse({
    model,
    data,
    from: "2015-04-01",
    to: "2015-06-29",
    region: "Seattle",
    premiumRate: "0.08",
    as: "underwriter",
    ...extra,
  });

async function checks(statement: unknown, by = verify): Promise<Check[]> {
  const found: Check[] = [];
  for await (const check of by(node.context, statement)) found.push(check);
  return found;
}

async function payoutStatement(policy: bigint): Promise<Record<string, unknown>> {
  const { nodes } = await lineageOf(node.context, { id: `payout:${policy}`, direction: "sources" });
  return nodes[0]?.facts as Record<string, unknown>;
}

describe("a season of cover", () => {
  test("pays by the formula from capital that investors put up, and can be verified", async () => {
    const { context } = node;
    await invest(context, { amount: 50_000n * WAD, as: "investor" });
    const { risk, input } = await createRisk(context, season());
    const offer = await quote(context, { risk, sumInsured: 1_000n * WAD });
    expect(offer).toMatchObject({ premium: 80n * WAD, capital: 750n * WAD, available: (20_000n * WAD * 4n) / 3n });
    expect(offer.payouts.at(-1)).toEqual({ score: 250_000_000_000_000_000n, payout: 750n * WAD });

    const bought = await buy(context, { risk, sumInsured: 1_000n * WAD, as: "farmer" });
    expect(bought).toMatchObject({ policy: risk * 1_000_000n + 1n, premium: 80n * WAD, capital: 750n * WAD });
    expect((await list(context, shapes.listInput.parse({}))).pool).toMatchObject({
      assets: 50_000n * WAD,
      locked: 751n * WAD,
      unearned: 80n * WAD,
    });
    await expect(settle(context, shapes.settleInput.parse({ risk }))).rejects.toThrow(/not decided yet/);

    await context.chain.dev?.advance(86_400);
    await expect(invest(context, { amount: WAD, as: "investor" })).rejects.toThrow(/pool is shut/);
    await expect(withdraw(context, { as: "investor" })).rejects.toThrow(/pool is shut/);
    const asked = await requestDecision(context, { risk, as: "keeper" });
    const again = await requestDecision(context, { risk, as: "farmer" });
    expect(again).toMatchObject({ decision: asked.decision, already: true, tx: null });
    const before = await node.balance("farmer");
    await node.decide(asked.decision, 400_000_000_000_000_000n);
    // (0.85 - 0.40) / (0.85 - 0.25) of 75 % of 1,000
    const payout = 562_500_000_000_000_000_000n;
    expect((await node.balance("farmer")) - before).toBe(payout);

    const shown = await show(context, { id: bought.policy });
    expect(shown.policy).toMatchObject({
      state: "paid",
      payout,
      score: 400_000_000_000_000_000n,
      decisionId: asked.decision,
    });
    expect(shown.risk).toMatchObject({
      status: "decided",
      region: "Seattle",
      inputHash: input,
      policies: 1,
      settled: 1,
    });
    expect(shown.payout).toMatchObject({ amount: payout, delivered: true, kind: "paid" });
    expect(shown.season).toHaveLength(90);
    expect(shown.season[0]).toMatchObject({ date: "2015-04-01" });
    // What the season's label says, from the same days.
    expect(shown.season.at(-1)?.score).toBeCloseTo(0.398, 3);
    expect(shapes.showOutput.safeParse(shown).error).toBeUndefined();

    const statement = await payoutStatement(bought.policy);
    expect(statement).toMatchObject({ type: "assay/payout/1", amount: payout.toString(), decision: asked.decision });
    const passed = await checks(statement);
    expect(passed.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const forged = await checks({ ...statement, amount: (payout + 1n).toString() });
    expect(forged.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual([
      "C2 payout on chain, once",
      "C3 payout by the formula",
    ]);

    const { edges } = await lineageOf(context, { id: `payout:${bought.policy}`, direction: "sources" });
    const roles = edges.map(({ from, role, to }) => `${from.kind} ${role} ${to.kind}`);
    for (const step of ["payout of policy", "payout decided by decision", "policy covers risk", "risk judged by asset"])
      expect(roles).toContain(step);

    // Earned premium less payout and fee, all free again.
    const out = await withdraw(context, { as: "investor" });
    expect(out.assets).toBe(50_000n * WAD + 80n * WAD - payout - WAD);
  });

  test("that stands on a sealed table shows none of its rows, though this node holds the key (SPEC C16)", async () => {
    const key = crypto.getRandomValues(new Uint8Array(32));
    let opened = 0;
    const open = async () => {
      opened++;
      return key;
    };
    const context = { ...node.context, vault: { ensure: async () => key, open } };
    const rows = { file: weather, name: "Seattle, sealed", price: 0n, royaltyBps: 0, licence: "CC0-1.0", as: "owner" };
    const sealed = await publish(context, { ...rows, seal: true });
    const { risk } = await createRisk(context, season({ data: BigInt(sealed.id), region: "sealed" }));
    opened = 0;
    expect((await show(context, { id: risk })).season).toEqual([]);
    expect(opened).toBe(0);
    const plain = await publish(context, { ...rows, name: "Seattle, plain" });
    const shown = await createRisk(context, season({ data: BigInt(plain.id), region: "plain" }));
    expect((await show(context, { id: shown.risk })).season).toHaveLength(90);
  });

  test("is refunded when the oracle stays silent, and the capital is free", async () => {
    const { context } = node;
    await invest(context, { amount: 10_000n * WAD, as: "investor" });
    const { risk } = await createRisk(context, season({ region: "Tacoma", claimPeriod: 100_000 }));
    const { policy } = await buy(context, { risk, sumInsured: 100n * WAD, as: "farmer" });
    const before = await node.balance("farmer");
    await context.chain.dev?.advance(86_400 + 100_001);
    const settled = await settle(context, shapes.settleInput.parse({ risk, as: "keeper" }));
    expect(settled).toMatchObject({ status: "expired", settled: 1, left: 0 });
    expect((await node.balance("farmer")) - before).toBe(8n * WAD);
    const shown = await show(context, { id: policy });
    expect(shown.policy?.state).toBe("refunded");
    expect((await checks(await payoutStatement(policy))).map(({ ok }) => ok)).toEqual([true, true]);
    expect(await collect(context, { as: "farmer" })).toEqual({ amount: 0n, tx: null });
    const lines = await list(context, shapes.listInput.parse({ limit: 1 }));
    expect(lines.policies.map(({ id }) => id)).toEqual([policy]);
    expect(lines.next).not.toBeNull();
    const rest = await list(context, shapes.listInput.parse({ cursor: lines.next }));
    expect(rest.policies).toHaveLength(1);
    expect(shapes.listOutput.safeParse(rest).error).toBeUndefined();
  });

  test("its label can be computed again, and another is found out", async () => {
    const { statement } = await loadStatement(node.context, data);
    if (statement.type !== "assay/derived/1") throw new Error("the label is derived");
    expect((await checks(statement, verifyLabel)).map(({ ok }) => ok)).toEqual([true, true, true]);
    const transform = {
      ...statement.transform,
      parameters: { ...(statement.transform.parameters as object), latitude: 40 },
    };
    const elsewhere = await checks({ ...statement, transform }, verifyLabel);
    expect(elsewhere.map(({ ok }) => ok)).toEqual([true, true, false]);
    const bent = { ...transform, parameters: { latitude: 47.6, crop: {} } };
    expect((await checks({ ...statement, transform: bent }, verifyLabel))[0]?.ok).toBe(false);
  });

  test("says what is wrong with an order", async () => {
    const { context } = node;
    await expect(quote(context, { risk: 99n, sumInsured: WAD })).rejects.toThrow(/no risk 99/);
    await expect(show(context, { id: 99_000_001n })).rejects.toThrow(/no policy 99000001/);
    await expect(buy(context, { risk: 1n, sumInsured: WAD, as: "farmer" })).rejects.toThrow(/not on sale/);
    await expect(requestDecision(context, { risk: 99n })).rejects.toThrow(/no risk 99/);
    await expect(createRisk(context, season({ exit: "0.9" }))).rejects.toThrow(/trigger must be above/);
    await expect(createRisk(context, season({ to: "2015-03-01" }))).rejects.toThrow(/ends before/);
    await expect(createRisk(context, season({ model: data }))).rejects.toThrow(/not a model/);
    await expect(createRisk(context, season({ column: "day" }))).rejects.toThrow(/no column "day"/);
    await expect(createRisk(context, season({ as: "farmer" }))).rejects.toMatchObject({
      data: { errorName: "NotUnderwriter" },
    });
    const { risk } = await createRisk(context, season({ region: "Olympia" }));
    await expect(requestDecision(context, { risk })).rejects.toMatchObject({ data: { errorName: "WrongStatus" } });
    await expect(buy(context, { risk, sumInsured: 10n ** 24n, as: "farmer" })).rejects.toThrow(/units of cover left/);
    await expect(settle(context, shapes.settleInput.parse({ risk: 99 }))).rejects.toThrow(/no risk 99/);
  });

  test("every action parses its own defaults and loads", async () => {
    for (const action of cover.actions ?? []) expect(typeof (await action.load())).toBe("function");
    expect(Object.keys((await cover.events?.()) ?? {})).toContain("Cover.PolicyPaid");
  });
});
