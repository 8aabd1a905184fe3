import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { type AnchorNet, openAnchorNet } from "../test/anchorNet.ts";
import {
  type AnchorChain,
  type AnchorScope,
  anchor,
  anchorName,
  foldAnchor,
  listAnchors,
  verifyAnchor,
} from "./anchor.ts";
import { AnchorMismatchError, ReplayedAnchorError } from "./errors.ts";

const root = (n: number) => sha256Hex(utf8(`root ${n}`));
const head = (n: number) => ({ size: n * 10, root: root(n) });

describe("anchors", () => {
  let net: AnchorNet;
  let scope: AnchorScope;
  let clean: unknown;
  beforeAll(async () => {
    net = await openAnchorNet();
    scope = { chain: net.chain, origin: "anchor.example/log" };
    clean = await net.snapshot();
  });
  beforeEach(async () => {
    await net.revert(clean);
    clean = await net.snapshot();
  });
  afterAll(() => net?.close());

  test("are chained, verified against the contract, and found again", async () => {
    const first = await anchor(scope, head(1));
    const second = await anchor(scope, head(2));
    expect(second.before).toBe(first.accumulator);
    expect(await anchor(scope, head(1))).toEqual(first); // there already: no transaction
    expect(await listAnchors(scope, await net.chain.head())).toEqual([first, second]);
    expect(await verifyAnchor(scope, head(1))).toEqual(first);
    expect(await verifyAnchor(scope, head(2))).toEqual(second);
    const log = anchorName(scope.origin);
    expect(await net.chain.read("accumulators", [net.signer, log])).toBe(second.accumulator);
    expect(await net.chain.read("fold", [first.accumulator, 20n, root(2)])).toBe(
      foldAnchor(first.accumulator, head(2)),
    );
  });

  test("another root at a size, a smaller size, and nothing at all are named", async () => {
    await anchor(scope, head(2));
    await expect(anchor(scope, { size: 20, root: root(9) })).rejects.toThrow(AnchorMismatchError);
    await expect(anchor(scope, head(1))).rejects.toThrow(AnchorMismatchError);
    await expect(verifyAnchor(scope, { size: 20, root: root(9) })).rejects.toThrow("another root");
    await expect(verifyAnchor(scope, head(3))).rejects.toThrow("not anchored");
    const waiting: AnchorChain = { ...net.chain, settled: async () => 0n };
    await expect(verifyAnchor({ ...scope, chain: waiting }, head(2))).rejects.toThrow("not settled");
  });

  test("a reorganisation that drops an anchor is mended by anchoring again", async () => {
    await anchor(scope, head(1));
    const fork = await net.snapshot();
    const lost = await anchor(scope, head(2));
    await net.revert(fork);
    await expect(verifyAnchor(scope, head(2))).rejects.toThrow("not anchored");
    const { before, size } = lost;
    const stale = [anchorName(scope.origin), { before, size: BigInt(size), root: lost.root }, 30n, root(3)];
    await expect(net.chain.write("anchor", stale)).rejects.toThrow(/NotTheNewest|0x/);
    expect((await anchor(scope, head(3))).before).toBe(before);
    await verifyAnchor(scope, head(3));
  });

  test("notes cost less, and a replayed note is recognised", async () => {
    const noted: AnchorScope = { ...scope, mode: "noted" };
    await anchor(scope, head(1));
    await anchor(scope, head(2));
    const stored = net.gasUsed;
    await anchor(noted, head(1));
    await anchor(noted, head(2));
    expect(net.gasUsed).toBeLessThan(stored);
    await verifyAnchor(noted, head(2));
    await net.chain.write("note", [anchorName(scope.origin), foldAnchor(`0x${"0".repeat(64)}`, head(1)), 20n, root(2)]);
    await expect(verifyAnchor(noted, head(2))).rejects.toThrow(ReplayedAnchorError);
  });

  test("events that a client hides or forges do not pass", async () => {
    await anchor(scope, head(1));
    await anchor(scope, head(2));
    const hiding: AnchorChain = { ...net.chain, events: async (a, b) => (await net.chain.events(a, b)).slice(0, 1) };
    await expect(verifyAnchor({ ...scope, chain: hiding }, head(1))).rejects.toThrow("accumulator");
    const forging: AnchorChain = {
      ...net.chain,
      events: async (a, b) => (await net.chain.events(a, b)).map((event) => ({ ...event, root: root(7) })),
    };
    await expect(verifyAnchor({ ...scope, chain: forging }, { size: 10, root: root(7) })).rejects.toThrow(
      AnchorMismatchError,
    );
  });
});
