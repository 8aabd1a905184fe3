import { defineAction, defineCapability } from "@kernel/capability";
import * as shape from "./shapes.ts";

/** What a regulator asks of a model, answered from what is on record, with the gaps named. */
export const dossier = defineCapability({
  name: "dossier",
  summary: "Technical documentation of a model, answered from records, with its gaps.",
  actions: [
    defineAction({
      name: "dossier.write",
      summary: "Write a model's file for the EU AI Act (Annex IV, Article 12): answers with proofs, and gaps.",
      kind: "read",
      input: shape.writeInput,
      output: shape.writeOutput,
      positional: ["model", "out"],
      errors: ["NotFoundError", "InvalidInputError", "IntegrityError"],
      load: async () => (await import("./write.ts")).write,
    }),
  ],
});
