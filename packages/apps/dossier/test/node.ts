// A node with the rooms that a dossier gathers from, and a log.
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";
import { generateSigner, openLog } from "@machines/log";
import { LogKeeper } from "@machines/log/keeper.ts";
import { join } from "node:path";
import { training } from "@protocols/training";
import { reports } from "@protocols/training/reports.ts";
import { assets } from "@records/assets";
import { log } from "@records/log";
import { dossier } from "../src/index.ts";

export interface DossierNode extends Pick<TestNode, "context" | "dir" | "close"> {
  call<T>(name: string, input?: unknown): Promise<T>;
  /** Resolves once the log has the chain's events. */
  recorded(about: string): Promise<void>;
}

const origin = "dossier.example/log";
const now = () => Date.UTC(2026, 0, 31, 12);

/** Starts a node whose clock stands still. */
export async function startNode(): Promise<DossierNode> {
  const records = async (dir: string) => {
    const signers = [generateSigner(origin, "ed25519")];
    return new LogKeeper({
      log: await openLog({ dir: join(dir, "log"), origin, signers, now }),
      trust: { origin, keys: signers.map(({ verifier }) => verifier) },
      delay: 20,
    });
  };
  const node = await startTestNode({
    capabilities: [assets, log, training, reports, dossier],
    names: ["owner"],
    duties: { keeper: "owner" },
    clock: now,
    records,
  });
  const call = async <T>(name: string, input: unknown = {}): Promise<T> => (await node.runtime.call(name, input)) as T;
  return {
    ...node,
    call,
    async recorded(about) {
      for (let tries = 0; tries < 500; tries++) {
        const { records } = await call<{ records: unknown[] }>("log.list", { about, kind: "event" });
        if (records.length > 0) return;
        await new Promise((done) => setTimeout(done, 20));
      }
      throw new Error("the events are not recorded");
    },
  };
}
