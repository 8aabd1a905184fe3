// The served loop: the dashboard and the API on a node that has really done the job, and the loop on PostgreSQL.
import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, test } from "vitest";
import { payoutOf } from "@apps/cover/payout.ts";
import { amount, wad } from "../../packages/shells/web/src/format.ts";
import { openBrowser } from "../web/browser.ts";
import { assay, folder, killTree, printed, start } from "./assay.ts";

const postgres = process.env["ASSAY_TEST_POSTGRES"];

/** A policy of `cover.list`, a decision of `oracle.list`, an answer of `oracle.show`: what this test reads of them. */
type Listed = Readonly<Record<"id" | "sumInsured" | "trigger" | "exit" | "maxShare", string>> & {
  readonly payout: string | null;
  readonly score: string | null;
};
interface Decided {
  readonly id: string;
  readonly challenged: boolean;
}
interface Answered {
  readonly output: string;
}

test("the dashboard and the API show what the loop did, on real data", { timeout: 180_000 }, async (context) => {
  const opened = await openBrowser();
  if ("reason" in opened) {
    console.warn(`The dashboard was not opened: ${opened.reason}`);
    context.skip();
    return;
  }
  const child = start(["up", "--dir", folder(), "--port", "0"]);
  try {
    const [, url] = await printed(child, /dashboard +(http:\/\/\S+)/, 120_000);
    const page = await opened.newPage();
    const wrong: string[] = [];
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(error.message));
    const visit = async (hash: string, ...texts: string[]) => {
      await page.goto(`${url}/${hash}`);
      for (const text of texts) await page.locator("main").getByText(text).first().waitFor({ timeout: 20_000 });
    };
    // What the pages must say follows from what the contracts decided, by the contract's own formula.
    const { policies } = (await (await fetch(`${url}/v1/cover/list`)).json()) as { policies: Listed[] };
    const paid = policies.filter(({ payout }) => payout !== null).sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)));
    expect(paid).toHaveLength(2);
    for (const { payout, score, sumInsured, trigger, exit, maxShare } of paid) {
      const terms = { trigger: BigInt(trigger), exit: BigInt(exit), tsi: BigInt(maxShare) };
      expect(BigInt(payout as string)).toBe(payoutOf(BigInt(sumInsured), BigInt(score as string), terms));
    }
    const amounts = paid.map(({ payout }) => amount(payout as string));
    await visit("#/loop", ...amounts, "Overturned");
    for (const { id } of paid) await visit(`#/lineage/payout%3A${id}`, "Seattle daily weather");
    const { decisions } = (await (await fetch(`${url}/v1/oracle/list`)).json()) as { decisions: Decided[] };
    const disputed = decisions.find(({ challenged }) => challenged);
    const { answers, challenges } = (await (await fetch(`${url}/v1/oracle/show?id=${disputed?.id}`)).json()) as {
      answers: Answered[];
      challenges: { claim: Answered }[];
    };
    const claims = [
      ...new Set([...answers, ...challenges.map(({ claim }) => claim)].map(({ output }) => wad(output, 4))),
    ];
    expect(claims).toHaveLength(2);
    await visit("#/disputes/1", ...claims, "The panel ruled");
    await visit("#/cover", ...amounts);
    expect(wrong).toEqual([]);

    const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as { openapi: string; paths: object };
    expect(openapi.openapi).toMatch(/^3\.1/);
    expect(Object.keys(openapi.paths)).toContain("/v1/assets/publish");
    const bad = await fetch(`${url}/v1/assets/publish`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ price: "many", nonsense: true }),
    });
    expect(bad.status).toBe(400);
    const problem = await bad.text();
    expect(problem).not.toMatch(/\bat .*\.ts:\d+/);
    const large = await fetch(`${url}/v1/assets/publish`, { method: "POST", body: "x".repeat(2_000_000) });
    expect(large.status).toBe(413);
  } finally {
    killTree(child);
    await opened.close();
  }
});

test.skipIf(!postgres)("the loop runs on PostgreSQL, and goes on there", { timeout: 180_000 }, async () => {
  const name = `loop_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ connectionString: postgres });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const address = new URL(String(postgres));
  address.pathname = `/${name}`;
  try {
    const dir = folder();
    const args = ["up", "--once", "--json", "--dir", dir, "--port", "0"];
    const first = await assay(args, { env: { DATABASE_URL: address.href } });
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(first.json.verified).toBe(true);
    const second = await assay(args, { env: { DATABASE_URL: address.href } });
    expect(second.json.payout).toEqual(first.json.payout);
  } finally {
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
});
