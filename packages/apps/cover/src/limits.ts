import { InvalidInputError } from "@base/errors";
import { WAD } from "@base/units/wad.ts";
import { z } from "zod";

const share = z.bigint().positive().max(WAD);
const seconds = z.bigint().nonnegative().max(31_536_000n);

/** Bounds of a product, as ICover.Limits has them: shares and rates WAD, periods in seconds, money in units of the asset. */
export const limitsSchema = z.strictObject({
  maxRiskShare: share,
  maxClusterShare: share,
  minPremiumRate: z.bigint().nonnegative().max(WAD),
  notice: seconds,
  minClaimPeriod: seconds,
  maxClaimPeriod: seconds,
  minSumInsured: z.bigint().positive(),
  maxOracleFee: z.bigint().nonnegative(),
  historic: z.boolean(),
});

export type Limits = z.output<typeof limitsSchema>;

/** For seasons that lie ahead: a week's notice, sales end before the season, at most a quarter of the pool in one risk. */
export const productionLimits: Limits = {
  maxRiskShare: WAD / 4n,
  maxClusterShare: WAD / 2n,
  minPremiumRate: WAD / 200n,
  notice: 604_800n,
  minClaimPeriod: 259_200n,
  maxClaimPeriod: 5_184_000n,
  minSumInsured: WAD,
  maxOracleFee: 100n * WAD,
  historic: false,
};

/** For replays of past seasons on a devnet: no notice, no calendar. */
export const devnetLimits: Limits = {
  ...productionLimits,
  maxRiskShare: WAD / 2n,
  maxClusterShare: (WAD * 8n) / 10n,
  notice: 0n,
  minClaimPeriod: 3_600n,
  historic: true,
};

/** Limits from deployment settings: `devnet`, `production` (unless said), or all of them. Throws InvalidInputError. */
export function limitsOf(setting: unknown): Limits {
  if (setting === undefined || setting === "production") return productionLimits;
  if (setting === "devnet") return devnetLimits;
  const parsed = limitsSchema.safeParse(setting);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InvalidInputError(`cover limits: ${issue?.path.join(".")} ${issue?.message}`, {
    hints: ['Use "devnet", "production" or an object with every limit.'],
  });
}
