import { execFileSync } from "node:child_process";

/**
 * Gas of whole transactions on the production build. Peers by their published figures: an assertion and its settlement
 * at UMA's optimistic oracle (191,057 + 62,704), publishing a priced data asset at Ocean Protocol (1,427,628).
 */
export async function run() {
  const output = execFileSync(process.execPath, ["tools/gas.mjs", "--check"], { encoding: "utf8" });
  const figures = JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1)) as Record<string, number>;
  const gas = (name: string, key: string, against: string | null, peer: number | null) => {
    const value = figures[key];
    if (value === undefined) throw new Error(`tools/gas.mjs prints no ${key}`);
    return { bench: `gas.${name}`, value, unit: "gas", against, ratio: peer === null ? null : peer / value };
  };
  return [
    gas("decision", "decision", "uma optimistic oracle v3, assert and settle", 253_761),
    gas("decision.first", "decision.first", "uma optimistic oracle v3, assert and settle", 253_761),
    gas("publish", "publish", "ocean protocol, nft with priced datatoken", 1_427_628),
  ];
}
