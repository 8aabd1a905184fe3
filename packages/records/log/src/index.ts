import { defineAction, defineCapability } from "@kernel/capability";
import { anchorAbi } from "@machines/log/abi.ts";
import { z } from "zod";
import * as shape from "./shapes.ts";
import { migrations } from "./tables.ts";

// biome-ignore format: one action a line
const actions = [
  defineAction({ name: "log.append", summary: "Put records on the log, where nobody can change or hide them.", kind: "write", input: shape.appendInput, output: shape.appendOutput, positional: ["file"], errors: ["InvalidInputError", "NotFoundError", "RecordTooLongError"], load: async () => (await import("./append.ts")).append }),
  defineAction({ name: "log.show", summary: "Show a record by its number, or the newest about something.", kind: "read", input: shape.showInput, output: shape.showOutput, positional: ["record"], errors: ["NotFoundError"], load: async () => (await import("./show.ts")).show }),
  defineAction({ name: "log.list", summary: "List records by kind and by what they are about, newest first.", kind: "read", input: shape.listInput, output: shape.listOutput, errors: ["InvalidInputError"], load: async () => (await import("./show.ts")).list }),
  defineAction({ name: "log.prove", summary: "Prove that a record stands in the log, for others to check offline.", kind: "read", input: shape.proveInput, output: shape.proveOutput, positional: ["record"], errors: ["NotFoundError", "InvalidInputError"], load: async () => (await import("./prove.ts")).prove }),
  defineAction({ name: "log.verify", summary: "Check a proof: record, path, signed head, witnesses, anchor.", kind: "read", input: shape.verifyInput, output: shape.verifyOutput, positional: ["file"], errors: ["InvalidInputError", "NotFoundError"], load: async () => (await import("./verify.ts")).verify }),
  defineAction({ name: "log.head", summary: "Show the log's newest head: size, root, keys, witnesses, anchors.", kind: "read", input: z.object({}), output: shape.headOutput, load: async () => (await import("./head.ts")).head }),
  defineAction({ name: "log.audit", summary: "Read a whole log and check every tile, record, signature and anchor.", kind: "read", input: shape.auditInput, output: shape.auditOutput, positional: ["url"], errors: ["IntegrityError", "InvalidInputError"], load: async () => (await import("./audit.ts")).audit }),
  defineAction({ name: "log.anchor", summary: "Anchor the log's newest head on chain.", kind: "write", input: shape.anchorInput, output: shape.anchorOutput, errors: ["NotFoundError", "ContractRevertError"], load: async () => (await import("./anchor.ts")).anchor }),
  defineAction({ name: "log.disclose", summary: "Show chosen fields of a sealed record, with proofs.", kind: "read", input: shape.discloseInput, output: shape.discloseOutput, errors: ["InvalidInputError"], load: async () => (await import("./disclose.ts")).disclose }),
];

/** Everything that happens to data, models and decisions, on a log that nobody can change or hide. */
export const log = defineCapability({
  name: "log",
  summary: "A verifiable log of everything that happens.",
  contracts: [
    {
      name: "Anchor",
      abi: anchorAbi,
      bytecode: async () => (await import("@machines/log/bytecode.ts")).anchorBytecode,
    },
  ],
  migrations,
  events: async () => (await import("./events.ts")).events,
  observe: async () => (await import("./observe.ts")).observe,
  actions,
  routes: [
    {
      method: "GET",
      path: "/log/*",
      kind: "read",
      summary: "The log's files (C2SP tlog-tiles).",
      load: async () => (await import("./tiles.ts")).tiles,
    },
    {
      method: "POST",
      path: "/witness/add-checkpoint",
      kind: "read",
      summary: "Witness of other logs (C2SP tlog-witness).",
      load: async () => (await import("./tiles.ts")).addCheckpoint,
    },
    {
      method: "POST",
      path: "/api/v1/lineage",
      kind: "write",
      summary: "An OpenLineage event.",
      load: async () => (await import("./openLineage.ts")).receive,
    },
    {
      method: "POST",
      path: "/api/v1/lineage/batch",
      kind: "write",
      summary: "OpenLineage events.",
      load: async () => (await import("./openLineage.ts")).receive,
    },
  ],
  jobs: [
    { kind: "log.record", attempts: 1_000, load: async () => (await import("./record.ts")).record },
    { kind: "log.tend", attempts: 1_000_000, load: async () => (await import("./tend.ts")).tend },
  ],
});
