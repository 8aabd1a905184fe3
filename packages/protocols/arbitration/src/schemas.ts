import { amount, hash, identity, page, uint } from "@kernel/capability/schemas.ts";
import { z } from "zod";

// Inputs and outputs of the room's actions, apart from their logic so that listing them loads nothing else.

const dispute = z.object({
  id: uint,
  client: z.string(),
  subject: hash,
  defence: hash,
  claim: hash,
  openedAt: uint,
  tx: hash,
  moves: z.array(
    z.object({ move: z.enum(["commit", "reveal"]), member: z.string(), result: hash.nullable(), tx: hash }),
  ),
  ruling: z.object({ ruling: z.string(), result: hash, reward: uint, burned: uint, tx: hash }).nullable(),
});

export const showInput = z.object({ id: uint });
export const showOutput = dispute;

export const listInput = z.object({ limit: page.limit });
export const listOutput = z.object({ disputes: z.array(dispute) });

export const joinInput = z.object({
  amount: amount(),
  as: identity.optional().describe("Identity that acts; the node's own unless said."),
});
export const joinOutput = z.object({ member: z.string(), free: uint, locked: uint, tx: hash });
