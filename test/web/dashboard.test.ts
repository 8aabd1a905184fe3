import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "./browser.ts";
import { answers, blank } from "./fixture.answers.ts";
import { ids, receipt } from "./fixture.data.ts";
import { log } from "./fixture.log.ts";
import { type Fixture, serve } from "./fixture.ts";

// ASSAY_URL runs the page checks against a real node that has finished its loop; the rest needs the fixture.
const real = process.env["ASSAY_URL"];
const axe = readFileSync(join(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8");
const opened = await openBrowser();
const browser = "reason" in opened ? undefined : opened;
if ("reason" in opened) console.warn(`Dashboard tests are skipped: ${opened.reason}`);

let fixture: Fixture | undefined;
let base = "";

beforeAll(async () => {
  const root = join(import.meta.dirname, "../../packages/shells/web");
  // In a process of its own: the test runner's NODE_ENV would bundle React's development build.
  const vite = join(import.meta.dirname, "../../node_modules/vite/bin/vite.js");
  const env = { ...process.env, NODE_ENV: "production" };
  if (!real) execFileSync(process.execPath, [vite, "build", "--logLevel", "error", root], { env, stdio: "inherit" });
  fixture = real ? undefined : await serve(join(root, "dist"));
  base = real ?? (fixture as Fixture).url;
});
afterAll(async () => {
  await browser?.close();
  await fixture?.close();
});

const pages: readonly (readonly [name: string, hash: string, proof: string])[] = [
  ["loop", "#/loop", ".circuit .slip-value"],
  ["lineage", "#/lineage", ".graph .thing"],
  ["lineage table", "#/lineage?view=table", "table tbody tr"],
  ["data", "#/data", "table tbody tr"],
  ["what data holds", "#/data/2", ".spread rect"],
  ["models", "#/models", "table tbody tr"],
  ["decisions", "#/decisions", "table tbody tr"],
  ["cover", "#/cover", ".policy-card .curve"],
  ["disputes", "#/disputes", "table tbody tr"],
  ["log", "#/log", "table tbody tr"],
  ["activity", "#/activity", ".figures .num"],
  ["verify", "#/verify", ".drop"],
];
const details: typeof pages = [
  ["decision", `#/decisions/${ids.a}`, ".reason-bar"],
  ["provisional decision", `#/decisions/${ids.c}`, ".answer-provisional .countdown"],
  ["policy", "#/cover/2000001", ".chart .rain"],
  ["record of the log", "#/log/4", ".log-proof .checks li.ok"],
  ["dispute", "#/disputes/1", ".move"],
  ["model of numbers", "#/models/3", ".plot-series circle"],
  ["model of yes and no", "#/models/4", ".impact-below rect"],
  ["model of classes", "#/models/5", ".confusion td"],
  ["lineage of a payout", "#/lineage/payout%3A2000001", ".thing-card"],
];
const shown = real ? pages : [...pages, ...details];
const looks = [
  { look: "desktop, light", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { look: "phone, dark", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
  { look: "desktop, dark", viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  { look: "phone, light", viewport: { width: 390, height: 844 }, colorScheme: "light" },
] as const;

interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors, uncaught errors and requests to other origins. */
  readonly wrong: string[];
}

async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Watched> {
  const context = await (browser as Browser).newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const wrong: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== new URL(base).origin && !/^(data|blob):/.test(url.protocol))
      wrong.push(`third party: ${request.url()}`);
  });
  await page.goto(`${base}/`);
  return { context, page, wrong };
}

/** Moves within the page, as a click on a link does. */
async function visit(page: Page, hash: string, proof: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.locator(proof).first().waitFor();
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(() => document.fonts.ready);
  return page.evaluate(async () => {
    const run = (
      globalThis as unknown as {
        axe: {
          run(
            root: Document,
            options: object,
          ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
        };
      }
    ).axe.run;
    const { violations } = await run(document, { resultTypes: ["violations"], preload: false });
    return violations.flatMap((v) =>
      v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary.slice(0, 200)}`),
    );
  });
}

describe.skipIf(!browser)("dashboard", () => {
  it("shows every page with its data, accessible and free of errors, on desktop and phone, light and dark", async () => {
    const { context, page, wrong } = await open();
    await page.evaluate(axe);
    const found: string[] = [];
    for (const [name, hash, proof] of shown) {
      await visit(page, hash, proof);
      expect(await page.title(), name).toMatch(/ · Assay$/);
      for (const { look, viewport, colorScheme } of looks) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await page.waitForFunction((theme) => document.documentElement.dataset["theme"] === theme, colorScheme);
        await page.locator(proof).first().waitFor();
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(sideways, `${name} scrolls sideways: ${look}`).toBeLessThanOrEqual(0);
        found.push(...(await violations(page)).map((v) => `${name}, ${look}: ${v}`));
      }
    }
    expect(found).toEqual([]);
    expect(wrong).toEqual([]);
    await context.close();
  });

  it("loads at most 200 KB of compressed script at first", async () => {
    const { context, page } = await open();
    await page.locator("h1").waitFor();
    const urls = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map((r) => r.name)
        .filter((n) => n.endsWith(".js")),
    );
    const { gzipSync } = await import("node:zlib");
    const sizes = await Promise.all(
      urls.map(async (url) => gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length),
    );
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(200_000);
    await context.close();
  });

  it("is reached by keyboard: skip link, pages, search, graph", async () => {
    const { context, page } = await open();
    await page.locator("h1").waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("/");
    await page.keyboard.type(real ? "weather" : "operator-2");
    await page.locator("[role=option]").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.length > 3);
    await visit(page, "#/lineage", ".graph .thing");
    await page.locator(".react-flow__node").first().focus();
    expect(await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)).toBe("solid");
    await page.keyboard.press("Enter");
    await page.locator(".thing-card").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".thing-card").waitFor({ state: "detached" });
    await context.close();
  });

  it("keeps the theme that the reader chose", async () => {
    const { context, page } = await open({ colorScheme: "light" });
    const theme = () => page.evaluate(() => document.documentElement.dataset["theme"]);
    await page.getByRole("button", { name: "Use dark colours" }).click();
    expect(await theme()).toBe("dark");
    await page.reload();
    expect(await theme()).toBe("dark");
    await context.close();
  });
});

describe.skipIf(!browser || real !== undefined)("dashboard on known data", () => {
  it("narrows a lineage by words, direction, steps, owner and days, and the address keeps them", async () => {
    const { context, page, wrong } = await open({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
    await visit(page, "#/lineage/payout%3A2000001?view=table", "table tbody tr");
    const rows = page.locator("table tbody tr");
    const all = await rows.count();
    await page.getByLabel("Words in name or hash").fill("no such thing");
    await page.waitForFunction((before) => document.querySelectorAll("table tbody tr").length < before, all);
    expect(await rows.count()).toBe(1);
    await page.getByLabel("Words in name or hash").fill("");
    const asking = page.waitForRequest((request) => /depth=2.*since=|since=.*depth=2/.test(request.url()));
    await page.getByLabel("Steps").fill("2");
    await page.getByLabel("Since").fill("2026-01-02");
    const asked = new URL((await asking).url()).searchParams;
    expect(Object.fromEntries(asked)).toEqual({
      id: "payout:2000001",
      direction: "both",
      depth: "2",
      since: "2026-01-02",
    });
    // Half an address asks for nothing; a whole one is asked for and stays in the address of the page.
    const owner = page.getByLabel("Owner or signer");
    const [who] = await page
      .locator("#owners option")
      .evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
    expect(who).toMatch(/^0x[0-9a-fA-F]{40}$/);
    await owner.fill(String(who).slice(0, 20));
    expect(page.url()).not.toContain("owner=");
    const owned = page.waitForRequest((request) => request.url().includes(`owner=${who}`));
    await owner.fill(String(who));
    expect(Object.fromEntries(new URL((await owned).url()).searchParams)).toMatchObject({ depth: "2", owner: who });
    expect(page.url()).toContain(`owner=${who}`);
    await owner.fill("");
    await page.waitForFunction(() => !location.hash.includes("owner="));
    await page.getByLabel("Direction").selectOption({ label: "What stands on it" });
    await page.waitForFunction(() => document.querySelectorAll("table tbody tr").length === 1);
    await page.reload();
    await page.locator("table tbody tr").first().waitFor();
    expect(await page.getByLabel("Direction").inputValue()).toBe("uses");
    expect(await page.getByLabel("Since").inputValue()).toBe("2026-01-02");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.evaluate(axe);
    expect(await violations(page)).toEqual([]);
    expect(wrong).toEqual([]);
    await context.close();
  });

  it("says of a model what it does to groups, which group falls below four fifths, and where an answer comes from", async () => {
    const { context, page } = await open();
    await visit(page, "#/models/4", ".impact-below rect");
    await page
      .getByRole("img", { name: "Share selected in 2 groups; female is below four fifths of the highest." })
      .waitFor();
    await page.getByRole("img", { name: /for female, male; on the diagonal both are equal/ }).waitFor();
    expect(await page.locator(".impact").count()).toBe(2 + 4);
    await page.getByRole("heading", { name: "Fairness by sex (data 2)", exact: true }).waitFor();
    expect(
      await page
        .getByRole("group", { name: /^Rows behind the answer/ })
        .locator("tbody tr")
        .count(),
    ).toBe(6);
    await visit(page, "#/models/5", ".confusion td");
    await page.getByText("assay influence 5 <data> --row <row>").waitFor();
    expect(await page.getByText("Nobody has measured").count()).toBe(0);
    await context.close();
  });

  it("adds the reasons up to the output and shows both sides of a dispute", async () => {
    const { context, page } = await open();
    await visit(page, `#/decisions/${ids.a}`, ".reason-bar");
    const [base = 0, move = 0, output = 0] =
      ((await page.locator(".reason-sum").textContent()) ?? "")
        .replaceAll("−", "-")
        .match(/-?\d\.\d{4}/g)
        ?.map(Number) ?? [];
    expect(base + move).toBeCloseTo(output, 3);
    await visit(page, "#/disputes/1", ".move");
    expect(await page.locator(".side-proposer .side-value").textContent()).toBe("0.9125");
    expect(await page.locator(".side-challenger").getAttribute("class")).toContain("won");
    expect(await page.locator(".split li").allTextContents()).toEqual([
      expect.stringMatching(/challenger.*125\.00/),
      expect.stringMatching(/burned.*125\.00/),
    ]);
    await context.close();
  });

  it("hides a kind without breaking the path through it, and exports what is shown", async () => {
    const { context, page } = await open({ acceptDownloads: true });
    await visit(page, "#/lineage", ".graph .thing");
    const before = await page.locator(".thing").count();
    await page.getByRole("checkbox", { name: "Training run" }).uncheck();
    await page.waitForFunction((n) => document.querySelectorAll(".thing").length < n, before);
    for (const [button, name] of [
      ["Export Lineage as SVG", "assay-lineage.svg"],
      ["Export Lineage as CSV", "assay-lineage.csv"],
    ] as const) {
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: button }).click(),
      ]);
      expect(file.suggestedFilename()).toBe(name);
      const text = readFileSync(await file.path(), "utf8");
      expect(text).toContain("Dry season score");
      expect(text).not.toContain("2 400 steps");
    }
    await context.close();
  });

  it("checks a receipt's hashes in the browser and finds a changed byte", async () => {
    const { context, page } = await open();
    await visit(page, "#/verify", ".drop");
    const drop = (value: unknown) =>
      page.setInputFiles("input[type=file]", {
        name: "receipt.json",
        mimeType: "application/json",
        buffer: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
      });
    await drop(receipt());
    await page.locator(".verdict.good").waitFor();
    expect(await page.locator(".checks li.bad").count()).toBe(0);
    expect(await page.locator(".verdict").textContent()).toContain("1 could not run here");
    await page.evaluate(axe);
    expect(await violations(page)).toEqual([]);
    const forged = receipt();
    (forged.statements[0] as { statement: Record<string, unknown> }).statement["amount"] = "1";
    await drop(forged);
    await page.locator(".verdict.bad").waitFor();
    expect(await page.locator(".checks li.bad").first().textContent()).toContain("do not match");
    await drop("no json");
    expect(await page.getByRole("alert").textContent()).toContain("not JSON");
    await context.close();
  });

  it.skipIf(real)(
    "checks a record of a log of a million in the page, in under a millisecond, and finds a changed one",
    async () => {
      const { context, page } = await open();
      await visit(page, "#/log/5", ".log-proof .checks li.ok");
      expect(await page.locator(".log-proof .checks li.ok").count()).toBe(3);
      const said = await page
        .locator(".log-proof")
        .getByText(/checked in/)
        .innerText();
      const ms = Number(/([\d.]+) ms/.exec(said)?.[1]);
      console.log(`record and path of 20 hashes checked in Chromium in ${ms} ms`);
      expect(ms).toBeLessThan(1);
      fixture?.answer({ ...answers, "log.prove": () => ({ ...log.prove(5), record: btoa('{"severity":"none"}') }) });
      await page.reload();
      await page.locator(".log-proof .checks li.bad").first().waitFor();
      fixture?.answer({ ...answers, "log.prove": () => ({ ...log.prove(5), index: 4 }) });
      await page.reload();
      await page.locator(".log-proof .checks li.bad").first().waitFor();
      const forged = log.prove(5)?.checkpoint.replace(/^1048576$/m, "1048575");
      fixture?.answer({ ...answers, "log.prove": () => ({ ...log.prove(5), checkpoint: forged }) });
      await page.reload();
      await page.locator(".log-proof .checks li.bad", { hasText: "Ed25519" }).waitFor();
      fixture?.answer(answers);
      await context.close();
    },
  );

  it("follows the live stream", async () => {
    const { context, page } = await open();
    await visit(page, "#/activity", ".pulse-live");
    fixture?.tell("rows", { table: "ix_oracle_answers", count: 1, from: "64", to: "64" });
    await page.getByText("ix_oracle_answers").waitFor();
    await context.close();
  });

  it("says what to do when there is nothing, when a thing is unknown, and when the node fails", async () => {
    const { context, page } = await open();
    fixture?.answer(blank);
    for (const [hash, text] of [
      ["#/loop", "The loop has not started"],
      ["#/lineage", "No lineage yet"],
      ["#/decisions", "No decision asked for yet"],
      ["#/cover", "No policy sold yet"],
      ["#/disputes", "Nobody has challenged a decision"],
    ] as const) {
      await page.goto(`${base}/${hash}`);
      await page.reload();
      await page.getByText(text).waitFor();
    }
    await page.goto(`${base}/#/decisions/0x00`);
    await page.reload();
    await page.getByText("Nothing is recorded under this id").first().waitFor();
    fixture?.answer(
      Object.fromEntries(
        Object.keys(answers).map((action) => [
          action,
          () => {
            throw new Error("the disk is full");
          },
        ]),
      ),
    );
    await page.goto(`${base}/#/cover`);
    await page.reload();
    await page.getByText("the disk is full").waitFor();
    fixture?.answer(answers);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".policy-card").first().waitFor();
    await context.close();
  });
});
