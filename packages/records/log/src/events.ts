import type { EventHandler } from "@kernel/capability";

/** Index handlers of the contract Anchor. */
export const events: Readonly<Record<string, EventHandler>> = {
  "Anchor.Anchored"({ args }, writer) {
    const { signer, log, before, size, root, accumulator } = args;
    writer.insert("ix_log_anchors", {
      signer: String(signer).toLowerCase(),
      log: String(log),
      before: String(before),
      size: String(size),
      root: String(root),
      accumulator: String(accumulator),
    });
  },
};
