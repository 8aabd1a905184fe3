import type { Hash } from "@base/bytes/hash.ts";
import { type SolidityTwin, solidityTwin } from "@base/testkit/solidity.ts";
import { fromHexBits, toHexBits } from "@machines/engine/bits.ts";
import type { Attributes } from "@machines/engine/graph/ir.ts";
import { reference as expOf } from "@machines/engine/ops/exp/reference.ts";
import { reference as logOf } from "@machines/engine/ops/log/reference.ts";
import type { Reference } from "@machines/engine/ops/op.ts";
import { reference as sigmoidOf } from "@machines/engine/ops/sigmoid/reference.ts";
import { reference as softplusOf } from "@machines/engine/ops/softplus/reference.ts";
import { reference as tanhOf } from "@machines/engine/ops/tanh/reference.ts";
import type { Opening, TensorTree } from "../src/openTensor.ts";

/** A contract that lends every referee an external function. */
const source = `
pragma solidity ^0.8.24;
import {MerkleTensor} from "@protocols/verify/contracts/MerkleTensor.sol";
import {DotReferee} from "@protocols/verify/contracts/DotReferee.sol";
import {ElementwiseReferee} from "@protocols/verify/contracts/ElementwiseReferee.sol";
import {LayoutReferee} from "@protocols/verify/contracts/LayoutReferee.sol";
import {ReduceReferee} from "@protocols/verify/contracts/ReduceReferee.sol";
import {WindowReferee} from "@protocols/verify/contracts/WindowReferee.sol";
contract Twin {
    function unfolded(bytes32 root, WindowReferee.Window calldata w, uint256 i, MerkleTensor.Opening[] calldata o) external view returns (uint256) { return WindowReferee.unfolded(root, w, i, o); }
    function folded(bytes32 root, WindowReferee.Window calldata w, uint256 i, MerkleTensor.Opening[] calldata o) external view returns (uint256) { return WindowReferee.folded(root, w, i, o); }
    function maxPooled(bytes32 root, WindowReferee.Window calldata w, uint256 i, MerkleTensor.Opening[] calldata o) external view returns (uint256) { return WindowReferee.maxPooled(root, w, i, o); }
    function averagePooled(bytes32 root, WindowReferee.Window calldata w, uint256 i, MerkleTensor.Opening[] calldata o) external view returns (uint256) { return WindowReferee.averagePooled(root, w, i, o); }
    function read(bytes32 root, uint256 width, uint256 size, uint256 from, uint256 count, MerkleTensor.Opening[] calldata o) external view returns (bytes memory) {
        return MerkleTensor.read(root, width, size, from, count, o);
    }
    function names(bytes32 root, MerkleTensor.Named calldata x) external view returns (bool) { return MerkleTensor.names(root, x); }
    function dot(DotReferee.Product calldata x) external view returns (uint256) { return DotReferee.f32(x); }
    function dotRange(DotReferee.Product calldata x, uint256 first, uint256 last, uint256 sum) external view returns (uint256) {
        return DotReferee.f32Range(x, first, last, sum);
    }
    function dotInt8(DotReferee.Product calldata x) external view returns (int256) { return DotReferee.int8Sum(x); }
    function requantise(int256 sum, uint256 m, uint256 s, int256 zero) external pure returns (int256) { return DotReferee.requantise(sum, m, s, zero); }
    function unary(ElementwiseReferee.Op op, MerkleTensor.Tensor calldata x, uint256 i) external view returns (uint256) {
        return ElementwiseReferee.unary(op, x, i);
    }
    function binary(ElementwiseReferee.Op op, MerkleTensor.Tensor calldata a, MerkleTensor.Tensor calldata b, uint256 i) external view returns (uint256) {
        return ElementwiseReferee.binary(op, a, b, i);
    }
    function compute(ElementwiseReferee.Op op, bytes calldata xs) external pure returns (bytes memory out) {
        out = new bytes(xs.length);
        for (uint256 i = 0; i < xs.length; i += 4) {
            uint256 z = ElementwiseReferee.compute(op, uint32(bytes4(xs[i:i + 4])));
            assembly ("memory-safe") {
                let at := add(add(out, 32), i)
                mstore(at, or(shl(224, z), and(mload(at), shr(32, not(0)))))
            }
        }
    }
    function reshaped(MerkleTensor.Tensor calldata x, uint256[] calldata shape, uint256 i) external view returns (uint256) { return LayoutReferee.reshaped(x, shape, i); }
    function transposed(MerkleTensor.Tensor calldata x, uint256 i) external view returns (uint256) { return LayoutReferee.transposed(x, i); }
    function permuted(MerkleTensor.Tensor calldata x, uint256[] calldata perm, uint256 i) external view returns (uint256) { return LayoutReferee.permuted(x, perm, i); }
    function rowSum(ReduceReferee.Row calldata row) external view returns (uint256) { return ReduceReferee.rowSum(row); }
    function columnSum(ReduceReferee.Row calldata row) external view returns (uint256) { return ReduceReferee.columnSum(row); }
    function softmax(ReduceReferee.Row calldata row, uint256 j) external view returns (uint256) { return ReduceReferee.softmax(row, j); }
    function logSumExp(ReduceReferee.Row calldata row) external view returns (uint256) { return ReduceReferee.logSumExp(row); }
}`;

/** Every referee in an EVM. */
export const refereeTwin = () => solidityTwin(source, "Twin");

/** A fixed function of the contract on many patterns. */
export async function computeAll(twin: SolidityTwin, op: string, xs: Float32Array): Promise<string> {
  let answer = "";
  for (let from = 0; from < xs.length; from += 500) {
    const part = `0x${toHexBits(xs.subarray(from, from + 500))}`;
    answer += ((await twin.call("compute", [ELEMENTWISE.indexOf(op), part])) as string).slice(2);
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

/** Order of `ElementwiseReferee.Op`. */
export const ELEMENTWISE = [
  "add",
  "sub",
  "mul",
  "div",
  "gate",
  "relu",
  "sqrt",
  "exp",
  "log",
  "tanh",
  "sigmoid",
  "softplus",
];

/** A case of the engine's vector files; numbers are bit patterns, 8 hexadecimal digits each. */
export interface Vector {
  readonly shapes: readonly (readonly number[])[];
  readonly attrs?: Attributes;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** Tensor `index` of a case: shape and values. */
export function operand(vector: Vector, index: number): { shape: readonly number[]; values: Float32Array } {
  return { shape: vector.shapes[index] as readonly number[], values: fromHexBits(vector.inputs[index] as string) };
}

/** The transposed row-major matrix. */
export function transposed<T extends Float32Array | Int8Array>(values: T, rows: number, columns: number): T {
  const turned = values.slice() as T;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j] as number;
  return turned;
}

/** What `DotReferee.Product` holds. */
export interface Product {
  left: Hash;
  right: Hash;
  m: bigint;
  k: bigint;
  n: bigint;
  i: bigint;
  j: bigint;
  row: Opening[];
  column: Opening[];
}

/** Opens element [i, j] of a [m, k] x [k, n] product; `turned` is the transposed right operand. */
export function product(
  left: TensorTree,
  turned: TensorTree,
  [m, k, n]: readonly [number, number, number],
  i: number,
  j: number,
  [first, last]: readonly [number, number] = [0, k],
): Product {
  return {
    left: left.root,
    right: turned.root,
    m: BigInt(m),
    k: BigInt(k),
    n: BigInt(n),
    i: BigInt(i),
    j: BigInt(j),
    row: left.open(i * k + first, last - first),
    column: turned.open(j * k + first, last - first),
  };
}
