import type { EventHandler } from "@kernel/capability";
import { claimKey } from "./claims.ts";
import { PHASES } from "./moves.ts";

const text = (value: unknown) => String(value);
const json = (value: unknown) =>
  JSON.stringify(value, (_, held) => (typeof held === "bigint" ? held.toString() : held));

/** Index handlers of the events of Disputes. Every move queues the next one, so that a game goes on after any stop. */
export const events: Readonly<Record<string, EventHandler>> = {
  Claimed(event, writer) {
    const { claimant, stand, job, result, manifest } = event.args;
    const claim = claimKey(text(claimant), stand as bigint);
    writer.insert("ix_dispute_claims", {
      claim,
      claimant: text(claimant).toLowerCase(),
      stand: text(stand),
      job: text(job),
      result: text(result),
      manifest: text(manifest),
      at: text(event.timestamp),
    });
    const key = `${claim}:${event.transactionHash}`;
    writer.onSettled("disputes.check", key, { claim, tx: event.transactionHash });
    writer.onSettled("disputes.finalise", key, { claim, tx: event.transactionHash });
  },

  Finalised(event, writer) {
    const { claimant, stand } = event.args;
    writer.insert("ix_dispute_finals", {
      claim: claimKey(text(claimant), stand as bigint),
      at: text(event.timestamp),
    });
  },

  Challenged(event, writer) {
    const { game, claimant, stand, challenger } = event.args;
    writer.insert("ix_dispute_games", {
      game: text(game),
      claim: claimKey(text(claimant), stand as bigint),
      challenger: text(challenger).toLowerCase(),
      at: text(event.timestamp),
    });
  },

  Moved(event, writer) {
    const { game, phase, state, posted } = event.args;
    writer.insert("ix_dispute_moves", {
      game: text(game),
      phase: PHASES[Number(phase)] ?? text(phase),
      state_json: json(state),
      posted_json: json(posted),
      at: text(event.timestamp),
    });
    const key = `${text(game)}:${event.transactionHash}`;
    writer.onSettled("disputes.play", key, { game: text(game), tx: event.transactionHash });
    writer.onSettled("disputes.timeout", key, { game: text(game), tx: event.transactionHash });
  },

  Computed(event, writer) {
    const { game, claimed, truth } = event.args;
    writer.insert("ix_dispute_computed", { game: text(game), claimed: text(claimed), truth: text(truth) });
  },

  Ended(event, writer) {
    const { game, status, reward, burned } = event.args;
    writer.insert("ix_dispute_ends", {
      game: text(game),
      status: Number(status) === 1 ? "CHALLENGER_WINS" : "DEFENDER_WINS",
      reward: text(reward),
      burned: text(burned),
      at: text(event.timestamp),
    });
    writer.onSettled("disputes.forget", `${text(game)}:${event.transactionHash}`, { game: text(game) });
  },

  "AnswerCourt.DisputeOpened"(event, writer) {
    const dispute = text(event.args.disputeId);
    // The question comes first: requester, policy, model, input.
    writer.onSettled("disputes.stand", dispute, { dispute, asked: text(event.args.context).slice(0, 2 + 64 * 4) });
  },
};
