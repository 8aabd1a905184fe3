import { defineAction, defineCapability } from "@kernel/capability";
import { coverAbi } from "./abi.ts";
import { limitsOf } from "./limits.ts";
import * as shape from "./shapes.ts";
import { migrations } from "./tables.ts";

// biome-ignore format: one action a line
const actions = [
  defineAction({ name: "cover.label", summary: "Publish a weather table with the water satisfaction index of each 90-day season.", kind: "write", input: shape.labelInput, output: shape.labelOutput, positional: ["asset"], errors: ["InvalidInputError", "NoAccessError", "NotFoundError"], load: async () => (await import("./label.ts")).label }),
  defineAction({ name: "cover.report", summary: "Price a product on a history of yields: burn, loss ratio, worst year, capital.", kind: "read", input: shape.reportInput, output: shape.reportOutput, positional: ["data"], errors: ["InvalidInputError", "NotFoundError"], load: async () => (await import("./report.ts")).report }),
  defineAction({ name: "cover.createRisk", summary: "Open a season of a region for sale.", kind: "write", input: shape.createRiskInput, output: shape.createRiskOutput, errors: ["InvalidInputError", "NotFoundError", "ContractRevertError"], load: async () => (await import("./createRisk.ts")).createRisk }),
  defineAction({ name: "cover.quote", summary: "What a policy would cost, and pay by score.", kind: "read", input: shape.quoteInput, output: shape.quoteOutput, positional: ["risk", "sumInsured"], errors: ["NotFoundError"], load: async () => (await import("./quote.ts")).quote }),
  defineAction({ name: "cover.buy", summary: "Buy a policy.", kind: "write", input: shape.buyInput, output: shape.buyOutput, positional: ["risk", "sumInsured"], errors: ["InvalidInputError", "NotFoundError", "ContractRevertError"], load: async () => (await import("./buy.ts")).buy }),
  defineAction({ name: "cover.requestDecision", summary: "Ask the oracle how a season was.", kind: "write", input: shape.requestDecisionInput, output: shape.requestDecisionOutput, positional: ["risk"], errors: ["NotFoundError", "ContractRevertError"], load: async () => (await import("./requestDecision.ts")).requestDecision }),
  defineAction({ name: "cover.settle", summary: "Pay the policies of a decided season, or refund those of one that nobody decided.", kind: "write", input: shape.settleInput, output: shape.settleOutput, positional: ["risk"], errors: ["InvalidInputError", "NotFoundError", "ContractRevertError"], load: async () => (await import("./settle.ts")).settle }),
  defineAction({ name: "cover.show", summary: "Show a policy or a risk: terms, score, payout, the season's weather.", kind: "read", input: shape.showInput, output: shape.showOutput, positional: ["id"], errors: ["NotFoundError"], load: async () => (await import("./show.ts")).show }),
  defineAction({ name: "cover.list", summary: "List policies, risks and the pool.", kind: "read", input: shape.listInput, output: shape.listOutput, errors: ["InvalidInputError"], load: async () => (await import("./list.ts")).list }),
  defineAction({ name: "cover.invest", summary: "Put capital behind the policies for pool shares.", kind: "write", input: shape.investInput, output: shape.investOutput, positional: ["amount"], errors: ["InvalidInputError", "ContractRevertError"], load: async () => (await import("./invest.ts")).invest }),
  defineAction({ name: "cover.withdraw", summary: "Take free capital out of the pool.", kind: "write", input: shape.withdrawInput, output: shape.withdrawOutput, positional: ["amount"], errors: ["InvalidInputError", "ContractRevertError"], load: async () => (await import("./withdraw.ts")).withdraw }),
  defineAction({ name: "cover.collect", summary: "Fetch payouts that the currency could not deliver.", kind: "write", input: shape.collectInput, output: shape.collectOutput, errors: ["ContractRevertError"], load: async () => (await import("./collect.ts")).collect }),
];

/** Area-index cover: one final decision settles all policies of a season, by a formula, from a pool of capital. */
export const cover = defineCapability({
  name: "cover",
  summary: "Cover against bad seasons, paid by a formula on a final decision.",
  // biome-ignore format: one contract a line
  contracts: [{ name: "Cover", abi: coverAbi, bytecode: async () => (await import("./bytecode.ts")).coverBytecode, args: (addresses, settings) => [settings["currency"], addresses["Oracle"], settings["underwriter"], limitsOf(settings["coverLimits"])] }],
  migrations,
  events: async () => (await import("./events.ts")).events,
  actions,
  jobs: [
    { kind: "cover.decide", load: async () => (await import("./keeper.ts")).decide },
    { kind: "cover.expire", load: async () => (await import("./keeper.ts")).expire },
    { kind: "cover.settle", load: async () => (await import("./keeper.ts")).settle },
  ],
  verifiers: { "assay/payout/1": async () => (await import("./verify.ts")).verify },
});
