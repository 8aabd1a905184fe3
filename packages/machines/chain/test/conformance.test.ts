import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChainOptions, openChain } from "../src/index.ts";
import { conformance, type Subject } from "./conformance.ts";

async function local(make: (dir: string) => ChainOptions, overRpc: boolean): Promise<Subject> {
  const dir = await mkdtemp(join(tmpdir(), "assay-chain-"));
  const host = await openChain(make(dir));
  if (host.dev === undefined || host.url === undefined) throw new Error("a local chain has dev tools and a url");
  const chain = overRpc ? await openChain({ kind: "rpc", url: host.url, chainId: host.chainId }) : host;
  return {
    chain,
    dev: host.dev,
    close: async () => {
      await chain.close();
      await host.close();
      await rm(dir, { recursive: true });
    },
  };
}

const embedded = (dir: string): ChainOptions => ({ kind: "embedded", dir });
const anvil = (dir: string): ChainOptions => ({ kind: "anvil", dir });

conformance("embedded", () => local(embedded, false));
conformance("anvil", () => local(anvil, false));
conformance("rpc to the embedded chain", () => local(embedded, true));
conformance("rpc to anvil", () => local(anvil, true));
