// What all journeys of one run share: a folder, where the first that wants the finished loop leaves it for the others.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly shared: string;
  }
}

export default function setup({ provide }: TestProject): () => void {
  const shared = mkdtempSync(join(tmpdir(), "assay-journeys-"));
  provide("shared", shared);
  return () => rmSync(shared, { recursive: true, force: true });
}
