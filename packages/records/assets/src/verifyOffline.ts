import { type Abis, type OfflineOptions, offlineContext } from "./offlineContext.ts";
import { type Anchor, openEvidence } from "./provenEvents.ts";
import { parseReceipt } from "./receiptFile.ts";
import { type Verifiers, type VerifyReport, verifyReceipt } from "./verifyReceipt.ts";

export interface OfflineInput extends OfflineOptions {
  readonly abis: Abis;
  readonly verifiers: Verifiers;
  /** Block hashes from a source that the reader trusts; without any, the receipt is checked against itself alone. */
  readonly anchors: readonly Anchor[];
}

/**
 * Checks a receipt with nothing but the file: hashes, signatures, links, block headers, events, bytes that it carries,
 * and every model that can be run again. What only the chain's state could say is reported as skipped. Throws
 * InvalidInputError when it is no receipt. Runs in Node and in a browser. SPEC R3.
 */
export async function verifyOffline(receipt: unknown, input: OfflineInput): Promise<VerifyReport> {
  const parsed = parseReceipt(receipt);
  const opened = openEvidence(parsed.evidence, input.anchors);
  const context = offlineContext(parsed, opened, input.abis, input);
  const report = await verifyReceipt(context, receipt, input.verifiers);
  const first = opened.checks.map((check) => ({ about: "receipt", ...check }));
  const checks = [
    ...first.map((check) => (check.skipped ? { ...check, detail: `not checked: ${check.detail}` } : check)),
    ...report.checks,
  ];
  const failed = checks.filter(({ ok }) => !ok).length;
  const skipped = checks.filter((check) => check.skipped).length;
  return { ...report, checks, failed, skipped, passed: checks.length - failed - skipped, verified: failed === 0 };
}
