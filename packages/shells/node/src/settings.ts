import { InvalidInputError } from "@base/errors";
import type { Chain } from "@machines/chain";
import type { Config } from "./config.ts";
import type { Keystore } from "./keystore.ts";

const UNIT = 10n ** 18n;

/** Constructor settings of the contracts. On a development chain everything has a default; elsewhere the currency must be named. */
export function deploymentSettings(
  config: Config,
  keys: Keystore,
  chain: Pick<Chain, "dev">,
): Readonly<Record<string, unknown>> {
  if (!chain.dev && config.currency === undefined) {
    throw new InvalidInputError("Name the ERC-20 that everything is paid in.", {
      hints: ["Set --currency 0x... or ASSAY_CURRENCY."],
      data: { setting: "currency" },
    });
  }
  const members = config.panelists.map((name) => keys.ensure(name).address);
  if (members.length === 0) {
    throw new InvalidInputError("The re-execution panel needs members.", {
      hints: ["Set --panelists or ASSAY_PANELISTS to the names of three or more keys."],
      data: { setting: "panelists" },
    });
  }
  return {
    currency: config.currency,
    panelMembers: members,
    panelQuorum: BigInt(Math.floor(members.length / 2) + 1),
    panelTerms: {
      stake: 100n * UNIT,
      fee: 50n * UNIT,
      commitPeriod: 3_600,
      revealPeriod: 3_600,
      exitDelay: 86_400,
      penaltyBps: 5_000,
    },
    underwriter: keys.ensure("underwriter").address,
    coverLimits: chain.dev ? "devnet" : "production",
  };
}
