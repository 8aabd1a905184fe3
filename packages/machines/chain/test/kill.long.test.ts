import { expect, it } from "vitest";
import { killRounds } from "./kill.ts";

it("loses nothing acknowledged when killed at random moments", { timeout: 300_000 }, async () => {
  expect(await killRounds(25)).toBeGreaterThan(25);
});
