// What a node says of itself, and what every reading of its answers needs.
import { ApiError, call, type Int, read, type WireStatus } from "./api.ts";
import type { Hex, NodeStatus } from "./model.ts";

export const int = (value: Int | null | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

/** Leaves out fields that are undefined, so that optional fields stay absent. */
export function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

export async function readStatus(): Promise<NodeStatus> {
  const wire = await read<WireStatus>("node.status").catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return call("GET", "status", {}) as Promise<WireStatus>;
    throw error;
  });
  const { jobs, chain, duties } = wire;
  const rolesOf = (name: string) =>
    [
      duties?.operators.includes(name) ? "operator" : "",
      duties?.watchers.includes(name) ? "watcher" : "",
      duties?.panelists.includes(name) ? "panelist" : "",
      duties?.keeper === name ? "keeper" : "",
    ]
      .filter(Boolean)
      .join(", ") || undefined;
  return {
    version: wire.version ?? "",
    ...given({ currency: wire.currency, disk: wire.disk }),
    chain: {
      kind: chain.kind,
      chainId: chain.id,
      head: Number(chain.head),
      settled: Number(chain.settled),
      indexed: Number(wire.index?.block ?? chain.head),
      ...given({ timestamp: int(chain.timestamp) }),
    },
    contracts: (wire.contracts ?? []).map((c) => ({ name: c.name, address: c.address, block: Number(c.block) })),
    identities: wire.identities.map(({ name, address, currency }) => ({
      name,
      address,
      ...given({ role: rolesOf(name), balance: currency }),
    })),
    jobs: {
      queued: int(jobs["ready"]) ?? 0,
      running: int(jobs["running"]) ?? 0,
      done: int(jobs["done"]) ?? 0,
      failed: int(jobs["failed"]) ?? 0,
    },
  };
}

export type Names = (address: Hex | undefined) => string | undefined;
let knownNames: { readonly at: number; readonly names: Promise<Names> } | undefined;

/** Names of addresses: identities of this node and its contracts; asked again after 15 s. */
export function names(): Promise<Names> {
  if (knownNames && Date.now() - knownNames.at < 15_000) return knownNames.names;
  const found = readStatus().then(
    (status) => {
      const map = new Map([...status.contracts, ...status.identities].map((x) => [x.address.toLowerCase(), x.name]));
      return (address: Hex | undefined) => (address === undefined ? undefined : map.get(address.toLowerCase()));
    },
    (): Names => () => undefined,
  );
  knownNames = { at: Date.now(), names: found };
  return found;
}
