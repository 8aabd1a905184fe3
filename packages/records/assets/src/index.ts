import { defineAction, defineCapability } from "@kernel/capability";
import { assetsAbi } from "./abi.ts";
import * as shape from "./shapes.ts";
import { migrations } from "./tables.ts";

const publish = defineAction({
  name: "assets.publish",
  summary: "Publish a file of any kind: chunks, Merkle root, profile, signed statement, one asset on chain.",
  kind: "write",
  input: shape.publishInput,
  output: shape.publishOutput,
  positional: ["file"],
  errors: ["InvalidInputError", "NotFoundError", "ContractRevertError"],
  load: async () => (await import("./publish.ts")).publish,
});
// biome-ignore format: one action a line
const actions = [
  publish,
  defineAction({ name: "assets.derive", summary: "Publish a table made from other assets, with its lineage.", kind: "write", input: shape.deriveInput, output: shape.deriveOutput, positional: ["file"], errors: ["NoAccessError", "InvalidInputError", "NotFoundError", "ContractRevertError"], load: async () => (await import("./derive.ts")).derive }),
  defineAction({ name: "assets.profile", summary: "What a file or an asset holds: schema, statistics, likely personal data.", kind: "read", input: shape.profileInput, output: shape.profileOutput, positional: ["file"], errors: ["FormatError", "InvalidInputError", "NotFoundError"], load: async () => (await import("./profile.ts")).profile }),
  defineAction({ name: "assets.drift", summary: "How a table's columns moved from one version to another.", kind: "read", input: shape.driftInput, output: shape.driftOutput, positional: ["before", "after"], errors: ["FormatError", "InvalidInputError", "NotFoundError"], load: async () => (await import("./drift.ts")).drift }),
  defineAction({ name: "assets.download", summary: "Write an asset's bytes, or a CAR of its stored blocks, to a file.", kind: "write", input: shape.downloadInput, output: shape.downloadOutput, positional: ["id", "out"], errors: ["NotFoundError", "InvalidInputError", "IntegrityError"], load: async () => (await import("./download.ts")).download }),
  defineAction({ name: "assets.import", summary: "Publish the file inside a CAR.", kind: "write", input: shape.importInput, output: shape.publishOutput, positional: ["file"], errors: ["InvalidInputError", "NotFoundError", "IntegrityError", "ContractRevertError"], load: async () => (await import("./importCar.ts")).importCar }),
  defineAction({ name: "assets.possession", summary: "Show that this node holds an asset's bytes: sectors that a seed chooses, with their paths.", kind: "write", input: shape.possessionInput, output: shape.possessionOutput, positional: ["id"], errors: ["InvalidInputError", "NotFoundError"], load: async () => (await import("./possession.ts")).possession }),
  defineAction({ name: "assets.pin", summary: "Have an asset's stored bytes kept on IPFS.", kind: "write", input: shape.pinInput, output: shape.pinOutput, positional: ["id"], errors: ["InvalidInputError", "NotFoundError", "UnavailableError"], load: async () => (await import("./pin.ts")).pin }),
  defineAction({ name: "assets.show", summary: "Show one asset: owner, price, lineage shares, statement.", kind: "read", input: shape.showInput, output: shape.showOutput, positional: ["id"], errors: ["NotFoundError"], load: async () => (await import("./show.ts")).show }),
  defineAction({ name: "assets.list", summary: "List assets.", kind: "read", input: shape.listInput, output: shape.listOutput, load: async () => (await import("./list.ts")).list }),
  defineAction({ name: "assets.buy", summary: "Buy access to an asset; the price is split along its lineage.", kind: "write", input: shape.buyInput, output: shape.buyOutput, positional: ["id"], errors: ["InvalidInputError", "NotFoundError", "ContractRevertError"], load: async () => (await import("./buy.ts")).buy }),
  defineAction({ name: "assets.withdraw", summary: "Withdraw what sales have credited to you.", kind: "write", input: shape.withdrawInput, output: shape.withdrawOutput, load: async () => (await import("./withdraw.ts")).withdraw }),
  defineAction({ name: "assets.offer", summary: "Change an asset's price or take it off sale.", kind: "write", input: shape.offerInput, output: shape.offerOutput, positional: ["id"], errors: ["InvalidInputError", "NotFoundError", "ContractRevertError"], load: async () => (await import("./offer.ts")).offer }),
  defineAction({ name: "assets.trace", summary: "Trace anything down to the data it stands on and up to what was made from it.", kind: "read", input: shape.traceInput, output: shape.traceOutput, positional: ["id"], errors: ["NotFoundError", "InvalidInputError"], load: async () => (await import("./trace.ts")).trace }),
  defineAction({ name: "assets.export", summary: "Write anything with all it stands on as Croissant, PROV, OpenLineage, SLSA, model card, CycloneDX or SPDX.", kind: "read", input: shape.exportInput, output: shape.exportOutput, positional: ["id"], errors: ["NotFoundError", "InvalidInputError"], load: async () => (await import("./export.ts")).exportAsset }),
  defineAction({ name: "assets.receipt", summary: "Gather the receipt of anything, down to the data, for others to verify.", kind: "read", input: shape.receiptInput, output: shape.receiptOutput, positional: ["id"], errors: ["NotFoundError", "InvalidInputError"], load: async () => (await import("./receipt.ts")).receipt }),
  defineAction({ name: "assets.verify", summary: "Check a receipt against hashes, signatures, chain and bytes.", kind: "read", input: shape.verifyInput, output: shape.verifyOutput, positional: ["file"], errors: ["InvalidInputError", "NotFoundError"], load: async () => (await import("./verify.ts")).verify }),
];

/** What exists, whose it is, what came from what: data, derived data and models as assets. */
export const assets = defineCapability({
  name: "assets",
  summary: "Data and model assets with lineage, price and royalties.",
  contracts: [
    {
      name: "Assets",
      abi: assetsAbi,
      bytecode: async () => (await import("./bytecode.ts")).assetsBytecode,
      args: (_addresses, settings) => [settings["currency"]],
    },
  ],
  migrations,
  events: async () => (await import("./events.ts")).events,
  actions,
  jobs: [
    {
      kind: "assets.describe",
      indexes: true,
      attempts: 20,
      load: async () => (await import("./describe.ts")).describe,
    },
  ],
});
