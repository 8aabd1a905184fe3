import type { ContractDefinition } from "@kernel/capability";
import { OPCODES, type OpName } from "@machines/engine/commit/opcodes.ts";
import {
  disputesAbi,
  dotRefereeAbi,
  elementwiseRefereeAbi,
  layoutRefereeAbi,
  reduceRefereeAbi,
  refereeSetAbi,
  verdictsAbi,
  windowRefereeAbi,
} from "./abi.ts";

/** Operators that each referee contract settles. */
export const REFEREE_OPS = {
  LayoutReferee: ["reshape", "transpose", "permute", "fill"],
  ElementwiseReferee: [
    ...(["add", "sub", "mul", "div", "gate", "relu", "sqrt"] as const),
    ...(["exp", "log", "tanh", "sigmoid", "softplus"] as const),
  ],
  DotReferee: ["matmulT", "matmulInt8T", "requantise"],
  ReduceReferee: ["rowsum", "colsumT", "rowmaxFinite"],
  WindowReferee: ["unfold", "fold", "maxpool", "avgpool", "maxpoolgrad"],
} as const satisfies Record<string, readonly OpName[]>;

/** Terms of the game on a deployment that names none: bonds in the currency's 18 decimals, times in seconds. */
const TERMS = { claimBond: 100n * 10n ** 18n, challengeBond: 20n * 10n ** 18n, window: 86_400, clock: 86_400 };

const code = (load: (module: typeof import("./bytecode.ts")) => `0x${string}`) => async () =>
  load(await import("./bytecode.ts"));

/** Referees, the set of them, the verdicts and the game, in the order of their deployment. */
export const contracts: readonly ContractDefinition[] = [
  { name: "LayoutReferee", abi: layoutRefereeAbi, bytecode: code((m) => m.layoutRefereeBytecode) },
  { name: "ElementwiseReferee", abi: elementwiseRefereeAbi, bytecode: code((m) => m.elementwiseRefereeBytecode) },
  { name: "DotReferee", abi: dotRefereeAbi, bytecode: code((m) => m.dotRefereeBytecode) },
  { name: "ReduceReferee", abi: reduceRefereeAbi, bytecode: code((m) => m.reduceRefereeBytecode) },
  { name: "WindowReferee", abi: windowRefereeAbi, bytecode: code((m) => m.windowRefereeBytecode) },
  {
    name: "RefereeSet",
    abi: refereeSetAbi,
    bytecode: code((m) => m.refereeSetBytecode),
    args: (addresses) => {
      const all = Object.entries(REFEREE_OPS).flatMap(([name, ops]) => ops.map((op) => [OPCODES[op], addresses[name]]));
      return [all.map(([op]) => op), all.map(([, address]) => address)];
    },
  },
  {
    name: "Verdicts",
    abi: verdictsAbi,
    bytecode: code((m) => m.verdictsBytecode),
    args: (addresses) => [addresses["RefereeSet"]],
  },
  {
    name: "Disputes",
    abi: [...disputesAbi, ...verdictsAbi.filter(({ type }) => type === "error")],
    bytecode: code((m) => m.disputesBytecode),
    args: (addresses, settings) => [settings["currency"], addresses["Verdicts"], settings["disputeTerms"] ?? TERMS],
  },
];
