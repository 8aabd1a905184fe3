import { InvalidInputError } from "@base/errors";
import { mulDivDown, mulDown, mulUp, WAD } from "@base/units/wad.ts";

/** How a ratio pays; all WAD. Needs exit < trigger <= 1e18, 0 < tsi, tsi + exit <= 1e18 (SPEC C5). */
export interface PayoutTerms {
  /** From this ratio up nothing is paid. */
  readonly trigger: bigint;
  /** From this ratio down all of `tsi` is paid. */
  readonly exit: bigint;
  /** The largest share of the sum insured that is ever paid. */
  readonly tsi: bigint;
}

/** Throws InvalidInputError unless the terms fit each other as the contract wants them. SPEC C5. */
export function checkPayoutTerms({ trigger, exit, tsi }: PayoutTerms): void {
  if (exit >= 0n && trigger > exit && trigger <= WAD && tsi > 0n && tsi + exit <= WAD) return;
  throw new InvalidInputError(
    "the trigger must be above the exit and at most 1, the largest payout above 0, and largest payout plus exit at most 1",
    { data: { trigger: trigger.toString(), exit: exit.toString(), tsi: tsi.toString() } },
  );
}

/** The oracle's output (signed, 1e18 = 1) as a ratio in [0, 1e18]. */
export function clampRatio(output: bigint): bigint {
  if (output <= 0n) return 0n;
  return output > WAD ? WAD : output;
}

/** Share of the sum insured that a ratio pays, WAD: the contract's `Payout.share`; rounds down. SPEC C3. */
export function payoutShare(ratio: bigint, terms: PayoutTerms): bigint {
  if (ratio >= terms.trigger) return 0n;
  if (ratio <= terms.exit) return terms.tsi;
  return mulDivDown(terms.tsi, terms.trigger - ratio, terms.trigger - terms.exit);
}

/** What a policy gets when the oracle's output is `output`, in units of the asset: rounds down. SPEC C3. */
export function payoutOf(sumInsured: bigint, output: bigint, terms: PayoutTerms): bigint {
  return mulDown(sumInsured, payoutShare(clampRatio(output), terms));
}

/** Premium of a policy in units of the asset: rounds up. SPEC C4. */
export function premiumOf(sumInsured: bigint, premiumRate: bigint): bigint {
  return mulUp(sumInsured, premiumRate);
}

/** Capital that a policy locks: the largest payout, rounded up. SPEC C4. */
export function capitalOf(sumInsured: bigint, tsi: bigint): bigint {
  return mulUp(sumInsured, tsi);
}
