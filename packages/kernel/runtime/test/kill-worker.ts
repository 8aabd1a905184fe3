// A process that takes a job, says so, and never ends it: the test kills it.
import { Jobs } from "../src/jobs.ts";
import { openDatabase } from "@machines/store";
import { fixedRandom, quiet } from "./fakes.ts";
import { runtimeMigrations } from "../src/tables.ts";

const db = await openDatabase({ dir: process.argv[2] as string }, runtimeMigrations);
const jobs = new Jobs({
  db,
  jobs: [{ kind: "slow", load: async () => () => new Promise(() => process.stdout.write("running\n")) }],
  log: quiet,
  clock: Date.now,
  random: fixedRandom,
  lease: 600,
  context: () => ({}) as never,
});
await jobs.start();
setInterval(() => undefined, 1_000);
