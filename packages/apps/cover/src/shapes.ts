// Inputs and outputs of this room's actions.
import {
  address,
  amount,
  day,
  file,
  hash,
  identity,
  int,
  page,
  seconds,
  uint,
  wad,
} from "@kernel/capability/schemas.ts";
import { z } from "zod";
import { policyStatuses, riskStatuses } from "./terms.ts";

const as = identity.optional().describe("Identity that acts; the node's first unless said.");
const ratio = (description: string) => amount(18, description);
const sent = { tx: hash, gasUsed: uint };

export const labelInput = z.object({
  asset: uint.describe("Id of a weather table with columns date, precipitation, temp_max, temp_min."),
  latitude: z.number().min(-60).max(60).default(47.6).describe("Degrees, north positive; Seattle unless said."),
  name: z.string().min(1).max(200).default("Water requirement satisfaction by day"),
  licence: z.string().min(1).max(200).default("LicenseRef-All-Rights-Reserved"),
  price: amount(18, "Price of access in whole units; 0 is free.").default(0n),
  royaltyBps: z.int().min(0).max(10_000).default(0),
  as,
});
export const labelOutput = z.looseObject({ id: z.string(), root: hash, rows: z.int() });

const split = z.string().regex(/^\d{4}-\d{4}$/, "expected two years such as 1930-1989");
export const reportInput = z.object({
  data: file("File of yields: columns year, state, yield, separated by tabs or commas."),
  trigger: ratio("Ratio of the yield to its mean from which nothing is paid.").default(750_000_000_000_000_000n),
  exit: ratio("Ratio from which down the most is paid.").default(100_000_000_000_000_000n),
  maxShare: ratio("Most that is paid, as a share of the sum insured.").default(900_000_000_000_000_000n),
  train: split.default("1930-1989").describe("Years that set the price."),
  test: split.default("1990-2011").describe("Years that test it."),
  credibility: z.number().positive().default(30).describe("Seasons at which own history counts half."),
});
export const reportOutput = z.object({
  areas: z.int(),
  trainSeasons: z.int(),
  testSeasons: z.int(),
  burnTrain: z.number().describe("Mean payout per sum insured in the training years."),
  burnTest: z.number(),
  lossRatio: z.number().describe("Payouts over premiums in the test years, without loading."),
  worstYear: z.object({ year: z.int(), lossRatio: z.number() }),
  capital99: z.number().describe("Capital per unit of yearly premium that covers 99 % of all years."),
  premiums: z.array(z.object({ area: z.string(), seasons: z.int(), rate: z.number() })),
});

export const createRiskInput = z.object({
  model: uint.describe("Asset id of the model that scores the season in [0, 1]; low is bad."),
  data: uint.describe("Asset id of the table that it is scored on."),
  from: day.describe("First day of the season."),
  to: day.describe("Last day of the season."),
  column: z.string().min(1).default("date").describe("The table's date column."),
  region: z.string().min(1).max(200).describe("What is insured where, in words."),
  cluster: z.string().min(1).max(200).optional().describe("Risks that may fail together; the region unless said."),
  policy: hash.optional().describe("The oracle's policy; the newest registered unless said."),
  trigger: ratio("Score from which nothing is paid.").default(850_000_000_000_000_000n),
  exit: ratio("Score from which down the most is paid.").default(250_000_000_000_000_000n),
  maxShare: ratio("Most that is paid, as a share of the sum insured.").default(750_000_000_000_000_000n),
  premiumRate: ratio("Premium per sum insured, e.g. 0.08."),
  cap: amount(18, "Most capital locked for this risk.").optional(),
  clusterCap: amount(18, "Most capital locked for its cluster; the cap unless said.").optional(),
  oracleFee: amount(18, "What the decision may cost.").default(1_000_000_000_000_000_000n),
  callbackGas: z.int().min(250_000).max(5_000_000).default(1_000_000),
  salesEnd: uint.optional().describe("Unix seconds; the season's first day, on a devnet a day from now, unless said."),
  maturity: uint.optional().describe("Unix seconds; after the season's last day, on a devnet the end of sales."),
  claimPeriod: seconds.optional().describe("Seconds from maturity in which a decision counts; the most unless said."),
  as,
});
export const createRiskOutput = z.object({ risk: uint, input: hash, label: hash, ...sent });

const money = amount(18, "Sum insured in whole units of the currency, e.g. 1000.");
export const quoteInput = z.object({ risk: uint, sumInsured: money });
export const quoteOutput = z.object({
  risk: uint,
  sumInsured: uint,
  premium: uint,
  capital: uint.describe("The most that the policy can pay."),
  available: uint.describe("Largest sum insured that is accepted now."),
  payouts: z.array(z.object({ score: wad, payout: uint })),
});

export const buyInput = z.object({
  risk: uint,
  sumInsured: money,
  maxPremium: amount(18, "Most that is paid; today's premium unless said.").optional(),
  to: address.optional().describe("Who holds the policy; the payer unless said."),
  as,
});
export const buyOutput = z.object({ policy: uint, risk: uint, holder: address, premium: uint, capital: uint, ...sent });

export const requestDecisionInput = z.object({ risk: uint, as });
export const requestDecisionOutput = z.object({
  risk: uint,
  decision: hash,
  already: z.boolean().describe("True when it had been asked before; nothing was sent then."),
  tx: hash.nullable(),
  gasUsed: uint.nullable(),
});

export const settleInput = z.object({
  risk: uint,
  max: z.int().min(1).max(10_000).default(100).describe("Policies to visit at most."),
  as,
});
export const settleOutput = z.object({
  risk: uint,
  status: z.enum(riskStatuses),
  settled: z.int(),
  left: z.int(),
  tx: hash.nullable(),
});

export const investInput = z.object({ amount: amount(18, "Capital in whole units of the currency."), as });
export const investOutput = z.object({ assets: uint, shares: uint, holds: uint, ...sent });

export const withdrawInput = z.object({ amount: amount(18, "All that may leave unless said.").optional(), as });
export const withdrawOutput = z.object({ assets: uint, shares: uint, holds: uint, ...sent });

export const collectInput = z.object({
  to: address.optional().describe("Where it goes; the identity itself unless said."),
  as,
});
export const collectOutput = z.object({ amount: uint, tx: hash.nullable() });

const policyFields = {
  id: uint,
  risk: uint,
  state: z.enum(policyStatuses),
  holder: address,
  seasonFrom: day,
  seasonTo: day,
  sumInsured: uint,
  premium: uint,
  trigger: wad,
  exit: wad,
  maxShare: wad,
  score: wad.nullable().describe("The decided score, once there is one."),
  payout: uint.nullable(),
  decisionId: hash.nullable(),
  tx: hash,
};
const riskFields = {
  id: uint,
  status: z.enum(riskStatuses),
  region: z.string().nullable(),
  seasonFrom: day,
  seasonTo: day,
  model: uint,
  trigger: wad,
  exit: wad,
  maxShare: wad,
  premiumRate: wad,
  salesStart: uint,
  salesEnd: uint,
  maturity: uint,
  claimDeadline: uint,
  insured: uint,
  capital: uint,
  policies: z.int(),
  settled: z.int(),
  decisionId: hash.nullable(),
  score: wad.nullable(),
};
const poolFields = z.object({
  address,
  assets: uint,
  locked: uint,
  free: uint,
  shares: uint,
  unearned: uint,
  claims: uint,
  premiums: uint.describe("All premiums ever taken."),
  payouts: uint.describe("All payouts ever made."),
});

export const listInput = z.object({ holder: address.optional(), risk: uint.optional(), ...page });
export const listOutput = z.object({
  policies: z.array(z.object(policyFields)),
  risks: z.array(z.object(riskFields)),
  pool: poolFields,
  next: z.string().nullable(),
});

export const showInput = z.object({ id: uint.describe("Id of a policy (1000001) or a risk (1).") });
export const showOutput = z.object({
  policy: z.object(policyFields).nullable(),
  risk: z.object({
    ...riskFields,
    output: int.nullable().describe("The oracle's output as it came, before it was clamped."),
    share: wad.nullable(),
    inputHash: hash,
    cap: uint,
    available: uint,
    now: uint.describe("Unix seconds of the newest block."),
  }),
  payout: z
    .object({
      to: address,
      amount: uint,
      delivered: z.boolean(),
      kind: z.enum(["paid", "refunded"]),
      tx: hash,
      at: uint,
    })
    .nullable(),
  season: z
    .array(z.object({ date: day, precipitation: z.number(), score: z.number().optional() }))
    .describe("The season's weather where this node has it, with the water index of the season so far."),
});
