import { createRequire } from "node:module";
import type { Abi, Hex } from "viem";

const source = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
contract Ledger {
    error NotYet(uint256 at, uint256 now_);
    error Refused(address who, string why);
    event Put(bytes32 indexed key, bytes32 value, uint256 count);
    mapping(bytes32 => bytes32) public values;
    uint256 public count;
    uint256 public immutable start;
    constructor(uint256 start_) { if (start_ == 666) revert Refused(msg.sender, "start"); start = start_; count = start_; }
    function put(bytes32 key, bytes32 value) external payable { values[key] = value; emit Put(key, value, ++count); }
    function refuse(string calldata why) external { revert Refused(msg.sender, why); }
    function after_(uint256 at) external { if (block.timestamp < at) revert NotYet(at, block.timestamp); count++; }
    function check(uint256 at) external view returns (bool) { if (at == 0) revert Refused(msg.sender, "zero"); return at > 1; }
}`;

interface SolcOutput {
  readonly contracts: { "Ledger.sol"?: { Ledger?: { abi: Abi; evm: { bytecode: { object: string } } } } };
}

let compiled: { abi: Abi; bytecode: Hex } | undefined;

/** A contract with state, an event, custom errors and a clock, compiled by solc on first use. */
export function ledger(): { abi: Abi; bytecode: Hex } {
  if (compiled !== undefined) return compiled;
  const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
  const input = {
    language: "Solidity",
    sources: { "Ledger.sol": { content: source } },
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const contract = output.contracts["Ledger.sol"]?.Ledger;
  if (contract === undefined) throw new Error(JSON.stringify(output));
  compiled = { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
  return compiled;
}
