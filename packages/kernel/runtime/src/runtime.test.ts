import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineAction, defineCapability, type Job } from "@kernel/capability";
import type { Chain } from "@machines/chain";
import { openDatabase } from "@machines/store";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, events, FakeChain, fakeMachines, payments } from "../test/fakes.ts";
import { toys } from "../test/toys.ts";
import { createRuntime } from "./runtime.ts";
import { gatherMigrations } from "./tables.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A node on the real database, with a job for each payment once it is settled. */
async function node(chain: FakeChain, dir: string, thanked: unknown[]) {
  const thank: Job = { kind: "thank", load: async () => async (_, payload) => void thanked.push(payload) };
  const capabilities = [{ ...payments, jobs: [thank] }, toys];
  const machines = await fakeMachines([]);
  await machines.db.close();
  const db = await openDatabase({ dir }, gatherMigrations(capabilities));
  const runtime = await createRuntime({
    ...machines,
    capabilities,
    chain: chain as unknown as Chain,
    db,
    contracts: { Payments: { address: contract, abi: events, block: 0n } },
    poll: 5,
  });
  ends.push(async () => {
    await runtime.stop();
    await db.close();
  });
  return { runtime, db };
}

describe("the runtime", () => {
  it("goes from event to row to settled job, over a fork and a restart, on the real database", async () => {
    const dir = mkdtempSync(join(tmpdir(), "runtime-"));
    ends.push(() => rmSync(dir, { recursive: true }));
    const chain = new FakeChain();
    chain.depth = 2;
    const thanked: unknown[] = [];
    const first = await node(chain, dir, thanked);
    await first.runtime.start();
    chain.mine([{ id: 1n, amount: 10n }]);
    chain.mine([{ id: 2n, amount: 20n }]);
    await first.runtime.context.indexed(2n);
    chain.fork(1);
    chain.mine([{ id: 3n, amount: 2n ** 200n }]);
    chain.mine();
    await first.runtime.context.indexed(3n);
    await first.runtime.stop();
    const rows = await first.db.kysely.selectFrom("ix_payments").select(["id", "amount"]).orderBy("block").execute();
    expect(rows).toEqual([
      { id: "1", amount: "10" },
      { id: "3", amount: (2n ** 200n).toString() },
    ]);
    await first.db.close();
    const second = await node(chain, dir, thanked);
    chain.mine();
    await second.runtime.start();
    while (thanked.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(thanked).toEqual([{ amount: "10" }, { amount: (2n ** 200n).toString() }]);
  });

  it("parses input and result of a call, and names what is missing", async () => {
    const dir = mkdtempSync(join(tmpdir(), "runtime-"));
    ends.push(() => rmSync(dir, { recursive: true }));
    const { runtime } = await node(new FakeChain(), dir, []);
    const steps: unknown[] = [];
    expect(
      await runtime.call("toys.buy", { name: "bear", price: 5n }, { onProgress: (step) => steps.push(step) }),
    ).toMatchObject({
      price: 5n,
    });
    expect(steps).toHaveLength(2);
    await expect(runtime.call("toys.by", {})).rejects.toMatchObject({
      name: "NotFoundError",
      hints: ['Did you mean "toys.buy"?'],
    });
    await expect(runtime.call("toys.buy", { name: 7 })).rejects.toMatchObject({ name: "InvalidInputError" });
    await expect(runtime.call("toys.refuse", { how: "lie" })).rejects.toMatchObject({ name: "BugError" });
    expect(() => runtime.context.contracts.get("Oracle")).toThrow('There is no contract "Oracle"');
    await runtime.context.enqueue("thank", "x", { n: 1 });
    expect(await runtime.call("jobs.list", { kind: "thank" })).toMatchObject({ jobs: [{ key: "x", state: "ready" }] });
    await expect(runtime.call("jobs.retry", { kind: "thank", key: "x" })).rejects.toMatchObject({
      name: "NotFoundError",
    });
  });

  it("refuses capabilities that contradict each other", async () => {
    const action = (name: string) =>
      defineAction({
        name,
        summary: "",
        kind: "read",
        input: z.object({}),
        output: z.object({}),
        load: async () => async () => ({}),
      });
    const machines = await fakeMachines([]);
    const make = (...names: string[]) => {
      const room = defineCapability({ name: "x", summary: "", actions: names.map(action) });
      return createRuntime({ ...machines, capabilities: [room] });
    };
    await expect(make("x.a", "x.a")).rejects.toThrow("Two actions are called x.a");
    await expect(make("x")).rejects.toThrow("not called room.verb");
    const stray = defineCapability({ name: "x", summary: "", events: async () => ({ Nothing: () => undefined }) });
    await expect(createRuntime({ ...machines, capabilities: [stray] })).rejects.toThrow("fits no event");
  });
});
