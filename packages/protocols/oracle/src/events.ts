import type { EventHandler, IndexedEvent, IndexWriter } from "@kernel/capability";
import { toWire } from "@kernel/capability/wire.ts";
import { addEdge, addNode } from "@records/assets/lineage.ts";
import { rulings, statuses } from "./types.ts";

const json = (value: unknown) => JSON.stringify(toWire(value));
const text = (value: unknown) => String(value);
/** One key for each occurrence, so that the same request can be looked at again after every turn. */
const turn = (event: IndexedEvent) => `${event.args["id"]}:${event.transactionHash}:${event.logIndex}`;

/** After whatever stands for answer changed: someone re-executes it, someone makes it final when it is time. */
function stands(event: IndexedEvent, writer: IndexWriter): void {
  const payload = { id: event.args["id"] };
  writer.onSettled("oracle.watch", turn(event), payload);
  writer.onSettled("oracle.finalize", turn(event), payload);
}

/** Index handlers of the Oracle's events. */
export const events: Readonly<Record<string, EventHandler>> = {
  PolicyRegistered(event, writer) {
    const { policyId, policy } = event.args;
    writer.insert("ix_oracle_policies", { policy_id: text(policyId), policy_json: json(policy) });
  },

  Requested(event, writer) {
    const { id, requester, request } = event.args as Record<string, unknown> & {
      request: { policyId: string; modelId: bigint; inputHash: string };
    };
    writer.insert("ix_oracle_requests", {
      request_id: text(id),
      requester: text(requester).toLowerCase(),
      policy_id: request.policyId,
      model_id: text(request.modelId),
      input_hash: request.inputHash,
      request_json: json(request),
      asked_at: text(event.timestamp),
    });
    const node = { kind: "decision", id: text(id) };
    addNode(writer, node, {
      label: `decision ${text(id).slice(0, 10)}`,
      facts: { type: "assay/decision/1", id: text(id), request: toWire(request) },
    });
    if (request.modelId > 0n) addEdge(writer, node, "model", { kind: "asset", id: text(request.modelId) });
    writer.onSettled("oracle.answer", text(id), { id });
    writer.onSettled("oracle.expire", text(id), { id });
  },

  Submitted(event, writer) {
    const { id, answer, signers, deadline } = event.args;
    writer.insert("ix_oracle_answers", {
      request_id: text(id),
      answer_json: json(answer),
      signers_json: json(signers),
      deadline: text(deadline),
    });
    stands(event, writer);
  },

  Challenged(event, writer) {
    const { id, challenger, arbiter, disputeId, claim, deadline } = event.args;
    writer.insert("ix_oracle_challenges", {
      request_id: text(id),
      challenger: text(challenger).toLowerCase(),
      arbiter: text(arbiter).toLowerCase(),
      dispute_id: text(disputeId),
      claim_json: json(claim),
      deadline: text(deadline),
    });
    writer.onSettled("oracle.resolve", turn(event), { id });
  },

  Resolved(event, writer) {
    const { id, disputeId, ruling, status, deadline } = event.args;
    writer.insert("ix_oracle_resolutions", {
      request_id: text(id),
      dispute_id: text(disputeId),
      ruling: rulings[Number(ruling)] ?? text(ruling),
      status: statuses[Number(status)] ?? text(status),
      deadline: text(deadline),
    });
    if (statuses[Number(status)] === "answered") stands(event, writer);
    if (statuses[Number(status)] === "open") {
      writer.onSettled("oracle.answer", turn(event), { id });
      writer.onSettled("oracle.expire", turn(event), { id });
    }
  },

  Finalized(event, writer) {
    const { id, output, delivered } = event.args;
    writer.insert("ix_oracle_finals", {
      request_id: text(id),
      output: text(output),
      delivered: delivered ? "yes" : "no",
    });
    if (!delivered) writer.onSettled("oracle.redeliver", text(id), { id });
    writer.onSettled("oracle.distribute", text(id), { id });
  },

  Redelivered(event, writer) {
    writer.insert("ix_oracle_deliveries", { request_id: text(event.args["id"]) });
  },

  Voided(event, writer) {
    writer.insert("ix_oracle_voids", { request_id: text(event.args["id"]), refund: text(event.args["refund"]) });
  },

  RoyaltyPaid(event, writer) {
    const { id, modelId, owner, amount } = event.args;
    writer.insert("ix_oracle_royalties", {
      request_id: text(id),
      model_id: text(modelId),
      owner: text(owner).toLowerCase(),
      amount: text(amount),
    });
  },

  Slashed(event, writer) {
    const { account, amount, burned } = event.args;
    writer.insert("ix_oracle_slashes", {
      account: text(account).toLowerCase(),
      amount: text(amount),
      burned: text(burned),
    });
  },
};
