import { defineAction, defineCapability } from "@kernel/capability";
import * as shape from "./rowShapes.ts";

/** Single rows of tables, provably in or not in a table or a model's training. */
export const row = defineCapability({
  name: "row",
  summary: "Prove of one row whether it is in a table, or trained or tested a model.",
  actions: [
    defineAction({
      name: "row.prove",
      summary: "Prove whether a row is in a table, or was used to train a model: yes or no.",
      // It shows a row and the secret of salted sets: not for everybody who can reach the node.
      kind: "write",
      input: shape.proveInput,
      output: shape.proveOutput,
      positional: ["of"],
      errors: ["NotFoundError", "InvalidInputError", "TableError"],
      load: async () => (await import("./proveRow.ts")).proveRow,
    }),
    defineAction({
      name: "row.verify",
      summary: "Check a row proof: statements, signatures, Merkle paths, chain.",
      kind: "read",
      input: shape.verifyInput,
      output: shape.verifyOutput,
      positional: ["file"],
      errors: ["NotFoundError", "InvalidInputError"],
      load: async () => (await import("./verifyRow.ts")).verifyRow,
    }),
  ],
});
