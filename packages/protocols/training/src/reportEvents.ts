import type { EventObserver } from "@kernel/capability";

/** When a model's publication is settled (for the first time, or because the index is made anew), its reports follow. SPEC T15. */
export const onPublished: EventObserver = (event, writer) => {
  if (event.contract !== "Assets" || event.name !== "Published") return;
  const model = String(event.args["id"]);
  writer.onSettled("report.record", model, { model });
};
