import { defineAction, defineCapability } from "@kernel/capability";
import * as shape from "./reportShapes.ts";
import { reportMigrations } from "./tables.ts";

/** What a model does to groups, and which rows its answers come from: measured, signed, and measured again by others. */
export const reports = defineCapability({
  name: "report",
  summary: "Measure what a model does to groups, trace answers to training rows, and check both again.",
  actions: [
    defineAction({
      name: "report.fairness",
      summary: "Measure what a model does to each group of a table, and sign the report.",
      kind: "write",
      input: shape.fairnessInput,
      output: shape.fairnessOutput,
      positional: ["model"],
      errors: ["NotFoundError", "InvalidInputError", "TableError"],
      load: async () => (await import("./fairness.ts")).fairness,
    }),
    defineAction({
      name: "report.influence",
      summary: "Trace one answer to the training rows that moved it most, and sign the trace.",
      kind: "write",
      input: shape.influenceInput,
      output: shape.influenceOutput,
      positional: ["model", "data"],
      errors: ["NotFoundError", "InvalidInputError", "TableError"],
      load: async () => (await import("./influence.ts")).influence,
    }),
    defineAction({
      name: "report.list",
      summary: "List the signed reports about a model.",
      kind: "read",
      input: shape.listInput,
      output: shape.listOutput,
      positional: ["model"],
      load: async () => (await import("./listReports.ts")).listReports,
    }),
    defineAction({
      name: "report.verify",
      summary: "Measure a report again: the same model and data must give the same bytes.",
      kind: "read",
      input: shape.verifyInput,
      output: shape.verifyOutput,
      positional: ["report"],
      errors: ["NotFoundError", "InvalidInputError"],
      load: async () => (await import("./verifyReport.ts")).verifyReport,
    }),
  ],
  migrations: reportMigrations,
  observe: async () => (await import("./reportEvents.ts")).onPublished,
  jobs: [
    {
      kind: "report.record",
      indexes: true,
      attempts: 20,
      load: async () => (await import("./recordReports.ts")).recordReports,
    },
  ],
  verifiers: {
    "assay/fairness/2": async () => (await import("./verifyReport.ts")).checkReport,
    "assay/influence/1": async () => (await import("./verifyReport.ts")).checkReport,
  },
});
