import { sha256Hex } from "@base/bytes/hash.ts";
import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { describe, expect, it } from "vitest";
import { checkReceipt, isReceipt } from "./receipt.ts";

const entry = (
  id: string,
  statement: { type: string; rows?: number; parents?: { asset: string; statement: string }[] },
) => ({
  node: { kind: "asset", id },
  statement,
  hash: sha256Hex(canonicalJsonBytes(statement)),
});
const data = entry("1", { type: "assay/data/1", rows: 2 });
const model = entry("2", { type: "assay/model/1", parents: [{ asset: "1", statement: data.hash }] });

describe("receipt", () => {
  it("passes statements whose bytes and parents are those that it names", async () => {
    const checks = await checkReceipt({ statements: [data, model] });
    expect(checks.map((c) => c.ok)).toEqual([true, true, true]);
  });

  it("finds a changed byte and, by the changed hash, the child's missing parent", async () => {
    const forged = { ...data, statement: { ...data.statement, rows: 3 } };
    const checks = await checkReceipt({ statements: [forged, model] });
    expect(checks.map((c) => c.ok)).toEqual([false, true, false]);
  });

  it("knows a receipt from other JSON", () => {
    expect(isReceipt({ statements: [data] })).toBe(true);
    for (const other of [null, 1, [], {}, { statements: [] }, { statements: [{ hash: "0x" }] }])
      expect(isReceipt(other)).toBe(false);
  });
});
