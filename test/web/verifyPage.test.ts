import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { openChain } from "@machines/chain";
import { decodeHeader, encodeHeader } from "@machines/chain/proof/header.ts";
import { reports } from "@protocols/training/reports.ts";
import { training } from "@protocols/training";
import { assets } from "@records/assets";
import type { Receipt } from "@records/assets/receipt.ts";
import { row } from "@records/assets/row.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GROUP_HEADER, GROUP_RECIPE, GROUP_ROWS } from "../../packages/protocols/training/test/groups.ts";
import { startTestNode } from "@kernel/runtime/testNode.ts";
import { assay, looped } from "../journeys/assay.ts";
import { openBrowser } from "./browser.ts";

// The page that needs no server, from the disk: true receipts of the whole loop, and false ones.
const axe = readFileSync(join(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8");
const web = join(import.meta.dirname, "../../packages/shells/web");
const dir = mkdtempSync(join(tmpdir(), "assay-verify-page-"));
const page = pathToFileURL(join(web, "dist/verify.html")).href;
let browser: Browser | { readonly reason: string };
let receipt: Receipt;
let header: string;
let chain: Awaited<ReturnType<typeof openChain>>;

/** Drops a value on the page and waits for its verdict. */
async function judge(on: Page, value: unknown, trust: { header?: string; contracts?: string; rpc?: string } = {}) {
  await on.goto(page);
  await on.fill("#header", trust.header ?? "");
  await on.fill("#contracts", trust.contracts ?? "");
  await on.fill("#rpc", trust.rpc ?? "");
  const file = join(dir, "given.json");
  writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
  await on.setInputFiles("#file", file);
  await on.waitForSelector(".verdict", { timeout: 60_000 });
  const failed = await on.$$eval("li:has(.no)", (items) => items.map((item) => (item as HTMLElement).innerText));
  return { verdict: await on.innerText(".verdict"), failed: failed.join("\n") };
}

beforeAll(async () => {
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin", "vite.js");
  const env = { ...process.env, NODE_ENV: "production" };
  execFileSync(process.execPath, [vite, "build", "--logLevel", "error", "-c", join(web, "vite.verify.config.ts")], {
    env,
  });
  browser = await openBrowser();
  const up = await looped(dir);
  // Under a name of its own: `up` leaves a receipt.json without bytes, which passes for this one when this command fails.
  const out = join(dir, "given-receipt.json");
  const told = await assay(["receipt", `payout:${up.json.payout.id}`, "--bytes", "--out", out, "--dir", dir]);
  expect(told.code, told.stderr).toBe(0);
  receipt = JSON.parse(readFileSync(out, "utf8")) as Receipt;
  chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  const last = Math.max(...(receipt.evidence?.receipts.map(({ block }) => block) ?? []));
  const block = await chain.client.request({
    method: "eth_getBlockByNumber",
    params: [`0x${last.toString(16)}`, false],
  });
  header = JSON.stringify(block);
}, 300_000);

afterAll(async () => {
  await chain?.close();
  if (!("reason" in browser)) await browser.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("the page without a server", () => {
  test("verifies a receipt from payout to data offline, against a header, training again", async (context) => {
    if ("reason" in browser) return context.skip(browser.reason);
    const tab = await (await browser.newContext({ offline: true })).newPage();
    const trouble: string[] = [];
    tab.on("pageerror", (error) => trouble.push(String(error)));
    const { verdict, failed } = await judge(tab, receipt, { header, contracts: JSON.stringify(receipt.contracts) });
    expect(failed).toBe("");
    expect(verdict).toMatch(/checks passed, 1 were not made/); // whether anything was left out, an index alone could say
    await tab.$$eval("details", (all) => {
      for (const one of all) one.setAttribute("open", "");
    });
    const text = await tab.innerText("#result");
    for (const words of [
      "trained again",
      "decision re-executed",
      "payout by the formula",
      "water index computed again",
      "vouches for all",
    ])
      expect(text).toContain(words);
    const cases: [string, (copy: Receipt) => unknown, RegExp][] = [
      [
        "altered statement",
        (r) => Object.assign(r.statements[0]?.statement as object, { amount: "1" }),
        /canonical hash/,
      ],
      ["swapped parent", (r) => r.edges.splice(0, 1), /hang loose/],
      [
        "flipped receipt bytes",
        (r) => flip(r.evidence?.receipts[0] as { receipt: string }, "receipt"),
        /is not the one of its path/,
      ],
      [
        "forged block header",
        (r) => flip(r.evidence?.headers as unknown as Record<string, string>, "3"),
        /does not follow|vouches for/,
      ],
      [
        "bytes of another model",
        (r) => Object.assign(r.blobs ?? {}, { [Object.keys(r.blobs ?? {})[0] as string]: "AAAA" }),
        /are others|hash/,
      ],
    ];
    for (const [name, forge, reason] of cases) {
      const copy = structuredClone(receipt);
      forge(copy);
      const result = await judge(tab, copy, { header });
      expect(result.verdict, name).toMatch(/Not verified/);
      expect(result.failed, name).toMatch(reason);
    }
    expect((await judge(tab, "{}")).verdict).toMatch(/this is no receipt/);
    expect((await judge(tab, "nonsense")).verdict).toMatch(/not JSON/);
    expect((await judge(tab, receipt, { header: "{}" })).verdict).toMatch(/holds no block header/);
    expect(trouble).toEqual([]);
    await tab.close();
  });

  test("measures a model's reports again, and names the field that was made up", async (context) => {
    if ("reason" in browser) return context.skip(browser.reason);
    const { fairness, influence } = await reportReceipts();
    const tab = await (await browser.newContext({ offline: true })).newPage();
    for (const [name, given, fields] of [
      ["fairness", fairness, 18],
      ["influence", influence, 15],
    ] as const) {
      const { verdict, failed } = await judge(tab, given);
      expect(failed, name).toBe("");
      expect(verdict, name).toMatch(/checks passed, 3 were not made/); // no header, no addresses, no index
      await tab.$$eval("details", (all) => {
        for (const one of all) one.setAttribute("open", "");
      });
      expect(await tab.innerText("#result"), name).toContain(`${fields} fields, the same bytes`);
    }
    const copy = structuredClone(fairness);
    const report = copy.statements.find(({ node }) => node.kind === "fairness");
    Object.assign(report?.statement as object, { disparateImpact: 0.99 });
    const forged = await judge(tab, copy);
    expect(forged.verdict).toMatch(/Not verified/);
    expect(forged.failed).toMatch(/canonical hash/);
    expect(forged.failed).toMatch(/measured again, other: .*disparateImpact/);
    await tab.close();
  });

  test("asks an RPC for the headers, and refuses another chain's, another block and a forged one", async (context) => {
    if ("reason" in browser) return context.skip(browser.reason);
    const tab = await (await browser.newContext()).newPage();
    const rpc = "http://127.0.0.1:8545/";
    let lie: (method: string, result: unknown) => unknown = (_, result) => result;
    await tab.route(rpc, async (route) => {
      const { method, params } = route.request().postDataJSON() as { method: never; params: never };
      const result = lie(method, await chain.client.request({ method, params }));
      const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "content-type" };
      await route.fulfill({ headers, contentType: "application/json", json: { jsonrpc: "2.0", id: 1, result } });
    });
    const good = await judge(tab, receipt, { rpc });
    expect(good.failed).toBe("");
    expect(good.verdict).toMatch(/checks passed/);
    expect(await tab.innerText("#result")).toContain("vouches for all");
    lie = (method, result) => (method === "eth_chainId" ? "0x1" : result);
    expect((await judge(tab, receipt, { rpc })).verdict).toContain(
      `${rpc} serves chain 1, the receipt is of chain ${receipt.chainId}.`,
    );
    lie = (method, result) =>
      method === "eth_getBlockByNumber" ? { ...(result as object), stateRoot: `0x${"11".repeat(32)}` } : result;
    expect((await judge(tab, receipt, { rpc })).verdict).toMatch(/does not hash to the hash it names/);
    await tab.unroute(rpc);
    await tab.route(rpc, (route) => route.abort());
    expect((await judge(tab, receipt, { rpc })).verdict).toContain(`${rpc} does not answer.`);
    await tab.close();
  });

  test("the command line takes the same header, and refuses one of another block, chain or hash", async () => {
    const file = join(dir, "header.json");
    const told = async (value: unknown) => {
      writeFileSync(file, JSON.stringify(value));
      const { code, stdout, stderr } = await assay([
        ...["verify", join(dir, "given-receipt.json"), "--offline", "--header", file],
        ...["--json", "--dir", join(dir, "nowhere")],
      ]);
      return { code, text: stdout + stderr };
    };
    const good = await told(JSON.parse(header));
    expect(good.code, good.text).toBe(0);
    expect(good.text).toContain("vouches for all");
    const forged = { ...(JSON.parse(header) as Record<string, string>), stateRoot: `0x${"11".repeat(32)}` };
    // Of another chain: a header that is true by itself, at the same height. Then a block that leads to none of these.
    const { stateRoot = "" } = JSON.parse(header) as Record<string, string>;
    const encoded = encodeHeader(JSON.parse(header) as Record<string, string>);
    const { hash, number } = decodeHeader(encoded.replace(stateRoot.slice(2), "11".repeat(32)) as `0x${string}`);
    const other = await told({ ...forged, hash });
    expect(other.code, other.text).toBe(4);
    expect(other.text).toContain(`block ${number} is ${hash} by`);
    const early = await told(await chain.client.request({ method: "eth_getBlockByNumber", params: ["0x1", false] }));
    expect(early.code, early.text).toBe(4);
    expect(early.text).toMatch(/vouches for 0 of \d+ headers/);
    const lying = await told(forged);
    expect(lying.code, lying.text).not.toBe(0);
    expect(lying.text).toMatch(/does not hash to the hash it names/);
  });

  test("reads well, in the dark and on a phone too", async (context) => {
    if ("reason" in browser) return context.skip(browser.reason);
    for (const [colorScheme, width] of [
      ["light", 1200],
      ["dark", 390],
    ] as const) {
      const tab = await (
        await browser.newContext({ colorScheme, viewport: { width, height: 844 }, bypassCSP: true })
      ).newPage();
      const copy = structuredClone(receipt);
      copy.edges.splice(0, 1);
      await judge(tab, copy);
      await tab.evaluate(axe);
      const found = await tab.evaluate(async () => {
        const run = (
          globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: unknown[] }[] }> } }
        ).axe;
        return (await run.run()).violations.map(({ id, nodes }) => `${id} (${nodes.length})`);
      });
      expect(found, `${colorScheme} ${width}`).toEqual([]);
      expect(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      if (process.env["ASSAY_LOOK"])
        await tab.screenshot({
          path: join(process.env["ASSAY_LOOK"], `verify-${colorScheme}-${width}.png`),
          fullPage: true,
        });
      await tab.close();
    }
  });
});

/** Receipts, with bytes, of a fairness report and of a trace about a small model. */
async function reportReceipts(): Promise<Record<"fairness" | "influence", Receipt>> {
  const node = await startTestNode({ capabilities: [assets, row, training, reports], names: ["owner"] });
  try {
    const call = async <T = { id: string }>(name: string, input: object) => (await node.runtime.call(name, input)) as T;
    const { id: data } = await call("assets.publish", {
      content: [GROUP_HEADER, ...GROUP_ROWS].join("\n"),
      name: "loans",
    });
    const { id: model } = await call("training.train", { data: [data], recipe: GROUP_RECIPE });
    const fair = await call("report.fairness", { model, data, group: "group" });
    const traced = await call("report.influence", { model, data, row: 40, top: 5 });
    const receiptOf = (id: string) => call<Receipt>("assets.receipt", { id, bytes: true });
    return {
      fairness: await receiptOf(`fairness:${fair.id}`),
      influence: await receiptOf(`influence:${traced.id}`),
    };
  } finally {
    await node.close();
  }
}

/** Turns one hex digit near the middle of a text into another. */
function flip<K extends string>(holder: Record<K, string>, key: K): void {
  const text = holder[key];
  const at = text.length >> 1;
  holder[key] = `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`;
}
