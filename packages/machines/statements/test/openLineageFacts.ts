/**
 * What OpenLineage asks of a RunEvent and of the facets that are written here, retyped as facts: required fields, types
 * and formats. `test/evidence/published.test.ts` compares them with the published schemas on spoilt events.
 *
 * Sources: https://openlineage.io/spec/2-0-2/OpenLineage.json ($defs RunEvent, Run, Job, InputDataset, OutputDataset,
 * BaseFacet, JobFacet, DatasetFacet) and https://openlineage.io/spec/facets/ 2-0-2/JobTypeJobFacet.json,
 * 1-0-0/SchemaDatasetFacet.json, 1-0-0/DatasetVersionDatasetFacet.json.
 */
const text = { type: "string" };
const uri = { type: "string", format: "uri" };
const facetFields = { _producer: uri, _schemaURL: uri };
const deleted = { _deleted: { type: "boolean" } };
const required = ["_producer", "_schemaURL"];

const facet = (fields: object, more: readonly string[] = []) => ({
  type: "object",
  required: [...required, ...more],
  properties: { ...facetFields, ...fields },
});
const facets = (fields: object, known: object = {}) => ({
  type: "object",
  properties: known,
  additionalProperties: facet(fields),
});

const jobType = facet({ ...deleted, processingType: text, integration: text, jobType: text }, [
  "processingType",
  "integration",
]);
const schema = facet({
  ...deleted,
  fields: {
    type: "array",
    items: { type: "object", required: ["name"], properties: { name: text, type: text, description: text } },
  },
});
const version = facet({ ...deleted, datasetVersion: text }, ["datasetVersion"]);

const named = (known: object, more: object = {}) => ({
  type: "object",
  required: ["namespace", "name"],
  properties: { namespace: text, name: text, facets: facets(deleted, known), ...more },
});
const sets = (more: object) => ({ type: "array", items: named({ schema, version }, more) });

export const runEventFacts = {
  type: "object",
  required: ["eventTime", "producer", "schemaURL", "run", "job"],
  properties: {
    eventTime: { type: "string", format: "date-time" },
    producer: uri,
    schemaURL: uri,
    eventType: { type: "string", enum: ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] },
    run: {
      type: "object",
      required: ["runId"],
      properties: { runId: { type: "string", format: "uuid" }, facets: facets({}) },
    },
    job: named({ jobType }),
    inputs: sets({ inputFacets: facets({}) }),
    outputs: sets({ outputFacets: facets({}) }),
  },
};
