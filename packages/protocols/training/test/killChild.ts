// Trains with checkpoints in a folder until it is done or killed; says on stdout what was saved, resumed and made.
import { writeSync } from "node:fs";
import { lockFolder, openDatabase } from "@machines/store";
import { trainResumable } from "../src/checkpoints.ts";
import { migrations } from "../src/tables.ts";
import { SLOW_RECIPE, slowTable } from "./slow.ts";

const dir = process.argv[2] as string;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
await lockFolder(dir);
const db = await openDatabase({ dir }, migrations);
const result = await trainResumable({ db, clock: Date.now, log: quiet }, slowTable(), SLOW_RECIPE, {
  writeEvery: 0,
  onSaved: (step) => writeSync(1, `saved ${step}\n`),
  onResumed: (step) => writeSync(1, `resumed ${step}\n`),
});
writeSync(1, `done ${result.modelRoot}\n`);
await db.close();
