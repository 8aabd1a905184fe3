import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Contract } from "@machines/chain";
import { ContractRevertError } from "@machines/chain/errors.ts";
import { type Address, erc20Abi } from "viem";
import { coverPoolAbi, coverRulesAbi } from "./abi.ts";
import type { Limits } from "./limits.ts";
import { type Risk, type RiskStatus, riskStatuses, type Terms } from "./terms.ts";

type Needs = Pick<Context, "chain" | "contracts">;

/** The product's pool: an ERC-4626 vault that only this product may lock. */
export async function poolOf(context: Needs): Promise<Contract> {
  return { address: (await context.chain.read(context.contracts.get("Cover"), "pool")) as Address, abi: coverPoolAbi };
}

/** The ERC-20 of premiums and payouts. */
export async function assetOf(context: Needs): Promise<Contract> {
  return { address: (await context.chain.read(await poolOf(context), "asset")) as Address, abi: erc20Abi };
}

/** The bounds that the product was deployed with. */
export async function readLimits(context: Needs): Promise<Limits> {
  const address = (await context.chain.read(context.contracts.get("Cover"), "rules")) as Address;
  return (await context.chain.read({ address, abi: coverRulesAbi }, "limits")) as Limits;
}

/** Terms and sums of a risk from the chain; throws NotFoundError for an unknown id. */
export async function readRisk(
  context: Needs,
  riskId: bigint,
): Promise<{ terms: Terms; risk: Risk; status: RiskStatus }> {
  const cover = context.contracts.get("Cover");
  try {
    const [terms, risk] = (await Promise.all([
      context.chain.read(cover, "terms", [riskId]),
      context.chain.read(cover, "risk", [riskId]),
    ])) as [Terms, Risk];
    return { terms, risk, status: riskStatuses[risk.status] ?? "none" };
  } catch (cause) {
    if (!(cause instanceof ContractRevertError) || cause.data.errorName !== "UnknownRisk") throw cause;
    throw new NotFoundError(`there is no risk ${riskId}`, {
      cause,
      hints: ["`assay cover list` shows the risks on sale."],
      data: { risk: riskId.toString() },
    });
  }
}
