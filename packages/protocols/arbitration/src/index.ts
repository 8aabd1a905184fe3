import { defineAction, defineCapability } from "@kernel/capability";
import { panelAbi } from "./abi.ts";
import * as schema from "./schemas.ts";
import { migrations } from "./tables.ts";

/** A court: bonded members who re-execute, commit, reveal; the majority rules. */
export const arbitration = defineCapability({
  name: "arbitration",
  summary: "Rule on disputed decisions by a bonded panel that re-executes.",
  contracts: [
    {
      name: "Panel",
      abi: panelAbi,
      bytecode: async () => (await import("./bytecode.ts")).panelBytecode,
      args: (_addresses, settings) => [
        settings["currency"],
        settings["panelMembers"],
        settings["panelQuorum"],
        settings["panelTerms"],
      ],
    },
  ],
  migrations,
  events: async () => (await import("./events.ts")).events,
  actions: [
    defineAction({
      name: "arbitration.show",
      summary: "Show one dispute move by move.",
      kind: "read",
      input: schema.showInput,
      output: schema.showOutput,
      positional: ["id"],
      load: async () => (await import("./show.ts")).show,
    }),
    defineAction({
      name: "arbitration.list",
      summary: "List the newest disputes.",
      kind: "read",
      input: schema.listInput,
      output: schema.listOutput,
      load: async () => (await import("./show.ts")).list,
    }),
    defineAction({
      name: "arbitration.join",
      summary: "Put up a panel member's bond.",
      kind: "write",
      input: schema.joinInput,
      output: schema.joinOutput,
      positional: ["amount"],
      load: async () => (await import("./join.ts")).join,
    }),
  ],
  jobs: [
    { kind: "arbitration.commit", attempts: 40, load: async () => (await import("./vote.ts")).commit },
    { kind: "arbitration.reveal", attempts: 40, load: async () => (await import("./vote.ts")).reveal },
    { kind: "arbitration.settle", attempts: 2_000, load: async () => (await import("./vote.ts")).settle },
  ],
});
