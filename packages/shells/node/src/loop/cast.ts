import { freeBond } from "@protocols/oracle/operators.ts";
import { fundLedger } from "@protocols/oracle/deposit.ts";
import { erc20Abi, type Hex } from "viem";
import { fund } from "../fund.ts";
import type { Node } from "../node.ts";

/** One unit of the currency, in base units. */
export const UNIT = 10n ** 18n;

/** Who plays a part in the loop, besides the node's operators, watchers, panelists and keeper. */
export const parts = ["owner", "modeller", "farmer", "investor", "underwriter"] as const;

/** Currency that each part starts with on a development chain, in whole units. */
const PURSE = 1_000_000n;

/**
 * Makes sure that everybody is there, has gas and currency, and that operators, watchers and panel members have put
 * up their bonds. What is there already is left as it is.
 */
export async function gatherCast(node: Node): Promise<{ everybody: string[]; bonded: string[] }> {
  const { chain, keys, runtime } = node;
  const { context } = runtime;
  const { operators, watchers, panelists, keeper } = context.duties;
  for (const name of parts) keys.ensure(name);
  await fund(chain, keys);
  const currency = context.contracts.get("Currency");
  const everybody = [...new Set([...parts, ...operators, ...watchers, ...panelists, ...(keeper ? [keeper] : [])])];
  for (const name of everybody) {
    const { address, account } = keys.get(name);
    const balance = (await chain.read({ address: currency.address, abi: erc20Abi }, "balanceOf", [address])) as bigint;
    if (balance < (PURSE * UNIT) / 4n) await chain.write(account, currency, "faucet", [address, PURSE * UNIT]);
  }
  const bonded: string[] = [];
  for (const [names, amount] of [
    [operators, 10_000n],
    [watchers, 10_000n],
  ] as const) {
    for (const name of names) {
      const identity = keys.get(name);
      if ((await freeBond(context, identity.address)) < (amount * UNIT) / 2n) {
        await fundLedger(context, "Oracle", identity, amount * UNIT);
        bonded.push(name);
      }
    }
  }
  const disputes = context.contracts.get("Disputes");
  for (const name of watchers) {
    const identity = keys.get(name);
    const [free] = (await chain.read(disputes, "account", [identity.address])) as [bigint, bigint];
    if (free < 1_000n * UNIT) await fundLedger(context, "Disputes", identity, 2_000n * UNIT);
  }
  const panel = context.contracts.get("Panel");
  const members = ((await chain.read(panel, "members")) as Hex[]).map((member) => member.toLowerCase());
  for (const name of panelists) {
    const identity = keys.get(name);
    if (!members.includes(identity.address.toLowerCase())) continue;
    const [free, locked] = (await chain.read(panel, "account", [identity.address])) as [bigint, bigint];
    if (free + locked < 500n * UNIT) {
      await fundLedger(context, "Panel", identity, 1_000n * UNIT);
      bonded.push(name);
    }
  }
  return { everybody, bonded };
}
