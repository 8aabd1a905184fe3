import { type SolidityTwin, solidityTwin } from "@base/testkit/solidity.ts";
import { bitsOf, toHexBits } from "@machines/engine/bits.ts";
import type { DisputeProgram } from "@machines/engine/commit/disputeProgram.ts";
import { OPCODES } from "@machines/engine/commit/opcodes.ts";
import { reference as expOf } from "@machines/engine/ops/exp/reference.ts";
import { reference as logOf } from "@machines/engine/ops/log/reference.ts";
import type { Reference } from "@machines/engine/ops/op.ts";
import { reference as sigmoidOf } from "@machines/engine/ops/sigmoid/reference.ts";
import { reference as softplusOf } from "@machines/engine/ops/softplus/reference.ts";
import { reference as tanhOf } from "@machines/engine/ops/tanh/reference.ts";
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData, type Hex } from "viem";
import { iRefereeAbi, refereeSetAbi } from "../src/abi.ts";
import { refereeSetBytecode } from "../src/bytecode.ts";
import { REFEREES } from "../src/referees.ts";
import type { Openable } from "../src/openTensor.ts";
import { caseOf, openings, openingsFor, type RefereeCase, refereeCase } from "../src/openings.ts";
import type { Question } from "../src/reads.ts";

const readers = `
pragma solidity ^0.8.24;
import {IReferee} from "@protocols/verify/contracts/IReferee.sol";
import {MerkleTensor} from "@protocols/verify/contracts/MerkleTensor.sol";
import {TensorReader} from "@protocols/verify/contracts/TensorReader.sol";
contract Twin {
    using TensorReader for TensorReader.Reader;
    function read(IReferee.Case calldata x, MerkleTensor.Opening[][] calldata o, uint256 width, uint256 from, uint256 count) external view returns (bytes memory data) {
        TensorReader.Reader memory r = TensorReader.open(x, 0, width, o);
        data = r.range(from, count);
        r.close();
    }
    function names(bytes32 root, MerkleTensor.Named calldata x) external view returns (bool) { return MerkleTensor.names(root, x); }
}`;

const functions = `
pragma solidity ^0.8.24;
import {ElementwiseVerdict} from "@protocols/verify/contracts/ElementwiseReferee.sol";
contract Twin {
    function compute(uint16 op, bytes calldata xs) external pure returns (bytes memory out) {
        out = new bytes(xs.length);
        for (uint256 i = 0; i < xs.length; i += 4) {
            uint256 z = ElementwiseVerdict.unary(op, uint32(bytes4(xs[i:i + 4])));
            assembly ("memory-safe") {
                let at := add(add(out, 32), i)
                mstore(at, or(shl(224, z), and(mload(at), shr(32, not(0)))))
            }
        }
    }
}`;

/** Reads of tensors and of names, which no deployed contract lends. */
export const readerTwin = () => solidityTwin(readers, "Twin");

/** The fixed functions on many patterns a call. */
export const functionTwin = () => solidityTwin(functions, "Twin");

/** The referees as they are deployed, in an EVM, behind their set. */
export interface Referees {
  /** Answer of a view function of the operator's referee; rejects when it reverts. */
  call(op: number, functionName: string, args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Deploys the committed bytecode of all referees and a set of them. */
export async function deployReferees(): Promise<Referees> {
  const { default: hre } = await import("hardhat");
  const network = await hre.network.create();
  const request = (method: string, params: unknown[]) =>
    network.provider.request({ method, params }) as Promise<unknown>;
  const [from] = (await request("eth_accounts", [])) as [Hex];
  const deploy = async (data: Hex) => {
    const hash = await request("eth_sendTransaction", [{ from, gas: "0xf00000", data }]);
    return ((await request("eth_getTransactionReceipt", [hash])) as { contractAddress: Hex }).contractAddress;
  };
  const ask = async (to: Hex, abi: Abi, functionName: string, args: readonly unknown[]) => {
    const data = encodeFunctionData({ abi, functionName, args });
    const answer = (await request("eth_call", [{ from, to, data }])) as Hex;
    return decodeFunctionResult({ abi, functionName, data: answer });
  };
  const owners = new Map<number, Hex>();
  for (const { bytecode, ops } of REFEREES) {
    const at = await deploy(bytecode);
    for (const op of ops) owners.set(OPCODES[op], at);
  }
  const args = [[...owners.keys()], [...owners.values()]] as const;
  const set = await deploy(encodeDeployData({ abi: refereeSetAbi, bytecode: refereeSetBytecode, args }));
  return {
    close: () => network.close(),
    async call(op, functionName, given) {
      const referee = (await ask(set, refereeSetAbi, "refereeOf", [op])) as Hex;
      return await ask(referee, iRefereeAbi, functionName, given);
    },
  };
}

/** The referee's answer for element `index` of value `k` of a program; `trees` are those of its values. */
export async function judge(
  referees: Referees,
  program: DisputeProgram,
  trees: readonly Openable[],
  k: number,
  index: number,
): Promise<bigint> {
  const x = caseOf(program, trees, k, index);
  return (await referees.call(x.op, "element", [x, openings(program, trees, k, index)])) as bigint;
}

/** The same for operands that belong to no program; `change` alters the case, `given` replaces the openings. */
export async function ask(
  referees: Referees,
  question: Question,
  operands: readonly Openable[],
  change: Partial<RefereeCase> = {},
  given?: Hex,
): Promise<bigint> {
  const x = { ...refereeCase(question, operands), ...change };
  return (await referees.call(x.op, "element", [x, given ?? openingsFor(question, operands)])) as bigint;
}

/** Bits of an element as a referee gives them. */
export const bigBits = (value: number | undefined) => BigInt(bitsOf(value as number));

/** At most `most` indices below `size`, the first and the last among them. */
export function sample(size: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(size / most));
  return [...new Set([...Array(size).keys()].filter((i) => i % step === 0).concat(size > 0 ? size - 1 : []))];
}

/** A fixed function of the contract on many patterns. */
export async function computeAll(twin: SolidityTwin, op: string, xs: Float32Array): Promise<string> {
  let answer = "";
  for (let from = 0; from < xs.length; from += 500) {
    const part = `0x${toHexBits(xs.subarray(from, from + 500))}`;
    answer += ((await twin.call("compute", [OPCODES[op as "exp"], part])) as string).slice(2);
  }
  return answer;
}

/** Seeded arguments: uniform within +-`bound`, and between them patterns of any kind. */
export function argumentsWithin(bound: number, count: number, seed: number): Float32Array {
  const words = new Uint32Array(1);
  const any = new Float32Array(words.buffer);
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  return Float32Array.from({ length: count }, (_, i) => {
    words[0] = next();
    return i % 8 === 7 ? (any[0] as number) : (next() / 2 ** 31 - 1) * bound;
  });
}

/** The engine's references of the fixed functions. */
export const FIXED: Readonly<Record<string, Reference>> = {
  exp: expOf,
  log: logOf,
  tanh: tanhOf,
  sigmoid: sigmoidOf,
  softplus: softplusOf,
};
