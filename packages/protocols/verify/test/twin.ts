import type { Hash } from "@base/bytes/hash.ts";
import { solidityTwin } from "@base/testkit/solidity.ts";
import { fromHexBits } from "@machines/engine/bits.ts";
import type { Opening, TensorTree } from "../src/openTensor.ts";

/** A contract that lends every referee an external function. */
const source = `
pragma solidity ^0.8.24;
import {MerkleTensor} from "@protocols/verify/contracts/MerkleTensor.sol";
import {DotReferee} from "@protocols/verify/contracts/DotReferee.sol";
import {ElementwiseReferee} from "@protocols/verify/contracts/ElementwiseReferee.sol";
import {LayoutReferee} from "@protocols/verify/contracts/LayoutReferee.sol";
import {ReduceReferee} from "@protocols/verify/contracts/ReduceReferee.sol";
contract Twin {
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
        for (uint256 i = 0; i < xs.length; i += 4) out = bytes.concat(out, bytes4(uint32(ElementwiseReferee.compute(op, uint32(bytes4(xs[i:i + 4]))))));
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
  readonly attrs?: { readonly perm?: readonly number[]; readonly shape?: readonly number[] };
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
