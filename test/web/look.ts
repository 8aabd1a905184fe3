// Takes pictures of every page: node test/web/look.ts <folder> [url] ; without a url the fixture is served.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./browser.ts";
import { ids } from "./fixture.data.ts";
import { serve } from "./fixture.ts";

const [folder = ".tmp/look", url, only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const fixture =
  url && url !== "-" ? undefined : await serve(join(import.meta.dirname, "../../packages/shells/web/dist"));
const base = fixture?.url ?? (url as string);
const browser = await openBrowser();
if ("reason" in browser) throw new Error(browser.reason);
const pages: Record<string, string> = {
  loop: "#/loop",
  lineage: "#/lineage",
  lineageOne: "#/lineage/payout%3A2000001",
  table: "#/lineage?view=table",
  decisions: "#/decisions",
  decision: `#/decisions/${ids.a}`,
  provisional: `#/decisions/${ids.c}`,
  cover: "#/cover",
  policy: "#/cover/2000001",
  disputes: "#/disputes",
  dispute: "#/disputes/1",
  activity: "#/activity",
  verify: "#/verify",
};
for (const [look, width, height, scheme] of [
  ["desk", 1360, 900, "light"],
  ["dark", 1360, 900, "dark"],
  ["phone", 390, 844, "light"],
  ["phonedark", 390, 844, "dark"],
] as const) {
  if (only && !only.includes(look)) continue;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: "no-preference",
  });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && console.error(look, message.text()));
  for (const [name, hash] of Object.entries(pages)) {
    await page.goto(`${base}/${hash}`);
    await page.reload();
    await page.waitForTimeout(name.startsWith("lineage") ? 1300 : 500);
    if (name === "activity") {
      fixture?.tell("head", { block: "64", head: "64" });
      fixture?.tell("rows", { table: "ix_oracle_answers", count: 1, from: "64", to: "64" });
      fixture?.tell("job", { kind: "oracle.watch", key: ids.c, state: "done", attempts: 1 });
      await page.waitForTimeout(700);
    }
    await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
  }
  await context.close();
}
await browser.close();
await fixture?.close();
