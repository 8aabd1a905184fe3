import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";
import { assets } from "@records/assets";
import type { Address } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { evaluatorAbi, validatorAbi } from "../src/abi.ts";
import { disputes } from "../src/index.ts";

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({ capabilities: [assets, disputes], names: ["owner"] });
}, 120_000);
afterAll(() => node?.close());

const deploy = (verb: string, input: unknown) =>
  node.runtime.call(`disputes.${verb}`, input) as Promise<{ address: Address; tx: string }>;
const read = (address: Address, abi: typeof validatorAbi | typeof evaluatorAbi, name: string) =>
  node.chain.read({ address, abi }, name, []);

test("D16: a validator stands between the game and a registry that is there", async () => {
  // Any contract may stand for the registry: it is the validator's caller who chooses it.
  const registry = node.currency.address;
  const { address, tx } = await deploy("validator", { registry });
  expect(tx).toMatch(/^0x[0-9a-f]{64}$/);
  const game = node.context.contracts.get("Disputes").address;
  expect(String(await read(address, validatorAbi, "disputes")).toLowerCase()).toBe(game.toLowerCase());
  expect(String(await read(address, validatorAbi, "registry")).toLowerCase()).toBe(registry.toLowerCase());
  const nobody = `0x${"00".repeat(20)}`;
  await expect(deploy("validator", { registry: nobody })).rejects.toMatchObject({ name: "NotFoundError" });
  await expect(deploy("validator", { registry: "registry" })).rejects.toMatchObject({ name: "InvalidInputError" });
});

test("D17: an evaluator is for one job and one provider", async () => {
  const provider = node.identity().address;
  const job = `0x${"ab".repeat(32)}`;
  const { address } = await deploy("evaluator", { provider, job });
  expect(await read(address, evaluatorAbi, "job")).toBe(job);
  expect(String(await read(address, evaluatorAbi, "provider")).toLowerCase()).toBe(provider.toLowerCase());
  await expect(deploy("evaluator", { provider, job: "0xab" })).rejects.toMatchObject({ name: "InvalidInputError" });
});
