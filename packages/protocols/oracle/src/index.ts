import { defineAction, defineCapability } from "@kernel/capability";
import { oracleAbi } from "./abi.ts";
import * as schema from "./schemas.ts";
import { migrations } from "./tables.ts";

/** Attempts of what ends a decision: with pauses of at most five minutes, a chain may be out of reach for days. */
const PATIENT = 2_000;

/** Decisions: asked, answered by bonded operators, challenged by anyone, final, delivered and paid along the lineage. */
export const oracle = defineCapability({
  name: "oracle",
  summary: "Ask models for decisions that are bonded, explained, disputable and final.",
  contracts: [
    {
      name: "Oracle",
      abi: oracleAbi,
      bytecode: async () => (await import("./bytecode.ts")).oracleBytecode,
      args: (addresses, settings) => [settings["currency"], addresses["Assets"]],
    },
  ],
  migrations,
  events: async () => (await import("./events.ts")).events,
  actions: [
    defineAction({
      name: "oracle.decide",
      summary: "Ask a model about rows of a table and wait for the final answer with its reasons.",
      kind: "write",
      input: schema.decideInput,
      output: schema.decideOutput,
      positional: ["model"],
      load: async () => (await import("./decide.ts")).decide,
    }),
    defineAction({
      name: "oracle.request",
      summary: "Ask for a decision on a committed input, without waiting.",
      kind: "write",
      input: schema.requestInput,
      output: schema.requestOutput,
      load: async () => (await import("./request.ts")).request,
    }),
    defineAction({
      name: "oracle.challenge",
      summary: "Re-execute a decision and challenge it if its bytes differ.",
      kind: "write",
      input: schema.challengeInput,
      output: schema.challengeOutput,
      positional: ["id"],
      load: async () => (await import("./challenge.ts")).challenge,
    }),
    defineAction({
      name: "oracle.attest",
      summary: "Sign another operator's answer if this node's own re-execution agrees.",
      kind: "read",
      input: schema.attestInput,
      output: schema.attestOutput,
      load: async () => (await import("./attest.ts")).attest,
    }),
    defineAction({
      name: "oracle.registerPolicy",
      summary: "Register the terms under which decisions are answered.",
      kind: "write",
      input: schema.registerPolicyInput,
      output: schema.registerPolicyOutput,
      load: async () => (await import("./registerPolicy.ts")).registerPolicy,
    }),
    defineAction({
      name: "oracle.deposit",
      summary: "Move currency into the oracle's ledger as bond or for fees.",
      kind: "write",
      input: schema.depositInput,
      output: schema.depositOutput,
      positional: ["amount"],
      load: async () => (await import("./deposit.ts")).deposit,
    }),
    defineAction({
      name: "oracle.withdraw",
      summary: "Take free balance out of the oracle's ledger.",
      kind: "write",
      input: schema.withdrawInput,
      output: schema.withdrawOutput,
      load: async () => (await import("./withdraw.ts")).withdraw,
    }),
    defineAction({
      name: "oracle.show",
      summary: "Show one decision: answer, reasons, signers, window, disputes, payments.",
      kind: "read",
      input: schema.showInput,
      output: schema.showOutput,
      positional: ["id"],
      load: async () => (await import("./show.ts")).show,
    }),
    defineAction({
      name: "oracle.list",
      summary: "List the newest decisions.",
      kind: "read",
      input: schema.listInput,
      output: schema.listOutput,
      load: async () => (await import("./list.ts")).list,
    }),
  ],
  jobs: [
    { kind: "oracle.answer", attempts: 40, load: async () => (await import("./answer.ts")).answer },
    { kind: "oracle.watch", attempts: 40, load: async () => (await import("./watch.ts")).watch },
    { kind: "oracle.finalize", attempts: PATIENT, load: async () => (await import("./keeper.ts")).finalize },
    { kind: "oracle.resolve", attempts: PATIENT, load: async () => (await import("./keeper.ts")).resolve },
    { kind: "oracle.redeliver", attempts: PATIENT, load: async () => (await import("./keeper.ts")).redeliver },
    { kind: "oracle.distribute", attempts: PATIENT, load: async () => (await import("./keeper.ts")).distribute },
    { kind: "oracle.expire", attempts: PATIENT, load: async () => (await import("./keeper.ts")).expire },
  ],
  verifiers: { "assay/decision/1": async () => (await import("./verify.ts")).verify },
  offline: { "assay/decision/1": async () => (await import("./verifyOffline.ts")).verifyOffline },
});
