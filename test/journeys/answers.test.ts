// A claim about a model's answer on a live node: a right one stands, a wrong one is challenged by the watcher, played to its
// end against a liar who defends it, and paid for; seen by command line and in the dashboard on a phone.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { toWad } from "@machines/engine";
import { bitsOf } from "@machines/engine/bits.ts";
import { openStore } from "@machines/store";
import { oracleAbi } from "@protocols/oracle/abi.ts";
import { answerCourtAbi } from "@protocols/verify/abi.ts";
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

/** The same again and again, until it answers as is wanted. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is what a test checks
async function eventually(action: string, input: object, wanted: (answer: any) => boolean) {
  for (let end = Date.now() + 30_000; ; await new Promise((done) => setTimeout(done, 100))) {
    const answer = await call(action, input);
    if (wanted(answer)) return answer;
    expect(Date.now(), JSON.stringify(answer)).toBeLessThan(end);
  }
}

const ABIS: Record<string, Abi> = {
  Currency: testTokenAbi,
  Disputes: gameAbi,
  Oracle: oracleAbi,
  AnswerCourt: answerCourtAbi,
};

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
    const abi = ABIS[name] as Abi;
    const hash = await this.#client.writeContract({ address: this.at(name), abi, functionName, args, chain: null });
    await this.#client.waitForTransactionReceipt({ hash, pollingInterval: 50 });
  }

  /** Moves the chain's clock on by so many seconds. */
  async advance(seconds: number): Promise<void> {
    await this.#client.request({ method: "assay_advance", params: [seconds] } as never);
  }

  /** Money for the liar, and for whom the node calls its own. */
  async begin(others: readonly Hex[]): Promise<void> {
    const wei = `0x${(10n ** 20n).toString(16)}`;
    await this.#client.request({ method: "assay_fund", params: [this.account.address, wei] } as never);
    for (const who of [this.account.address, ...others]) await this.send("Currency", "faucet", [who, 100_000n * UNIT]);
    await this.send("Currency", "approve", [this.at("Disputes"), 10_000n * UNIT]);
    await this.send("Disputes", "deposit", [this.account.address, 10_000n * UNIT]);
  }

  /** Where game `n` (0 is the first) stands, from the chain's log alone. */
  async position(n: number): Promise<Position | "over" | undefined> {
    const raw = await this.#client.getLogs({ address: this.at("Disputes"), fromBlock: 0n });
    const logs = parseEventLogs({ abi: gameAbi, logs: raw });
    const id = logs.filter((log) => log.eventName === "Challenged")[n]?.args.game;
    if (logs.some((log) => log.eventName === "Ended" && log.args.game === id)) return "over";
    const moved = logs.filter((log) => log.eventName === "Moved").filter(({ args }) => args.game === id);
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

  /** Defends a lie in game `n` until it is over. */
  async playOut(lie: LyingReplay, n: number): Promise<void> {
    for (let end = Date.now() + 60_000; Date.now() < end; await new Promise((done) => setTimeout(done, 100))) {
      const position = await this.position(n);
      if (position === "over") return;
      const move = position && defenderMoves(position.phase) ? defend(lie, position) : undefined;
      if (move) await this.send("Disputes", move.functionName, move.args);
    }
    throw new Error(`Game ${n} did not end.`);
  }
}

beforeAll(async () => {
  node = start(["serve", "--dir", dir, "--port", "0", "--json"]);
  const [, at, rpc, deployment] = await printed(node, /"url":"([^"]+)".*"rpc":"([^"]+)".*"deployment":"([^"]+)"/);
  url = String(at);
  chain = new Liar(String(rpc), String(deployment));
}, 120_000);
afterAll(() => node && killTree(node));

/** What the first test leaves to the second: a model, a row, the right claim about it, and a lie. */
let left: { data: string; model: string; right: { job: Hex; manifest: Hex; answer: number[] }; lie: LyingReplay };

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

  await chain.playOut(lie, 0);
  const { games } = await eventually("disputes/list", {}, ({ games: [game] }) => game.winner !== null);
  const game = await run("disputes", "show", String(games[0].game));
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
  left = { data: data.id, model: model.id, right, lie };
});

test("an oracle's wrong answer is overturned by the answer court, and its escrow pays", {
  timeout: 120_000,
}, async () => {
  const { data, model, right, lie } = left;
  const [as, watcher] = ["underwriter", "watcher"];
  // The requester says which job its question is, then asks under a policy with this court.
  const bound = await call("disputes/bind", { model, data, row: 12, as });
  expect(bound.job).toBe(right.job);
  const terms = { window: 3_600, courtTime: 200_000, bond: "100", arbiter: chain.at("AnswerCourt") };
  const { policyId } = await call("oracle/registerPolicy", { ...terms, as });
  const { id } = await call("oracle/request", { model, input: bound.input, policy: policyId, fee: "1", as });
  await call("oracle/deposit", { amount: "500", as: watcher });
  await chain.send("Currency", "approve", [chain.at("Oracle"), 500n * UNIT]);
  await chain.send("Oracle", "deposit", [chain.account.address, 500n * UNIT]);

  const [wrong] = lie.valuesOf(1)[lie.outputIndex()] as Float32Array;
  const { request, now } = await call("oracle/show", { id });
  const answer = {
    output: toWad(wrong as number, false),
    confidenceBps: 0,
    whyHash: id,
    evidenceRoot: id,
    producedAt: BigInt(now),
    validUntil: BigInt(now) + 1_000_000n,
  };
  await chain.send("Oracle", "submit", [request, answer, "0x"]);
  await eventually("oracle/show", { id }, ({ status }) => status === "answered");
  expect((await call("oracle/challenge", { id, as: watcher })).disputed).toBe(true);
  const disputed = await eventually("oracle/show", { id }, ({ status }) => status === "disputed");
  const dispute: string = disputed.challenges[0].disputeId;

  // The liar stands for what it said; the watcher's node does so by itself. One claim falls in a game, the other stays.
  await chain.send("Disputes", "post", [10n, right.job, lie.result, right.manifest]);
  await chain.send("AnswerCourt", "stand", [BigInt(dispute), 10n, BigInt(bitsOf(wrong as number))]);
  await chain.playOut(lie, 1);
  const claims = await eventually("disputes/claims", {}, ({ claims }) => claims.length === 4);
  expect(claims.claims.map(({ status }: { status: string }) => status).sort()).toEqual([
    "defeated",
    "defeated",
    "standing",
    "standing",
  ]);
  expect((await call("disputes/settle", { dispute, as })).ruling).toBe("pending");
  await chain.advance(86_401);

  // The keeper carries the ruling out: half of the liar's bond is the watcher's, whose answer stands.
  const over = await eventually("oracle/show", { id }, ({ challenges }) => challenges[0].ruling !== null);
  expect(over).toMatchObject({ status: "answered", challenges: [{ ruling: "claim" }] });
  expect(over.answer.output).toBe(toWad(right.answer[0] as number, false).toString());
  expect(over.slashes).toMatchObject([{ amount: (100n * UNIT).toString(), burned: (50n * UNIT).toString() }]);
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
