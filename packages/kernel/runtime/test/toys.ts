// A room of toys that shows each side of an action: bigints, progress, errors, files, a slow write.
import { IntegrityError, InvalidInputError, NotFoundError, UnavailableError } from "@base/errors";
import { defineAction, defineCapability } from "@kernel/capability";
import { amount, file, hash, uint } from "@kernel/capability/schemas.ts";
import { z } from "zod";

export const counters = { writes: 0 };
let release: (() => void) | undefined;

/** Lets a slow write go on. */
export const letGo = (): void => release?.();

const refusals: Readonly<Record<string, () => Error>> = {
  user: () => new InvalidInputError("row 3 is ragged", { hints: ["Mend row 3."], data: { row: 3n } }),
  missing: () => new NotFoundError("no such toy"),
  integrity: () => new IntegrityError("the hash differs"),
  away: () => new UnavailableError("come back"),
  bug: () => new TypeError("secret internals at /home/someone"),
};

export const toys = defineCapability({
  name: "toys",
  summary: "Toys for tests.",
  actions: [
    defineAction({
      name: "toys.add",
      summary: "Add two numbers.",
      kind: "read",
      positional: ["a", "b"],
      input: z.object({
        a: uint,
        b: uint.default(1n),
        tags: z.array(z.string()).default([]),
        times: z.int().min(1).default(1),
      }),
      output: z.object({ sum: uint, tags: z.array(z.string()), root: hash }),
      load:
        async () =>
        async (_, { a, b, tags, times }) => ({ sum: (a + b) * BigInt(times), tags, root: `0x${"0".repeat(64)}` }),
    }),
    defineAction({
      name: "toys.buy",
      summary: "Buy a toy.",
      kind: "write",
      positional: ["name"],
      input: z.object({
        name: z.string().min(1).describe("Which toy."),
        price: amount().default(0n),
        slow: z.boolean().default(false),
      }),
      output: z.object({ name: z.string(), price: uint, count: z.int() }),
      errors: ["NotFoundError"],
      load:
        async () =>
        async (context, { name, price, slow }) => {
          context.progress({ label: "wrapping", done: 1, total: 2, unit: "toys" });
          if (slow) {
            await new Promise<void>((resolve) => {
              release = resolve;
            });
          }
          context.progress({ label: "wrapping", done: 2, total: 2, unit: "toys" });
          return { name, price, count: ++counters.writes };
        },
    }),
    defineAction({
      name: "toys.refuse",
      summary: "Fail in a way.",
      kind: "write",
      input: z.object({ how: z.enum(["user", "missing", "integrity", "away", "bug", "lie"]) }),
      output: z.object({ ok: z.literal(true) }),
      load:
        async () =>
        async (_, { how }) => {
          const error = refusals[how]?.();
          if (error) throw error;
          return { ok: false } as never;
        },
    }),
    defineAction({
      name: "toys.read",
      summary: "Read a file.",
      kind: "write",
      positional: ["path"],
      input: z.object({ path: file("The file.") }),
      output: z.object({ path: z.string() }),
      load:
        async () =>
        async (_, { path }) => ({ path }),
    }),
  ],
});
