import type { OpName } from "@machines/engine/commit/opcodes.ts";
import type { Hex } from "viem";
import {
  boostRefereeBytecode,
  dotRefereeBytecode,
  elementwiseRefereeBytecode,
  layoutRefereeBytecode,
  reduceRefereeBytecode,
  treeRefereeBytecode,
  windowRefereeBytecode,
} from "./bytecode.ts";

/** The referee contracts with the operators that each settles: what a `RefereeSet` is deployed with. */
export const REFEREES: readonly { readonly name: string; readonly bytecode: Hex; readonly ops: readonly OpName[] }[] = [
  { name: "LayoutReferee", bytecode: layoutRefereeBytecode, ops: ["reshape", "transpose", "permute", "fill"] },
  {
    name: "ElementwiseReferee",
    bytecode: elementwiseRefereeBytecode,
    ops: ["add", "sub", "mul", "div", "gate", "relu", "sqrt", "exp", "log", "tanh", "sigmoid", "softplus", "clip"],
  },
  { name: "DotReferee", bytecode: dotRefereeBytecode, ops: ["matmulT", "matmulInt8T", "requantise"] },
  { name: "ReduceReferee", bytecode: reduceRefereeBytecode, ops: ["rowsum", "colsumT", "rowmaxFinite"] },
  {
    name: "WindowReferee",
    bytecode: windowRefereeBytecode,
    ops: ["unfold", "fold", "maxpool", "avgpool", "maxpoolgrad"],
  },
  { name: "TreeReferee", bytecode: treeRefereeBytecode, ops: ["treeLeaf", "treeScore", "treeExp", "treeAnswer"] },
  { name: "BoostReferee", bytecode: boostRefereeBytecode, ops: ["histogram", "splitOfFeature", "bestSplit"] },
];
