// The thread in which models run: one task at a time, one answer each.
import { parentPort } from "node:worker_threads";
import { BaseError } from "@base/errors";
import type { Told } from "./sandbox.ts";
import { type TaskName, tasks } from "./tasks.ts";

function told(error: unknown): Told {
  if (!(error instanceof BaseError)) return { name: "BugError", message: String(error) };
  const { name, shortMessage: message, kind, hints, data } = error;
  return { name, message, kind, hints, data: JSON.parse(JSON.stringify(data ?? {})) as Record<string, unknown> };
}

parentPort?.on("message", async ({ name, given }: { readonly name: TaskName; readonly given: never }) => {
  try {
    const result = await (tasks[name] as (given: never) => unknown)(given);
    parentPort?.postMessage({ result });
  } catch (error) {
    parentPort?.postMessage({ error: told(error) });
  }
});
