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
const list = async (action: string, field: string): Promise<string[]> =>
  ((await (await fetch(`${base}/v1/${action}`)).json()) as Record<string, { id: string }[]>)[field]?.map((row) =>
    String(row.id),
  ) ?? [];
const games = ((await (await fetch(`${base}/v1/disputes/list`)).json()) as { games: { game: string }[] }).games.map(
  ({ game }) => game,
);
const [decisions, policies, disputes] = await Promise.all([
  list("oracle/list", "decisions"),
  list("cover/list", "policies"),
  list("arbitration/list", "disputes"),
]);
const pages: Record<string, string> = {
  loop: "#/loop",
  lineage: "#/lineage",
  lineageOne: `#/lineage/payout%3A${policies[1]}`,
  table: "#/lineage?view=table",
  data: "#/data",
  dataOne: "#/data/2",
  models: "#/models",
  modelNumbers: "#/models/3",
  modelBinary: "#/models/4",
  modelClasses: "#/models/5",
  decisions: "#/decisions",
  decision: `#/decisions/${decisions.at(-1)}`,
  provisional: `#/decisions/${decisions[0]}`,
  cover: "#/cover",
  policy: `#/cover/${policies[1]}`,
  disputes: "#/disputes",
  dispute: `#/disputes/${disputes[0]}`,
  log: "#/log",
  logRecord: "#/log/4",
  game: `#/disputes/${games[0]}`,
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
