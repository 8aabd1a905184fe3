/**
 * What OpenLineage 2.0.2 asks of a RunEvent, retyped as facts from https://openlineage.io/spec/2-0-2/OpenLineage.json
 * (definitions BaseEvent, RunEvent, Run, Job, Dataset, BaseFacet): required fields, formats and the six event types.
 * Facets may hold more fields than the base ones.
 */
const facets = {
  type: "object",
  additionalProperties: {
    type: "object",
    required: ["_producer", "_schemaURL"],
    properties: { _producer: { type: "string", format: "uri" }, _schemaURL: { type: "string", format: "uri" } },
  },
};
const named = {
  type: "object",
  required: ["namespace", "name"],
  properties: { namespace: { type: "string" }, name: { type: "string" }, facets },
};
const sets = {
  type: "array",
  items: { ...named, properties: { ...named.properties, inputFacets: facets, outputFacets: facets } },
};

export const runEventFacts = {
  type: "object",
  required: ["eventTime", "producer", "schemaURL", "run", "job"],
  properties: {
    eventTime: { type: "string", format: "date-time" },
    producer: { type: "string", format: "uri" },
    schemaURL: { type: "string", format: "uri", pattern: "#/\\$defs/RunEvent$" },
    eventType: { enum: ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] },
    run: { type: "object", required: ["runId"], properties: { runId: { type: "string", format: "uuid" }, facets } },
    job: named,
    inputs: sets,
    outputs: sets,
  },
};
