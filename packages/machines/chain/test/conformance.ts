import { type Hex, numberToHex, parseEventLogs } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chain, ContractRevertError, InsufficientFundsError, openChain, WrongChainError } from "../src/index.ts";
import { ledger } from "./ledger.ts";

/** A chain under test, and how to give an account ether on it. */
export interface Subject {
  readonly chain: Chain;
  /** Chain whose dev tools move the one under test; the same one unless it is seen over RPC. */
  readonly dev: NonNullable<Chain["dev"]>;
  readonly close: () => Promise<void>;
}

const key = (n: number): Hex => numberToHex(n, { size: 32 });

/** What every backend must do, whatever stands behind it. */
export function conformance(name: string, open: () => Promise<Subject>): void {
  describe(`chain conformance: ${name}`, () => {
    const { abi, bytecode } = ledger();
    const owner = privateKeyToAccount(generatePrivateKey());
    const other = privateKeyToAccount(generatePrivateKey());
    let subject: Subject;
    let chain: Chain;
    let contract: { address: Hex; abi: typeof abi };

    beforeAll(async () => {
      subject = await open();
      chain = subject.chain;
      await subject.dev.fund(owner.address, 10n ** 18n);
      const receipt = await chain.deploy(owner, { abi, bytecode, args: [7n] });
      contract = { address: receipt.contractAddress, abi };
      expect(receipt.status).toBe("success");
      expect(receipt.blockNumber).toBeGreaterThan(0n);
    });
    afterAll(async () => {
      await subject?.close();
    });

    it("funds by adding", async () => {
      const before = await chain.client.getBalance({ address: other.address });
      await subject.dev.fund(other.address, 10n ** 17n);
      await subject.dev.fund(other.address, 5n);
      expect(await chain.client.getBalance({ address: other.address })).toBe(before + 10n ** 17n + 5n);
    });

    it("reads what was written, with value and logs", async () => {
      expect(await chain.read(contract, "start")).toBe(7n);
      const receipt = await chain.write(owner, contract, "put", [key(1), key(99)], { value: 3n });
      expect(await chain.read(contract, "values", [key(1)])).toBe(key(99));
      expect(await chain.client.getBalance({ address: contract.address })).toBe(3n);
      const [event] = parseEventLogs({ abi, logs: receipt.logs, eventName: "Put" }) as { args?: unknown }[];
      expect(event?.args).toMatchObject({ key: key(1), value: key(99), count: 8n });
      const range = { fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber };
      const logs = await chain.client.getLogs({ address: contract.address, ...range });
      expect(logs.map((log) => log.transactionHash)).toEqual([receipt.transactionHash]);
    });

    it("decodes custom errors of writes, reads and constructors, and sends nothing", async () => {
      const nonce = await chain.client.getTransactionCount({ address: owner.address });
      const refused = await chain.write(owner, contract, "refuse", ["no reason"]).catch((e: unknown) => e);
      expect(refused).toBeInstanceOf(ContractRevertError);
      expect((refused as ContractRevertError).data).toMatchObject({
        errorName: "Refused",
        args: [owner.address, "no reason"],
      });
      expect((refused as ContractRevertError).kind).toBe("user");
      await expect(chain.read(contract, "check", [0n])).rejects.toMatchObject({ data: { errorName: "Refused" } });
      await expect(chain.deploy(owner, { abi, bytecode, args: [666n] })).rejects.toMatchObject({
        data: { errorName: "Refused", args: [owner.address, "start"] },
      });
      expect(await chain.client.getTransactionCount({ address: owner.address })).toBe(nonce);
    });

    it("decodes the error of a transaction that is simulated with a given gas limit", async () => {
      const sent = chain.write(owner, contract, "refuse", ["late"], { gas: 200_000n });
      await expect(sent).rejects.toMatchObject({ name: "ContractRevertError", data: { errorName: "Refused" } });
    });

    it("keeps the order of one account's concurrent writes", async () => {
      const before = (await chain.read(contract, "count")) as bigint;
      const receipts = await Promise.all(
        Array.from({ length: 8 }, (_, i) => chain.write(i % 2 ? owner : other, contract, "put", [key(i), key(i)])),
      );
      expect(receipts.every((receipt) => receipt.status === "success")).toBe(true);
      expect(new Set(receipts.map((receipt) => receipt.transactionHash)).size).toBe(8);
      expect(await chain.read(contract, "count")).toBe(before + 8n);
    });

    it("goes on when somebody else used the same account", async () => {
      await chain.write(owner, contract, "put", [key(1), key(1)]);
      const nonce = await chain.client.getTransactionCount({ address: owner.address });
      const fees = { maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1n };
      const tx = { type: "eip1559", chainId: chain.chainId, nonce, to: other.address, gas: 21_000n, ...fees } as const;
      const hash = await chain.client.sendRawTransaction({ serializedTransaction: await owner.signTransaction(tx) });
      expect((await chain.client.waitForTransactionReceipt({ hash })).status).toBe("success");
      expect((await chain.write(owner, contract, "put", [key(1), key(2)])).status).toBe("success");
    });

    it("says who cannot pay", async () => {
      const poor = privateKeyToAccount(generatePrivateKey());
      await expect(chain.write(poor, contract, "put", [key(1), key(1)])).rejects.toBeInstanceOf(InsufficientFundsError);
    });

    it("names arguments that do not fit and contracts that are not there", async () => {
      await expect(chain.read(contract, "values", [1n])).rejects.toMatchObject({ name: "InvalidInputError" });
      await expect(chain.write(owner, contract, "nothing", [])).rejects.toMatchObject({ name: "InvalidInputError" });
      const nowhere = { address: key(5).slice(0, 42) as Hex, abi };
      await expect(chain.read(nowhere, "count")).rejects.toMatchObject({ name: "InvalidInputError" });
    });

    it("never settles beyond its head", async () => {
      const head = await chain.head();
      const block = await chain.client.getBlock({ blockNumber: head.number });
      expect(block.hash).toBe(head.hash);
      expect(block.timestamp).toBe(head.timestamp);
      const settled = await chain.settled();
      expect(settled).toBeGreaterThanOrEqual(0n);
      expect(settled).toBeLessThanOrEqual((await chain.head()).number);
    });

    it("moves its clock when told, for blocks and for simulations", async () => {
      const before = await chain.head();
      const at = before.timestamp + 7_776_000n;
      await expect(chain.write(owner, contract, "after_", [at])).rejects.toMatchObject({
        data: { errorName: "NotYet" },
      });
      await subject.dev.advance(7_776_000);
      const after = await chain.head();
      expect(after.timestamp).toBeGreaterThanOrEqual(at);
      expect(after.timestamp).toBeLessThan(at + 60n);
      expect((await chain.write(owner, contract, "after_", [at])).status).toBe("success");
    });

    it("transfers ether", async () => {
      const to = privateKeyToAccount(generatePrivateKey()).address;
      expect((await chain.transfer(owner, to, 12n)).status).toBe("success");
      expect(await chain.client.getBalance({ address: to })).toBe(12n);
    });

    it("is refused when another chain id is wanted", async () => {
      if (chain.url === undefined) throw new Error("the suite needs a url");
      const wrong = openChain({ kind: "rpc", url: chain.url, chainId: 4 });
      await expect(wrong).rejects.toBeInstanceOf(WrongChainError);
      await expect(wrong).rejects.toMatchObject({ data: { expected: 4, actual: chain.chainId } });
    });
  });
}
