import { defineCapability } from "@kernel/capability";
import { coverAbi } from "./abi.ts";
import { actions } from "./actions.ts";
import { limitsOf } from "./limits.ts";
import { migrations } from "./tables.ts";

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
    { kind: "cover.decide", load: async () => (await import("./keeper.ts")).decide },
    { kind: "cover.expire", load: async () => (await import("./keeper.ts")).expire },
    { kind: "cover.settle", load: async () => (await import("./keeper.ts")).settle },
  ],
  verifiers: {
    "assay/payout/1": async () => (await import("./verify.ts")).verify,
    "transform:cover/wrsi/1": async () => (await import("./verifyLabel.ts")).verifyLabel,
  },
});
