import { type Backend, makeChain } from "../client.ts";
import type { Chain } from "../types.ts";
import { Devnet, type DevnetOptions } from "./devnet.ts";
import { type RpcServer, serveRpc } from "./server.ts";

export interface EmbeddedOptions extends Partial<DevnetOptions> {
  /** Data folder; nothing is written outside it. */
  readonly dir: string;
  /** HTTP port on 127.0.0.1; 0 or left out takes a free one, `false` opens none. */
  readonly port?: number | false;
}

/** Opens the embedded chain with its HTTP door. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Chain & { readonly devnet: Devnet }> {
  const devnet = await Devnet.open({ clock: Date.now, ...options });
  let server: RpcServer | undefined;
  try {
    server = options.port === false ? undefined : await serveRpc(devnet, options.port);
  } catch (error) {
    await devnet.close();
    throw error;
  }
  const backend: Backend = {
    kind: "embedded",
    chainId: devnet.chainId,
    rpc: devnet,
    sendRaw: (raw) => devnet.send(raw),
    simulateOn: "pending",
    trustNonces: Infinity,
    poll: { first: 5, most: 50, patience: 10_000 },
    fees: async () => ({ type: "eip1559", maxFeePerGas: devnet.maxFeePerGas, maxPriorityFeePerGas: 0n }),
    settled: async () => devnet.head.number,
    dev: {
      advance: async (seconds) => void (await devnet.advance(seconds)),
      fund: async (address, wei) => void (await devnet.fund(address, wei)),
      mine: async (n) => void (await devnet.mine(n)),
    },
    ...(server === undefined ? {} : { url: server.url }),
    close: async () => {
      await server?.close();
      await devnet.close();
    },
  };
  return { ...makeChain(backend), devnet };
}
