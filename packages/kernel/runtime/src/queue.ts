import { defineAction, defineCapability } from "@kernel/capability";
import { z } from "zod";

const job = z.object({
  kind: z.string(),
  key: z.string(),
  state: z.enum(["ready", "running", "done", "failed"]),
  attempts: z.int(),
  runAfter: z.number().describe("Milliseconds since 1970."),
  error: z.string().nullable(),
});

/** The queue of a node as actions of its own: look at the jobs, give a parked one a new life. */
export const queue = defineCapability({
  name: "jobs",
  summary: "Background work of this node.",
  actions: [
    defineAction({
      name: "jobs.list",
      summary: "Jobs of this node, newest change first.",
      kind: "read",
      input: z.object({
        state: job.shape.state.optional(),
        kind: z.string().optional(),
        limit: z.int().min(1).max(1_000).default(100),
      }),
      output: z.object({ jobs: z.array(job) }),
      load: async () => (await import("./queue-actions.ts")).list,
    }),
    defineAction({
      name: "jobs.retry",
      summary: "Give a job that was parked as failed a new life.",
      kind: "write",
      positional: ["kind", "key"],
      input: z.object({ kind: z.string(), key: z.string() }),
      output: z.object({ kind: z.string(), key: z.string() }),
      errors: ["NotFoundError"],
      load: async () => (await import("./queue-actions.ts")).retry,
    }),
  ],
});
