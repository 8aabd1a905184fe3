// A claim about a model's answer on a live node: a right one stands, a wrong one is challenged by the watcher, played to its
// end against a liar who defends it, and paid for; seen by command line and in the dashboard on a phone.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { openStore } from "@machines/store";
import { gameAbi } from "@protocols/verify/contracts.ts";
import { getRun } from "@protocols/verify/manifest.ts";
import { defend, defenderMoves, type Phase, PHASES, type Position, type State } from "@protocols/verify/moves.ts";
import type { Post } from "@protocols/verify/nodes.ts";
import { type Abi, createWalletClient, type Hex, http, parseEventLogs, publicActions } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LyingReplay } from "../../packages/protocols/verify/test/runs.ts";
import { openBrowser } from "../web/browser.ts";
import { assay, folder, killTree, printed, start } from "./assay.ts";

const UNIT = 10n ** 18n;
const dir = folder();
let node: ReturnType<typeof start>;
let url = "";
let chain: Liar;

/** Runs a verb on the node and gives its JSON. */
async function run(...args: string[]) {
  const done = await assay([...args, "--json", "--dir", dir]);
  expect(done.code, done.stdout + done.stderr).toBe(0);
  return done.json;
}

/** The same over HTTP, which costs no process. */
async function call(action: string, input: object) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/v1/${action}`, { method: "POST", headers, body: JSON.stringify(input) });
  const body = await answer.json();
  expect(answer.status, JSON.stringify(body)).toBeLessThan(300);
  return body;
}

/** Somebody with a key of its own who stands for wrong answers and defends them. */
class Liar {
  readonly account = privateKeyToAccount(generatePrivateKey());
  readonly #client;
  readonly #deployed: Record<string, { address: Hex }>;

  constructor(rpc: string, deployment: string) {
    this.#client = createWalletClient({ account: this.account, transport: http(rpc) }).extend(publicActions);
    this.#deployed = JSON.parse(readFileSync(deployment, "utf8")).contracts;
  }

  at(name: string): Hex {
    return this.#deployed[name]?.address as Hex;
  }

  async send(name: string, functionName: string, args: readonly unknown[]): Promise<void> {
    const abi = (name === "Currency" ? testTokenAbi : gameAbi) as Abi;
    const hash = await this.#client.writeContract({ address: this.at(name), abi, functionName, args, chain: null });
    await this.#client.waitForTransactionReceipt({ hash, pollingInterval: 50 });
  }

  /** Money for the liar, and for whom the node calls its own. */
  async begin(others: readonly Hex[]): Promise<void> {
    const wei = `0x${(10n ** 20n).toString(16)}`;
    await this.#client.request({ method: "assay_fund", params: [this.account.address, wei] } as never);
    for (const who of [this.account.address, ...others]) await this.send("Currency", "faucet", [who, 100_000n * UNIT]);
    await this.send("Currency", "approve", [this.at("Disputes"), 10_000n * UNIT]);
    await this.send("Disputes", "deposit", [this.account.address, 10_000n * UNIT]);
  }

  /** Where the game stands, from the chain's log alone; undefined before it began and after it ended. */
  async position(): Promise<Position | undefined> {
    const raw = await this.#client.getLogs({ address: this.at("Disputes"), fromBlock: 0n });
    const logs = parseEventLogs({ abi: gameAbi, logs: raw });
    if (logs.some(({ eventName }) => eventName === "Ended")) return undefined;
    const moved = logs.filter((log) => log.eventName === "Moved");
    const posts: Post[] = moved
      .filter(({ args }) => PHASES[args.phase] === "CHOOSE_VALUE")
      .map(({ args: { state, posted } }) => ({
        first: Number(state.first),
        count: Number(state.count),
        nodes: posted,
      }));
    const newest = moved.at(-1)?.args;
    if (newest === undefined) return undefined;
    const { game, phase, state, posted } = newest;
    return { id: game, phase: PHASES[phase] as Phase, state: state as State, posted, posts };
  }
}

beforeAll(async () => {
  node = start(["serve", "--dir", dir, "--port", "0", "--json"]);
  const [, at, rpc, deployment] = await printed(node, /"url":"([^"]+)".*"rpc":"([^"]+)".*"deployment":"([^"]+)"/);
  url = String(at);
  chain = new Liar(String(rpc), String(deployment));
}, 120_000);
afterAll(() => node && killTree(node));

test("a wrong answer is challenged, played down to one element and paid for", { timeout: 120_000 }, async () => {
  const { identities } = await call("node/status", {});
  const known = (name: string): Hex => identities.find((one: { name: string }) => one.name === name).address;
  await chain.begin([known("underwriter"), known("watcher")]);
  const rows = Array.from(
    { length: 200 },
    (_, i) => `${i % 7},${(i * 5) % 11},${(((i % 7) * ((i * 5) % 11)) / 60).toFixed(3)}`,
  );
  const content = ["a,b,y", ...rows].join("\n");
  const as = "underwriter";
  const data = await call("assets/publish", { content, name: "Products", licence: "CC0-1.0", as });
  const model = await call("training/train", { data: [data.id], target: "y", epochs: 3, as });
  await call("disputes/deposit", { amount: "2000", as: "watcher" });
  await call("disputes/deposit", { amount: "2000", as });

  // The owner stands for the right answer; the liar for another one of the same job.
  const right = await run("answer", model.id, "--data", data.id, "--row", "12", "--as", as);
  expect(right.about).toBe(`answer of model ${model.id} for row 12 of asset ${data.id}`);
  const said = await call("model/run", { model: model.id, data: data.id, row: 12 });
  expect(right.answer).toEqual([said.rows[0].answer]);
  const job = await getRun(await openStore({ dir: join(dir, "blobs") }), right.manifest);
  const honest = new LyingReplay(job, []);
  const value = honest.program.values.findLastIndex(({ op }) => op === "matmulT");
  const lie = new LyingReplay(job, [{ low: 1, value, change: (values) => void values.fill(2) }]);
  expect(honest.result).toBe(right.result);
  expect(lie.result).not.toBe(right.result);
  await chain.send("Disputes", "post", [9n, right.job, lie.result, right.manifest]);

  let shown: { winner: string | null; moves: unknown[]; game: string } | undefined;
  for (const until = Date.now() + 60_000; Date.now() < until && !shown?.winner; ) {
    const position = await chain.position();
    const move = position && defenderMoves(position.phase) ? defend(lie, position) : undefined;
    if (move) await chain.send("Disputes", move.functionName, move.args);
    else await new Promise((done) => setTimeout(done, 100));
    if (!position) [shown] = (await (await fetch(`${url}/v1/disputes/list`)).json()).games;
  }
  const game = await run("disputes", "show", String(shown?.game));
  expect(game).toMatchObject({ winner: "challenger", step: "1", element: "0", about: right.about, waitsFor: null });
  expect(game.operator).toMatch(/^matmulT/);
  expect(game.claimed).not.toBe(game.truth);
  // The claim's bond had grown at both rungs to seven times itself: half burned, half paid.
  expect(game.burned).toBe((350n * UNIT).toString());
  expect(game.reward).toBe((350n * UNIT).toString());
  const told = await assay(["disputes", "show", String(game.game), "--dir", dir]);
  expect(told.stdout).toMatch(/computed .* where the defender said/);
  const { claims } = await call("disputes/claims", {});
  expect(claims).toMatchObject([
    { status: "defeated", checked: "differs", about: right.about, aboutHolds: true },
    { status: "standing", checked: "agrees", about: right.about, aboutHolds: true },
  ]);
  await onThePhone(String(game.game), game.truth.split(" ")[0]);
});

/** The page of games and the board of one, 390 pixels wide and dark: nothing scrolls sideways, axe finds nothing serious. */
async function onThePhone(game: string, truth: string): Promise<void> {
  const browser = await openBrowser();
  if ("reason" in browser) return console.warn(`The board was not looked at: ${browser.reason}`);
  try {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(error.message));
    for (const [name, hash, text] of [
      ["games", "#/disputes", "answer of model"],
      ["board", `#/disputes/${game}`, truth],
    ] as const) {
      await page.goto(`${url}/${hash}`);
      await page.locator("main").getByText(text).first().waitFor({ state: "attached", timeout: 20_000 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), name).toBeLessThanOrEqual(0);
      await page.evaluate(readFileSync(join(process.cwd(), "node_modules/axe-core/axe.min.js"), "utf8"));
      const found = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(root: Document): Promise<{ violations: Violation[] }> } };
        return (await axe.run(document)).violations.map(({ id, impact, nodes }) => ({
          id,
          impact,
          html: nodes[0]?.html,
        }));
      });
      expect(found.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
      const pictures = process.env["ASSAY_PICTURES"];
      if (pictures) {
        mkdirSync(pictures, { recursive: true });
        await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
      }
    }
    expect(wrong).toEqual([]);
  } finally {
    await browser.close();
  }
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}
