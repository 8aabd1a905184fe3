import { defineAction, defineCapability } from "@kernel/capability";
import * as shape from "./shapes.ts";
import { migrations } from "./tables.ts";

/** Models trained so that anybody can train them again and get the same bytes. */
export const training = defineCapability({
  name: "training",
  summary: "Train models on published data, run them, and repeat their training.",
  actions: [
    defineAction({
      name: "training.train",
      summary: "Train a model on data assets and publish it with the receipt of its training.",
      kind: "write",
      input: shape.trainInput,
      output: shape.trainOutput,
      positional: ["data"],
      errors: ["NoAccessError", "NotFoundError", "InvalidInputError", "TrainingStoppedError", "ContractRevertError"],
      load: async () => (await import("./train.ts")).train,
    }),
    defineAction({
      name: "training.suggest",
      summary: "Write a recipe for data assets and a target column.",
      kind: "read",
      input: shape.suggestInput,
      output: shape.suggestOutput,
      positional: ["data"],
      errors: ["NotFoundError", "InvalidInputError"],
      load: async () => (await import("./suggest.ts")).suggest,
    }),
    defineAction({
      name: "training.images",
      summary: "Publish a folder or ZIP of PNG images, one folder a class, as a table to train on.",
      kind: "write",
      input: shape.imagesInput,
      output: shape.imagesOutput,
      positional: ["path"],
      errors: ["NotFoundError", "InvalidInputError", "ContractRevertError"],
      load: async () => (await import("./images.ts")).images,
    }),
    defineAction({
      name: "training.schema",
      summary: "Print the JSON Schema of recipes, for editors and other tools.",
      kind: "read",
      input: shape.schemaInput,
      output: shape.schemaOutput,
      load: async () => (await import("./schema.ts")).schema,
    }),
    defineAction({
      name: "training.run",
      summary: "Run a model on rows of a data asset or a CSV.",
      kind: "read",
      input: shape.runInput,
      output: shape.runOutput,
      positional: ["model", "data"],
      errors: ["NotFoundError", "InvalidInputError", "TableError"],
      load: async () => (await import("./run.ts")).run,
    }),
    defineAction({
      name: "training.explain",
      summary: "Run a model and say in words what moved its answer.",
      kind: "read",
      input: shape.runInput,
      output: shape.explainOutput,
      positional: ["model", "data"],
      errors: ["NotFoundError", "InvalidInputError", "TableError"],
      load: async () => (await import("./explain.ts")).explain,
    }),
  ],
  migrations,
  verifiers: { "assay/run/1": async () => (await import("./verifyRun.ts")).verifyRun },
});
