import { defineCapability } from "@kernel/capability";
import { coverAbi } from "./abi.ts";
import { actions } from "./actions.ts";
import { limitsOf } from "./limits.ts";
import { migrations } from "./tables.ts";

/** Attempts of what a season ends with: with pauses of at most five minutes, a chain may be out of reach for days. */
const PATIENT = 2_000;

/** Area-index cover: one final decision settles all policies of a season, by a formula, from a pool of capital. */
export const cover = defineCapability({
  name: "cover",
  summary: "Cover against bad seasons, paid by a formula on a final decision.",
  contracts: [
    {
      name: "Cover",
      abi: coverAbi,
      bytecode: async () => (await import("./bytecode.ts")).coverBytecode,
      args: (addresses, settings) => [
        settings["currency"],
        addresses["Oracle"],
        settings["underwriter"],
        limitsOf(settings["coverLimits"]),
      ],
    },
  ],
  migrations,
  events: async () => (await import("./events.ts")).events,
  actions,
  jobs: [
    { kind: "cover.decide", attempts: PATIENT, load: async () => (await import("./keeper.ts")).decide },
    { kind: "cover.expire", attempts: PATIENT, load: async () => (await import("./keeper.ts")).expire },
    { kind: "cover.settle", attempts: PATIENT, load: async () => (await import("./keeper.ts")).settle },
  ],
  verifiers: {
    "assay/payout/1": async () => (await import("./verify.ts")).verify,
    "transform:cover/wrsi/1": async () => (await import("./verifyLabel.ts")).verifyLabel,
  },
  offline: { "assay/payout/1": async () => (await import("./verifyOffline.ts")).verifyOffline },
});
