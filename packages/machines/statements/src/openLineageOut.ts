import type { Json } from "@base/bytes/canonicalJson.ts";
import { OPEN_LINEAGE_SCHEMA, PRODUCER, type RunEvent, runEventSchema } from "./openLineage.ts";
import {
  entryOf,
  type Exported,
  type ExportOptions,
  key,
  modelOf,
  type Provenance,
  type Ref,
  tableOf,
  uriOf,
  uuidOf,
} from "./provenance.ts";

/** Versions of the facets whose published schemas say just what is written here (`test/evidence/published.test.ts`). */
const facet = (name: string, version: string) => ({
  _producer: PRODUCER,
  _schemaURL: `https://openlineage.io/spec/facets/${version}/${name}.json#/$defs/${name}`,
});

/**
 * What was done to get here, as OpenLineage events: a START and a COMPLETE for each training run, transformation and
 * decision of the lineage, oldest first, with the tables' columns and versions.
 */
export function toOpenLineage(provenance: Provenance, options: ExportOptions): Exported {
  const steps = [...provenance.nodes].reverse().flatMap((node) => stepOf(provenance, node, options));
  const events = steps.flatMap((step) => [step("START"), step("COMPLETE")]);
  return {
    mediaType: "application/json",
    document: events.map((event) => runEventSchema.parse(event)) as unknown as Json,
  };
}

type Step = (eventType: "START" | "COMPLETE") => RunEvent;

function stepOf(provenance: Provenance, node: Ref, { now }: ExportOptions): Step[] {
  const below = (ref: Ref) =>
    provenance.edges.filter(({ from, to }) => key(from) === key(ref) && to.kind === "asset").map(({ to }) => to);
  const above = (ref: Ref) =>
    provenance.edges.filter(({ from, to }) => key(to) === key(ref) && from.kind === "asset").map(({ from }) => from);
  const table = tableOf(provenance, node);
  if (table?.transform) {
    return [step(provenance, node, `transform/${table.transform.id}`, table.createdAt, below(node), [node])];
  }
  if (node.kind === "run") {
    const model = above(node)[0];
    const said = (entryOf(provenance, node)?.statement ?? {}) as { createdAt?: string };
    const name = `training/${(model && modelOf(provenance, model)?.name) ?? node.id}`;
    return [step(provenance, node, name, said.createdAt ?? now, below(node), model ? [model] : [])];
  }
  if (node.kind === "decision") return [step(provenance, node, "decision", now, below(node), [])];
  return [];
}

function step(
  provenance: Provenance,
  node: Ref,
  name: string,
  eventTime: string,
  inputs: readonly Ref[],
  outputs: readonly Ref[],
): Step {
  const namespace = namespaceOf(provenance);
  const set = (ref: Ref) => datasetOf(provenance, ref);
  return (eventType) => ({
    eventType,
    eventTime,
    producer: PRODUCER,
    schemaURL: `${OPEN_LINEAGE_SCHEMA}#/$defs/RunEvent`,
    run: { runId: uuidOf(uriOf(provenance, node)) },
    job: {
      namespace,
      name,
      facets: {
        jobType: {
          ...facet("JobTypeJobFacet", "2-0-2"),
          processingType: "BATCH",
          integration: "ASSAY",
          jobType: node.kind.toUpperCase(),
        },
      },
    },
    inputs: inputs.map(set),
    outputs: eventType === "COMPLETE" ? outputs.map(set) : [],
  });
}

const namespaceOf = ({ chainId, contracts }: Provenance) => `assay://${chainId}/${contracts["Assets"] ?? ""}`;

function datasetOf(provenance: Provenance, ref: Ref) {
  const [table, entry] = [tableOf(provenance, ref), entryOf(provenance, ref)];
  const fields = table?.schema.map(({ name, type }) => ({ name, type }));
  return {
    namespace: namespaceOf(provenance),
    name: `${ref.kind}/${ref.id}`,
    facets: {
      ...(fields ? { schema: { ...facet("SchemaDatasetFacet", "1-0-0"), fields } } : {}),
      ...(entry ? { version: { ...facet("DatasetVersionDatasetFacet", "1-0-0"), datasetVersion: entry.hash } } : {}),
    },
  };
}
