import type { Hex } from "viem";

/** Terms of a risk, as ICover.Terms has them: WAD for ratios and rates, units of the asset for money, Unix seconds. */
export interface Terms {
  readonly modelId: bigint;
  readonly policyId: Hex;
  readonly label: Hex;
  readonly inputHash: Hex;
  readonly clusterId: Hex;
  /** Days since 1970-01-01, both included. */
  readonly seasonStart: number;
  readonly seasonEnd: number;
  readonly salesStart: bigint;
  readonly salesEnd: bigint;
  readonly maturity: bigint;
  readonly claimDeadline: bigint;
  readonly trigger: bigint;
  readonly exit: bigint;
  readonly tsi: bigint;
  readonly premiumRate: bigint;
  readonly cap: bigint;
  readonly clusterCap: bigint;
  readonly oracleFee: bigint;
  readonly callbackGas: number;
}

/** The running sums of a risk, as ICover.Risk has them. */
export interface Risk {
  readonly insured: bigint;
  readonly capital: bigint;
  readonly premium: bigint;
  readonly claims: bigint;
  readonly status: number;
  readonly openIndex: number;
  readonly policies: number;
  readonly settled: number;
  readonly cursor: number;
  readonly ratio: bigint;
  readonly share: bigint;
  readonly requestId: Hex;
}

/** Names of ICover.Status by number. */
export const riskStatuses = ["none", "open", "requested", "decided", "expired"] as const;
export type RiskStatus = (typeof riskStatuses)[number];

/** Names of ICover.PolicyStatus by number. */
export const policyStatuses = ["none", "active", "claimed", "paid", "lapsed", "refundable", "refunded"] as const;
export type PolicyStatus = (typeof policyStatuses)[number];

/** Policies of a risk are numbered from 1; the id is risk * POLICIES_PER_RISK + number. */
export const POLICIES_PER_RISK = 1_000_000n;

const DAY = 86_400_000;

/** Days since 1970-01-01 of a date YYYY-MM-DD. */
export function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY;
}

/** YYYY-MM-DD of a number of days since 1970-01-01. */
export function dateOf(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}
