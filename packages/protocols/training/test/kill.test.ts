import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { train } from "@machines/engine";
import { openDatabase } from "@machines/store";
import { expect, test } from "vitest";
import { migrations } from "../src/tables.ts";
import { SLOW_RECIPE, slowTable } from "./slow.ts";

const script = fileURLToPath(new URL("killChild.ts", import.meta.url));

/** Runs the child, kills it at the `kills`-th saved checkpoint (never for 0), and gives its lines. */
async function runChild(dir: string, kills: number): Promise<string[]> {
  const child = spawn(process.execPath, ["--no-warnings", script, dir], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const closed = new Promise((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (kills > 0 && lines.filter((entry) => entry.startsWith("saved")).length >= kills) child.kill("SIGKILL");
  }
  await closed;
  return lines;
}

test("a training that is killed goes on from its newest checkpoint to the bytes of an unbroken run (SPEC T9)", async () => {
  const dir = await mkdtemp(join(tmpdir(), "assay-kill-"));
  try {
    const stepOf = (line: string | undefined) => Number(line?.split(" ")[1]);
    let saved = 0;
    for (const kills of [2, 1, 3]) {
      const lines = await runChild(dir, kills);
      expect(lines.some((line) => line.startsWith("done"))).toBe(false);
      const resumed = lines.find((line) => line.startsWith("resumed"));
      // The kill may come before the line of a write that was done: never less than what was said, maybe one more.
      if (saved > 0) expect(stepOf(resumed)).toBeGreaterThanOrEqual(saved);
      saved = stepOf(lines.findLast((line) => line.startsWith("saved")));
    }
    const lines = await runChild(dir, 0);
    expect(stepOf(lines.find((line) => line.startsWith("resumed")))).toBeGreaterThanOrEqual(saved);
    const unbroken = await train(slowTable(), SLOW_RECIPE);
    expect(lines.at(-1)).toBe(`done ${unbroken.modelRoot}`);
    const db = await openDatabase({ dir }, migrations);
    expect(await db.kysely.selectFrom("training_checkpoints").selectAll().execute()).toEqual([]);
    await db.close();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 120_000);
