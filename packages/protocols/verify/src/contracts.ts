import type { ContractDefinition } from "@kernel/capability";
import { OPCODES } from "@machines/engine/commit/opcodes.ts";
import { answerCourtAbi, courtAbi, disputesAbi, iRefereeAbi, refereeSetAbi, verdictsAbi } from "./abi.ts";
import { REFEREES } from "./referees.ts";

/** Terms of the game on a deployment that names none: bonds in the currency's 18 decimals, times in seconds. */
const TERMS = { claimBond: 100n * 10n ** 18n, challengeBond: 20n * 10n ** 18n, window: 86_400, clock: 86_400 };

/** Seconds in which a party before the answer court must stand; a claim's window is at least three times as long. */
const COURT_TIME = 21_600;

/** Errors that a call of the game may come back with: its own, the verdicts' and the referees'. */
export const gameAbi = [
  ...disputesAbi,
  ...[...verdictsAbi, ...iRefereeAbi].filter(({ type }) => type === "error"),
] as unknown as typeof disputesAbi;

/** Referees, the set of them, the verdicts, the game and the courts over it, in the order of their deployment. */
export const contracts: readonly ContractDefinition[] = [
  ...REFEREES.map(({ name, bytecode }) => ({ name, abi: iRefereeAbi, bytecode: async () => bytecode })),
  {
    name: "RefereeSet",
    abi: refereeSetAbi,
    bytecode: async () => (await import("./bytecode.ts")).refereeSetBytecode,
    args: (addresses) => {
      const all = REFEREES.flatMap(({ name, ops }) => ops.map((op) => ({ op: OPCODES[op], at: addresses[name] })));
      return [all.map(({ op }) => op), all.map(({ at }) => at)];
    },
  },
  {
    name: "Verdicts",
    abi: verdictsAbi,
    bytecode: async () => (await import("./bytecode.ts")).verdictsBytecode,
    args: (addresses) => [addresses["RefereeSet"]],
  },
  {
    name: "Disputes",
    abi: gameAbi,
    bytecode: async () => (await import("./bytecode.ts")).disputesBytecode,
    args: (addresses, settings) => [settings["currency"], addresses["Verdicts"], settings["disputeTerms"] ?? TERMS],
  },
  {
    name: "Court",
    abi: courtAbi,
    bytecode: async () => (await import("./bytecode.ts")).courtBytecode,
    args: (addresses) => [addresses["Disputes"]],
  },
  {
    name: "AnswerCourt",
    abi: answerCourtAbi,
    bytecode: async () => (await import("./bytecode.ts")).answerCourtBytecode,
    args: (addresses, settings) => [addresses["Disputes"], settings["answerCourtTime"] ?? COURT_TIME],
  },
];
