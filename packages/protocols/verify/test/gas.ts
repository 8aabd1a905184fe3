import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { OPCODES } from "@machines/engine/commit/opcodes.ts";
import { type Abi, encodeDeployData, encodeFunctionData, type Hex } from "viem";
import { refereeSetAbi } from "../src/abi.ts";
import { dotRefereeBytecode, refereeSetBytecode } from "../src/bytecode.ts";
import { openingsFor, refereeCase } from "../src/openings.ts";
import { TensorTree } from "../src/openTensor.ts";
import type { Question } from "../src/reads.ts";

/** A loop over pairs that gives the most gas one operation took, the meter's own reading included. */
function loop(operation: string): string {
  const step = { idle: "a ^ b", sqrt: "F32.sqrt(a)" }[operation] ?? `F32.${operation}(a, b)`;
  return `
    function ${operation}(uint32[] calldata pairs) external returns (uint256 most) { unchecked {
        uint256 sum = 1;
        for (uint256 i = 0; i < pairs.length; i += 2) {
            (uint256 a, uint256 b) = (pairs[i], pairs[i + 1]);
            uint256 before = gasleft();
            sum ^= ${step};
            uint256 used = before - gasleft();
            if (used > most) most = used;
        }
        kept = sum;
    } }`;
}

/** What a game does with an element: it asks the set for the referee, the referee for the bits, and writes the verdict. */
const meter = `
pragma solidity ^0.8.24;
import {F32} from "@base/units/contracts/F32.sol";
import {IReferee} from "@protocols/verify/contracts/IReferee.sol";
import {RefereeSet} from "@protocols/verify/contracts/RefereeSet.sol";
contract Meter {
    uint256 public kept;
    function ask(RefereeSet set, IReferee.Case calldata x, bytes calldata openings) public view returns (uint256) {
        return set.refereeOf(x.op).element(x, openings);
    }
    function settle(RefereeSet set, IReferee.Case calldata x, bytes calldata openings, uint256 claimed) external {
        kept = ask(set, x, openings) == claimed ? 2 : 1;
    }
${["idle", "add", "mul", "div", "sqrt"].map(loop).join("\n")}
}`;

/** Gas of one arithmetic operation and of one referee transaction, intrinsic cost and calldata included. */
export interface GasFigures {
  readonly "disputes.f32.add.gas": number;
  readonly "disputes.f32.mul.gas": number;
  readonly "disputes.f32.div.gas": number;
  readonly "disputes.f32.sqrt.gas": number;
  readonly "disputes.element.f32.k1024.gas": number;
  readonly "disputes.element.f32.k256.gas": number;
  readonly "disputes.element.int8.k1024.gas": number;
}

/** Compiles with the production settings and measures in process. */
export async function measureGas(): Promise<GasFigures> {
  const { abi, bytecode } = await compile();
  const { default: hre } = await import("hardhat");
  const network = await hre.network.create();
  const request = (method: string, params: unknown[]) =>
    network.provider.request({ method, params }) as Promise<unknown>;
  const [from] = (await request("eth_accounts", [])) as [Hex];
  const send = async (transaction: object) => {
    const hash = await request("eth_sendTransaction", [{ from, gas: "0xf00000", ...transaction }]);
    const receipt = (await request("eth_getTransactionReceipt", [hash])) as Record<string, Hex>;
    assert.equal(receipt["status"], "0x1");
    return receipt;
  };
  const to = (await send({ data: bytecode }))["contractAddress"];
  const call = async (functionName: string, args: unknown[]) => {
    const data = encodeFunctionData({ abi, functionName, args });
    return BigInt((await request("eth_call", [{ from, to, data }])) as Hex);
  };

  const referee = (await send({ data: dotRefereeBytecode }))["contractAddress"] as Hex;
  const ops = [OPCODES.matmulT, OPCODES.matmulInt8T];
  const args = [ops, ops.map(() => referee)] as const;
  const set = (await send({ data: encodeDeployData({ abi: refereeSetAbi, bytecode: refereeSetBytecode, args }) }))[
    "contractAddress"
  ];

  const pairs = normalPairs(1000);
  const most = async (operation: string) => Number(await call(operation, [pairs]));
  const idle = await most("idle");
  const [add, mul, div] = [(await most("add")) - idle, (await most("mul")) - idle, (await most("div")) - idle];
  const sqrt = (await most("sqrt")) - idle;

  const element = async (k: number, integers: boolean) => {
    // Operands as large as a layer's: paths of ten hashes.
    const [m, n] = [1024, 1024].map((extent) => Math.ceil((extent * 1024) / k)) as [number, number];
    const values = (seed: number) =>
      integers
        ? Int8Array.from({ length: m * k }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 24) | 1)
        : Float32Array.from({ length: m * k }, (_, i) => ((Math.imul(i + seed, 2654435761) >>> 8) / 2 ** 24 - 0.5) * 3);
    const [a, b] = [values(1), values(77)];
    const [i, j] = [m - 3, n - 5];
    const op = integers ? "matmulInt8T" : "matmulT";
    const question: Question = {
      op,
      attrs: [],
      operands: [
        [m, k],
        [n, k],
      ],
      shape: [m, n],
      index: i * n + j,
    };
    const trees = [new TensorTree(a), new TensorTree(b)];
    const x = [set, refereeCase(question, trees), openingsFor(question, trees)];
    const truth = await call("ask", x);
    assert.equal(truth, reference(a, b, i * k, j * k, k));
    const data = encodeFunctionData({ abi, functionName: "settle", args: [...x, truth] });
    const receipt = (await send({ to, data }))["gasUsed"];
    assert.equal(await call("kept", []), 2n);
    return Number(receipt);
  };
  const [f32, short, int8] = [await element(1024, false), await element(256, false), await element(1024, true)];
  await network.close();
  return {
    "disputes.f32.add.gas": add,
    "disputes.f32.mul.gas": mul,
    "disputes.f32.div.gas": div,
    "disputes.f32.sqrt.gas": sqrt,
    "disputes.element.f32.k1024.gas": f32,
    "disputes.element.f32.k256.gas": short,
    "disputes.element.int8.k1024.gas": int8,
  };
}

/** The element as an unsigned word: bits of the binary32 sum, or the int8 sum in two's complement. */
function reference(
  a: Float32Array | Int8Array,
  b: Float32Array | Int8Array,
  row: number,
  column: number,
  k: number,
): bigint {
  let sum = 0;
  const round = a instanceof Float32Array ? Math.fround : (value: number) => value;
  for (let l = 0; l < k; l++) sum = round(sum + round((a[row + l] as number) * (b[column + l] as number)));
  if (!(a instanceof Float32Array)) return BigInt.asUintN(256, BigInt(sum));
  return BigInt(new Uint32Array(Float32Array.of(sum).buffer)[0] as number);
}

/** Operands of magnitudes 2^-20 to 2^20, every second pair of opposite sign and close, so that leading bits cancel. */
function normalPairs(count: number): number[] {
  const pairs: number[] = [];
  for (let i = 0; i < count; i++) {
    const draw = (salt: number) => Math.imul(i * 8 + salt, 2654435761) >>> 0;
    const field = (107 + (draw(1) % 40)) << 23;
    const a = field | (draw(2) >>> 9);
    const near = (a ^ (draw(3) >>> (9 + (draw(4) % 22)))) >>> 0;
    const far = ((107 + (draw(5) % 40)) << 23) | (draw(6) >>> 9) | (draw(7) & 0x80000000);
    pairs.push(a, i % 2 ? (near | 0x80000000) >>> 0 : far >>> 0);
  }
  return pairs;
}

async function compile(): Promise<{ abi: Abi; bytecode: Hex }> {
  const require = createRequire(import.meta.url);
  const solc = require("solc") as { compile(input: string, callbacks: object): string };
  const { default: hre } = await import("hardhat");
  const [production] = hre.config.solidity.profiles["production"]?.compilers ?? [];
  assert(production, "the repository has no production profile");
  const input = {
    language: "Solidity",
    sources: { "Meter.sol": { content: meter } },
    settings: {
      ...production.settings,
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const find = (path: string) => ({ contents: readFileSync(require.resolve(path), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  const errors = (output.errors ?? []).filter((error: { severity: string }) => error.severity === "error");
  assert.deepEqual(errors, []);
  const { Meter } = output.contracts["Meter.sol"];
  return { abi: Meter.abi, bytecode: `0x${Meter.evm.bytecode.object}` };
}
