import type { EventHandler } from "@kernel/capability";

const text = (value: unknown) => String(value);
const rulings = ["pending", "defence", "claim", "neither", "refused"];

/** Index handlers of the Panel's events. */
export const events: Readonly<Record<string, EventHandler>> = {
  DisputeOpened(event, writer) {
    const { disputeId, client, subject, defence, claim, context } = event.args;
    writer.insert("ix_panel_disputes", {
      dispute_id: text(disputeId),
      client: text(client).toLowerCase(),
      subject: text(subject),
      defence: text(defence),
      claim: text(claim),
      context: text(context),
      opened_at: text(event.timestamp),
    });
    const payload = { disputeId: text(disputeId) };
    writer.onSettled("arbitration.commit", text(disputeId), payload);
    writer.onSettled("arbitration.reveal", text(disputeId), payload);
    writer.onSettled("arbitration.settle", text(disputeId), payload);
  },

  Committed(event, writer) {
    const { disputeId, member } = event.args;
    writer.insert("ix_panel_commits", { dispute_id: text(disputeId), member: text(member).toLowerCase() });
  },

  Revealed(event, writer) {
    const { disputeId, member, result } = event.args;
    writer.insert("ix_panel_reveals", {
      dispute_id: text(disputeId),
      member: text(member).toLowerCase(),
      result: text(result),
    });
  },

  Settled(event, writer) {
    const { disputeId, result, ruling, reward, burned } = event.args;
    writer.insert("ix_panel_rulings", {
      dispute_id: text(disputeId),
      result: text(result),
      ruling: rulings[Number(ruling)] ?? text(ruling),
      reward: text(reward),
      burned: text(burned),
    });
  },
};
