// What a dispute and an undisputed claim cost, against locks/game.json.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { wholeDispute } from "./whole.ts";

const lock = JSON.parse(readFileSync(new URL("../../../../locks/game.json", import.meta.url), "utf8")) as Readonly<
  Record<string, number>
>;

/** D18. */
test("gas of a whole dispute and of a claim that nobody disputes", async () => {
  const { gas, honestGas, firstGas, outcome } = await wholeDispute(64, 8);
  expect(outcome.winner).toBe("CHALLENGER_WINS");
  expect(honestGas).toBeLessThanOrEqual(60_000);
  expect(gas).toBeLessThanOrEqual(2_200_000);
  const found = { "dispute.64": gas, "claim.used": honestGas, "claim.first": firstGas };
  // Addresses and hashes with more or fewer zero bytes move it by a little.
  for (const [name, value] of Object.entries(found))
    expect(Math.abs(value - (lock[name] ?? 0)) / value, `${name} is ${value}`).toBeLessThan(0.02);
}, 60_000);
