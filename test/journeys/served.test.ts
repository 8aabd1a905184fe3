// The served loop: the dashboard and the API on a node that has really done the job, and the loop on PostgreSQL.
import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, test } from "vitest";
import { openBrowser } from "../web/browser.ts";
import { assay, folder, killTree, printed, start } from "./assay.ts";

const postgres = process.env["ASSAY_TEST_POSTGRES"];

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
    await visit("#/loop", "461.16", "Overturned");
    await visit("#/lineage/payout%3A1000001", "Seattle daily weather");
    await visit("#/disputes/1", "0.9500", "0.4585", "The panel ruled");
    await visit("#/cover", "437.26");
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
