import { defineAction, defineCapability } from "@kernel/capability";
import { address, hash, uint } from "@kernel/capability/schemas.ts";
import { z } from "zod";
import { ledgerMigration } from "./ledger.ts";
import { storyMigration } from "./loop/story.ts";

const step = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(["running", "done", "failed"]),
  detail: z.string(),
  startedAt: z.number(),
  ms: z.number(),
  result: z.json(),
});

/** What a node tells about itself. */
export const node = defineCapability({
  name: "node",
  summary: "Look at this node: its chain, contracts, identities, transactions and story.",
  migrations: [ledgerMigration, storyMigration],
  actions: [
    defineAction({
      name: "node.status",
      summary: "Show the chain, contracts, identities and duties of this node.",
      kind: "read",
      input: z.object({}),
      output: z.object({
        chain: z.object({
          kind: z.string(),
          id: z.number(),
          url: z.string().nullable(),
          head: uint,
          settled: uint,
          timestamp: uint,
        }),
        contracts: z.array(z.object({ name: z.string(), address, block: uint })),
        identities: z.array(z.object({ name: z.string(), address, wei: uint, currency: uint })),
        duties: z.object({
          operators: z.array(z.string()),
          watchers: z.array(z.string()),
          panelists: z.array(z.string()),
          keeper: z.string().nullable(),
          peers: z.array(z.string()),
        }),
        database: z.string(),
        jobs: z.record(z.string(), z.number()),
      }),
      load: async () => (await import("./status.ts")).status,
    }),
    defineAction({
      name: "node.story",
      summary: "Show the steps of the loop that this node has run.",
      kind: "read",
      input: z.object({}),
      output: z.object({ steps: z.array(step) }),
      load: async () => (await import("./status.ts")).story,
    }),
    defineAction({
      name: "node.transactions",
      summary: "List the newest transactions this node has sent, with their gas.",
      kind: "read",
      input: z.object({ limit: z.int().min(1).max(500).default(50) }),
      output: z.object({
        transactions: z.array(
          z.object({
            tx: hash,
            sender: address,
            action: z.string(),
            gas: z.number(),
            block: z.number(),
            sentAt: z.number(),
          }),
        ),
      }),
      load: async () => (await import("./status.ts")).transactions,
    }),
  ],
});
