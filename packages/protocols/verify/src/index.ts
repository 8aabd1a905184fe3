import { defineAction, defineCapability } from "@kernel/capability";
import { contracts } from "./contracts.ts";
import * as schema from "./schemas.ts";
import { migrations } from "./tables.ts";

/** Attempts of what a bond depends on: with pauses of at most five minutes, a chain may be out of reach for days. */
const PATIENT = 2_000;

/** Claims about runs, and games that find the one operation in which a wrong run goes wrong. */
export const disputes = defineCapability({
  name: "disputes",
  summary: "Stand for a run's result, challenge wrong ones, and have the chain find out who is right.",
  contracts,
  migrations,
  events: async () => (await import("./events.ts")).events,
  actions: [
    defineAction({
      name: "disputes.claim",
      summary: "Stand with a bond for the training run of a published model.",
      kind: "write",
      input: schema.claimInput,
      output: schema.claimOutput,
      positional: ["model"],
      load: async () => (await import("./claim.ts")).claim,
    }),
    defineAction({
      name: "disputes.job",
      summary: "Derive the job of a model's training run from its data and recipe, and see who stands for it.",
      kind: "read",
      input: schema.jobInput,
      output: schema.jobOutput,
      positional: ["model"],
      load: async () => (await import("./claim.ts")).job,
    }),
    defineAction({
      name: "disputes.answer",
      summary: "Stand with a bond for what a published model answers on an input.",
      kind: "write",
      input: schema.answerInput,
      output: schema.answerOutput,
      positional: ["model"],
      errors: ["NotFoundError", "InvalidInputError", "TableError", "ContractRevertError"],
      load: async () => (await import("./answer.ts")).answer,
    }),
    defineAction({
      name: "disputes.challenge",
      summary: "Run a claim's job again and challenge the claim if its result differs.",
      kind: "write",
      input: schema.challengeInput,
      output: schema.challengeOutput,
      positional: ["claim"],
      load: async () => (await import("./watch.ts")).challenge,
    }),
    defineAction({
      name: "disputes.watch",
      summary: "Follow claims, run a share of them again, and challenge those that are wrong.",
      kind: "write",
      input: schema.watchInput,
      output: schema.watchOutput,
      load: async () => (await import("./watch.ts")).watch,
    }),
    defineAction({
      name: "disputes.deposit",
      summary: "Move currency into the ledger that bonds are taken from.",
      kind: "write",
      input: schema.depositInput,
      output: schema.depositOutput,
      positional: ["amount"],
      load: async () => (await import("./claim.ts")).deposit,
    }),
    defineAction({
      name: "disputes.withdraw",
      summary: "Take free currency out of the ledger.",
      kind: "write",
      input: schema.depositInput,
      output: schema.depositOutput,
      positional: ["amount"],
      load: async () => (await import("./claim.ts")).withdraw,
    }),
    defineAction({
      name: "disputes.show",
      summary: "Show one game move by move: step, operator, element, both values, who is right.",
      kind: "read",
      input: schema.showInput,
      output: schema.showOutput,
      positional: ["game"],
      load: async () => (await import("./show.ts")).show,
    }),
    defineAction({
      name: "disputes.list",
      summary: "List the newest games.",
      kind: "read",
      input: schema.listInput,
      output: schema.listOutput,
      load: async () => (await import("./show.ts")).list,
    }),
    defineAction({
      name: "disputes.claims",
      summary: "List the newest claims with what this node found.",
      kind: "read",
      input: schema.claimsInput,
      output: schema.claimsOutput,
      load: async () => (await import("./show.ts")).claims,
    }),
  ],
  jobs: [
    { kind: "disputes.check", attempts: PATIENT, load: async () => (await import("./watch.ts")).check },
    { kind: "disputes.play", attempts: PATIENT, load: async () => (await import("./play.ts")).play },
    { kind: "disputes.timeout", attempts: PATIENT, load: async () => (await import("./play.ts")).timeout },
    { kind: "disputes.forget", load: async () => (await import("./states.ts")).forget },
    { kind: "disputes.finalise", attempts: PATIENT, load: async () => (await import("./play.ts")).finalise },
  ],
});
