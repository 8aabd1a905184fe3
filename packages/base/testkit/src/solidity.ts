import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Abi, decodeFunctionResult, encodeFunctionData, type Hex } from "viem";

const require = createRequire(import.meta.url);
const AT = "0x00000000000000000000000000000000000A55A9";

/** A contract that answers calls from a throwaway EVM. */
export interface SolidityTwin {
  /** Result of a view function; rejects when it reverts. */
  call(functionName: string, args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Compiles one contract from source and runs it in process, so that TypeScript can be compared with its Solidity twin on
 * the same random input. For tests only: needs the repository's compiler and EVM.
 */
export async function solidityTwin(source: string, contract: string): Promise<SolidityTwin> {
  const { abi, code } = compile(source, contract);
  const { default: hre } = await import("hardhat");
  const network = await hre.network.create();
  return {
    close: () => network.close(),
    async call(functionName, args) {
      const data = encodeFunctionData({ abi, functionName, args });
      const result = await network.provider.request({
        method: "eth_call",
        params: [{ to: AT, data }, "latest", { [AT]: { code } }],
      });
      return decodeFunctionResult({ abi, functionName, data: result as Hex });
    },
  };
}

interface Compiled {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { abi: Abi; evm: { deployedBytecode: { object: string } } }>>;
}

function compile(source: string, contract: string): { abi: Abi; code: Hex } {
  const solc = require("solc") as { compile(input: string, callbacks: object): string };
  const input = {
    language: "Solidity",
    sources: { "Twin.sol": { content: source } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: "cancun",
      outputSelection: { "*": { "*": ["abi", "evm.deployedBytecode.object"] } },
    },
  };
  const find = (path: string) => ({ contents: readFileSync(require.resolve(path), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find })) as Compiled;
  const error = output.errors?.find(({ severity }) => severity === "error");
  const made = output.contracts?.["Twin.sol"]?.[contract];
  assert(!error && made, error?.formattedMessage ?? `The source has no contract ${contract}.`);
  return { abi: made.abi, code: `0x${made.evm.deployedBytecode.object}` };
}
