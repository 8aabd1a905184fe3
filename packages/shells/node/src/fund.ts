import type { Chain, WriteOptions } from "@machines/chain";
import { InsufficientFundsError } from "@machines/chain/errors.ts";
import type { LocalAccount } from "viem";
import type { Keystore } from "./keystore.ts";

/** Ether that every identity of a devnet gets, in wei: far more than its gas will cost. */
const DEVNET_WEI = 10n ** 20n;

/** Tops up every identity of a development chain with ether. */
export async function fund(chain: Chain, keys: Keystore): Promise<void> {
  for (const name of keys.names()) {
    const { address } = keys.get(name);
    const balance = await chain.client.getBalance({ address });
    if (balance < DEVNET_WEI / 10n) await chain.dev?.fund(address, DEVNET_WEI);
  }
}

/**
 * The same chain; on a development chain an identity of this folder that cannot pay (its key was made after the node
 * started) is given ether, and what it wanted is sent once more. Other chains are left as they are.
 */
export function paying(chain: Chain, keys: Keystore): Chain {
  if (chain.dev === undefined) return chain;
  const own = (account: LocalAccount) => keys.names().some((name) => keys.get(name).address === account.address);
  const again = async <T>(account: LocalAccount, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof InsufficientFundsError) || !own(account)) throw error;
      await chain.dev?.fund(account.address, DEVNET_WEI);
      return await send();
    }
  };
  const paid: Pick<Chain, "write" | "deploy"> = {
    write: (account, contract, functionName, args?: readonly unknown[], options?: WriteOptions) =>
      again(account, () => chain.write(account, contract, functionName, args, options)),
    deploy: (account, contract) => again(account, () => chain.deploy(account, contract)),
  };
  return new Proxy(chain, {
    get(target, key) {
      if (key === "write" || key === "deploy") return paid[key];
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
