import { address, bps, hash, int, uint } from "@kernel/capability/schemas.ts";
import { z } from "zod";

/** What is asked (IOracle.Request): token units for money, Unix seconds for instants. */
export const requestSchema = z.object({
  requester: address,
  policyId: hash,
  modelId: uint,
  inputHash: hash,
  valueAtRisk: uint,
  fee: uint,
  callbackGas: z.int().min(0).max(5_000_000),
  expiry: uint,
  salt: hash,
});

/** An answer (IOracle.Answer): `output` is signed fixed point, 1e18 = 1. */
export const answerSchema = z.object({
  output: int,
  confidenceBps: bps,
  whyHash: hash,
  evidenceRoot: hash,
  producedAt: uint,
  validUntil: uint,
});

/** Terms of a policy (IOracle.Policy): seconds for window and courtTime, token units for bond. */
export const policySchema = z.object({
  operators: z.array(address).max(64),
  threshold: z.int().min(1).max(32),
  window: z.int().min(0),
  courtTime: z.int().min(0),
  bond: uint,
  royaltyBps: bps,
  arbiter: address,
});

export type Request = z.output<typeof requestSchema>;
export type Answer = z.output<typeof answerSchema>;
export type Policy = z.output<typeof policySchema>;

/** Status of a request, in the order of the contract's enum. */
export const statuses = ["none", "open", "answered", "disputed", "final", "undelivered", "void"] as const;
export type Status = (typeof statuses)[number];

/** Rulings in the order of IArbiter.Ruling. */
export const rulings = ["pending", "defence", "claim", "neither", "refused"] as const;
export type Ruling = (typeof rulings)[number];
