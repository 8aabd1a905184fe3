import { expect, it } from "vitest";
import { killRounds } from "./kill.ts";

it("loses nothing acknowledged when killed at random moments", { timeout: 60_000 }, async () => {
  expect(await killRounds(3)).toBeGreaterThan(3);
});
