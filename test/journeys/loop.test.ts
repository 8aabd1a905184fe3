import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openChain } from "@machines/chain";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, type Done, folder, looped } from "./assay.ts";

const dir = folder();
let first: Done;

beforeAll(async () => {
  first = await looped(dir);
}, 120_000);

/** Anchors of the log come by the clock, whether or not the loop has anything left to do. */
const lasting = (value: unknown) =>
  Array.isArray(value) ? value.filter(({ action }: { action?: string }) => action !== "Anchor.anchor") : value;

describe("the loop", () => {
  test("does the whole job in one go and verifies it", () => {
    expect(first.stderr).not.toMatch(/error/i);
    expect(first.code).toBe(0);
    const { json } = first;
    expect(json.verified).toBe(true);
    expect(json.verification.failed).toBe(0);
    expect(json.verification.passed).toBeGreaterThan(60);
    expect(json.totalMs).toBeLessThan(60_000);
    expect(json.memoryMb).toBeLessThan(1_500);
  });

  test("the model beats the plain baseline on seasons it has not seen", () => {
    const { metrics } = first.json.run;
    expect(metrics.trainRows + metrics.testRows).toBeGreaterThan(1_000);
    expect(metrics.rmse).toBeLessThan(metrics.baselineRmse);
  });

  test("each payout is what the formula says of the decided score", () => {
    const wad = 10n ** 18n;
    const [trigger, exit, most, sum] = [(wad * 3n) / 4n, wad / 4n, (wad * 3n) / 4n, 1_000n * wad];
    for (const season of first.json.seasons) {
      const score = BigInt(season.score);
      const share = score >= trigger ? 0n : score <= exit ? most : (most * (trigger - score)) / (trigger - exit);
      expect(BigInt(season.payout.amount)).toBe((sum * share) / wad);
      expect(BigInt(season.payout.amount)).toBeGreaterThan(0n);
    }
  });

  test("the cheat's bond moved: half to the challenger, half burned", () => {
    const { cheat } = first.json;
    expect(cheat.ruling).toBe("claim");
    expect(cheat.claimed).not.toBe(cheat.right);
    expect(BigInt(cheat.lost)).toBe(2_000n * 10n ** 18n);
    expect(BigInt(cheat.burned) * 2n).toBe(BigInt(cheat.lost));
  });

  test("the fee is shared along the lineage without remainder", () => {
    const { fees } = first.json;
    const shared = fees.royalties.reduce((sum: bigint, one: { amount: string }) => sum + BigInt(one.amount), 0n);
    expect(shared).toBe((BigInt(fees.fee) * 4_000n) / 10_000n);
    expect(new Set(fees.royalties.map((one: { owner: string }) => one.owner))).toEqual(new Set(["owner", "modeller"]));
    expect(fees.operators).toHaveLength(2);
  });

  test("a second start goes on from where the first stopped", async () => {
    const second = await assay(["up", "--once", "--json", "--dir", dir, "--port", "0"]);
    expect(second.code).toBe(0);
    expect(second.json.verified).toBe(true);
    for (const key of ["dataset", "model", "run", "policy", "decision", "payout", "gas"]) {
      expect(lasting(second.json[key])).toEqual(lasting(first.json[key]));
    }
  });

  test("every transaction it named is in the chain's own log", async () => {
    const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
    try {
      for (const { tx, gas } of first.json.gas) {
        const receipt = await chain.client.getTransactionReceipt({ hash: tx });
        expect(receipt.status).toBe("success");
        expect(Number(receipt.gasUsed)).toBe(gas);
      }
    } finally {
      await chain.close();
    }
  });

  test("trace prints the lineage from the payout down to the data", async () => {
    const traced = await assay(["trace", `payout:${first.json.payout.id}`, "--dir", dir]);
    expect(traced.code).toBe(0);
    for (const word of ["payout", "policy", "decision", "model", "run", "derived", "data"])
      expect(traced.stdout).toContain(word);
  });

  test("verify accepts the receipt and refuses each kind of tampering", async () => {
    const path = join(dir, "receipt.json");
    const good = await assay(["verify", path, "--json", "--dir", dir]);
    expect(good.code).toBe(0);
    expect(good.json.verified).toBe(true);
    const receipt = readFileSync(path, "utf8");
    const statements = JSON.parse(receipt).statements as {
      node: { kind: string };
      statement: Record<string, unknown>;
    }[];
    const change = (kind: string, edit: (statement: never) => void) => {
      const copy = JSON.parse(receipt);
      const entry = copy.statements.find((one: { node: { kind: string } }) => one.node.kind === kind);
      edit(entry.statement as never);
      return JSON.stringify(copy);
    };
    const tampered = [
      change("run", (run: { metrics: { rmse: number } }) => {
        run.metrics.rmse = 0.001;
      }),
      change("asset", (asset: { licence: string }) => {
        asset.licence = "MIT";
      }),
      change("payout", (payout: Record<string, string>) => {
        for (const key of Object.keys(payout)) if (/amount|payout/i.test(key) && key !== "type") payout[key] = "1";
      }),
      change("decision", (decision: { request: { fee: string } }) => {
        decision.request.fee = "1";
      }),
    ];
    expect(statements.length).toBeGreaterThan(4);
    for (const [index, text] of tampered.entries()) {
      expect(text).not.toBe(JSON.stringify(JSON.parse(receipt)));
      const file = join(folder(), `tampered-${index}.json`);
      writeFileSync(file, text);
      const bad = await assay(["verify", file, "--json", "--dir", dir]);
      expect(bad.code, `tampering ${index} was not noticed`).toBe(4);
      expect(bad.json.verified).toBe(false);
    }
  });
});
