import { cover } from "@apps/cover";
import { dossier } from "@apps/dossier";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { type Capability, defineCapability } from "@kernel/capability";
import { arbitration } from "@protocols/arbitration";
import { models } from "@protocols/models";
import { oracle } from "@protocols/oracle";
import { training } from "@protocols/training";
import { reports } from "@protocols/training/reports.ts";
import { disputes } from "@protocols/verify";
import { assets } from "@records/assets";
import { row } from "@records/assets/row.ts";
import { log } from "@records/log";
import { node } from "./capability.ts";

/** Every room that this product is composed of, lower floors first: the only list of them. */
export const capabilities: readonly Capability[] = [
  assets,
  row,
  log,
  training,
  reports,
  models,
  arbitration,
  oracle,
  disputes,
  cover,
  dossier,
  node,
];

/** A currency to try things out with; only for development chains, anybody can mint it. */
export const devnetCurrency = defineCapability({
  name: "devnet",
  summary: "A currency for development chains.",
  contracts: [
    {
      name: "Currency",
      abi: testTokenAbi,
      bytecode: async () => (await import("@base/testkit/bytecode.ts")).testTokenBytecode,
    },
  ],
});
