import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Abi, decodeEventLog, decodeFunctionResult, encodeFunctionData, type Hex } from "viem";
import type { AnchorChain, AnchorEvent } from "../src/anchor.ts";

// What a JSON-RPC answer or a decoded log holds is known by the call that asked for it.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Answer = any;

const require = createRequire(import.meta.url);
const source = fileURLToPath(new URL("../contracts/Anchor.sol", import.meta.url));

interface Compiled {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>;
}

function compile(production: boolean): { abi: Abi; bytecode: Hex } {
  const solc = require("solc") as { compile(input: string, callbacks: object): string };
  const input = {
    language: "Solidity",
    sources: { "Anchor.sol": { content: readFileSync(source, "utf8") } },
    settings: {
      optimizer: { enabled: true, runs: production ? 100_000 : 200 },
      viaIR: production,
      evmVersion: "cancun",
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const find = (path: string) => ({ contents: readFileSync(require.resolve(path), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find })) as Compiled;
  const error = output.errors?.find(({ severity }) => severity === "error");
  const made = output.contracts?.["Anchor.sol"]?.["Anchor"];
  assert(!error && made, error?.formattedMessage ?? "no contract Anchor");
  return { abi: made.abi, bytecode: `0x${made.evm.bytecode.object}` };
}

/** The contract on a throwaway chain in this process. */
export interface AnchorNet {
  readonly chain: AnchorChain;
  readonly signer: Hex;
  /** Gas that the newest transaction used. */
  gasUsed: number;
  /** Gas of the execution of a view call, with the 21,000 and the calldata of a transaction. */
  estimate(functionName: string, args: readonly unknown[]): Promise<number>;
  snapshot(): Promise<unknown>;
  revert(id: unknown): Promise<void>;
  close(): Promise<void>;
}

/** Compiles and deploys the contract; `production` as it is deployed for real. */
export async function openAnchorNet(production = false): Promise<AnchorNet> {
  const { abi, bytecode } = compile(production);
  const { default: hre } = await import("hardhat");
  const { provider, close } = await hre.network.create();
  const request = (method: string, params: unknown[] = []) => provider.request({ method, params }) as Promise<Answer>;
  const [signer] = (await request("eth_accounts")) as [Hex];
  const send = async (tx: object) => {
    const hash = await request("eth_sendTransaction", [{ from: signer, ...tx }]);
    const receipt = await request("eth_getTransactionReceipt", [hash]);
    assert.equal(receipt.status, "0x1");
    net.gasUsed = Number(receipt.gasUsed);
    return receipt;
  };
  const encode = (functionName: string, args: readonly unknown[]) => encodeFunctionData({ abi, functionName, args });
  let to: Hex = "0x";
  const net: AnchorNet = {
    signer,
    gasUsed: 0,
    estimate: async (name, args) =>
      Number(await request("eth_estimateGas", [{ from: signer, to, data: encode(name, args) }])),
    snapshot: () => request("evm_snapshot"),
    revert: async (id) => void (await request("evm_revert", [id])),
    close,
    chain: {
      signer,
      async read(functionName, args) {
        const data = await request("eth_call", [{ to, data: encode(functionName, args) }, "latest"]);
        return decodeFunctionResult({ abi, functionName, data });
      },
      async write(functionName, args) {
        const receipt = await send({ to, data: encode(functionName, args) });
        return { transactionHash: receipt.transactionHash, blockNumber: BigInt(receipt.blockNumber) };
      },
      async events(fromBlock, toBlock) {
        const range = { fromBlock: `0x${fromBlock.toString(16)}`, toBlock: `0x${toBlock.toString(16)}` };
        const logs = (await request("eth_getLogs", [{ address: to, ...range }])) as Answer[];
        return logs.map((log): AnchorEvent => {
          const { eventName, args } = decodeEventLog({ abi, data: log.data, topics: log.topics }) as Answer;
          return { name: eventName, ...args, blockNumber: BigInt(log.blockNumber), blockHash: log.blockHash };
        });
      },
      head: async () => BigInt(await request("eth_blockNumber")),
      settled: async () => BigInt(await request("eth_blockNumber")),
    },
  };
  to = (await send({ data: bytecode })).contractAddress;
  return net;
}
