// The page that test/web/engine.test.ts opens: the same hashes, computed by the browser.
import { canShare } from "../src/threads/pool.ts";
import { hashes } from "./hashes.ts";

const target = globalThis as unknown as { answer?: unknown };
const threads = canShare() ? [1, 2, 4, 8] : [1, 2];
hashes(threads).then(
  (found) => {
    target.answer = { ...found, shared: canShare() };
  },
  (error: unknown) => {
    target.answer = { error: String((error as Error).stack ?? error) };
  },
);
