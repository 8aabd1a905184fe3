import type { Config } from "./config.ts";

/** Who works on a development chain when nothing else is set: enough for every duty to be seen. */
export const devnetDuties = {
  operators: ["operator-1", "operator-2", "operator-3"],
  watchers: ["watcher"],
  panelists: ["panelist-1", "panelist-2", "panelist-3"],
} as const;

/** The same settings with the development chain's duties where the node has a chain of its own and none were set. */
export function withDevnetDuties(config: Config): Config {
  const own = config.chain !== "rpc" && config.deployment === undefined;
  const none = config.operators.length + config.watchers.length + config.panelists.length === 0;
  if (!own || !none) return config;
  return Object.freeze({
    ...config,
    operators: [...devnetDuties.operators],
    watchers: [...devnetDuties.watchers],
    panelists: [...devnetDuties.panelists],
  });
}
