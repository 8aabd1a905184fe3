import { InvalidInputError } from "@base/errors";
import { z } from "zod";

// OpenLineage 2.0.2: RunEvent, DatasetEvent, JobEvent. Written from the published JSON schema; unknown fields are kept.
// Taken though the schema asks for more, since pipelines in the wild leave it out and an event is kept as it was said:
// `schemaURL` (clients before 1.0) and the zone of a time (Python clients before 1.0).

const uri = z.string().regex(/^[a-z][a-z0-9+.-]*:\S*$/i, "expected a URI");
const facet = z.looseObject({ _producer: uri, _schemaURL: uri });
/** Facets of jobs and data sets may say that an earlier one is gone. */
const kept = facet.extend({ _deleted: z.boolean().optional() });
const facets = z.record(z.string(), facet).optional();
const keptFacets = z.record(z.string(), kept).optional();
const named = { namespace: z.string(), name: z.string(), facets: keptFacets };
const job = z.looseObject(named);
const base = {
  eventTime: z.iso.datetime({ offset: true, local: true }),
  producer: uri,
  schemaURL: uri.optional(),
};
const inputs = z.array(z.looseObject({ ...named, inputFacets: facets })).optional();
const outputs = z.array(z.looseObject({ ...named, outputFacets: facets })).optional();

/** A job's run begins, ends or says more. */
export const runEventSchema = z.looseObject({
  ...base,
  eventType: z.enum(["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]).optional(),
  run: z.looseObject({ runId: z.guid("expected a UUID"), facets }),
  job,
  inputs,
  outputs,
});
const datasetEventSchema = z.looseObject({ ...base, dataset: job });
const jobEventSchema = z.looseObject({ ...base, job, inputs, outputs });

export type RunEvent = z.output<typeof runEventSchema>;
export type OpenLineageEvent = RunEvent | z.output<typeof datasetEventSchema> | z.output<typeof jobEventSchema>;

/** Version of the specification that written events name. */
export const OPEN_LINEAGE_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json";
/** Who wrote an event or facet of ours. */
export const PRODUCER = "https://github.com/assay/assay";

/** Reads an event as a pipeline sends it: exactly one of the three kinds. Throws InvalidInputError that names the field. */
export function parseOpenLineage(value: unknown): OpenLineageEvent {
  const has = (key: string) => typeof value === "object" && value !== null && key in value;
  const kinds = [
    ...(has("run") ? [runEventSchema] : []),
    ...(has("dataset") && !(has("job") && has("run")) ? [datasetEventSchema] : []),
    ...(has("job") && !has("run") ? [jobEventSchema] : []),
  ];
  const results = (kinds.length > 0 ? kinds : [jobEventSchema]).map((kind) => kind.safeParse(value));
  const taken = results.filter(({ success }) => success);
  if (taken.length === 1) return taken[0]?.data as OpenLineageEvent;
  const issue = results.flatMap(({ error }) => error?.issues ?? [])[0];
  const field = issue?.path.join(".") ?? "";
  const why = taken.length > 1 ? "speaks of a job and of a data set alike" : (issue?.message ?? "does not fit");
  throw new InvalidInputError(`This is no OpenLineage event: ${field || "it"}: ${why}.`, { data: { field } });
}

/** What an event is about: `run:<id>`, `job:<namespace>/<name>`, `dataset:<namespace>/<name>`. */
export function refsOfEvent(event: OpenLineageEvent): string[] {
  const loose = event as {
    run?: { runId: string };
    job?: { namespace: string; name: string };
    dataset?: { namespace: string; name: string };
    inputs?: { namespace: string; name: string }[];
    outputs?: { namespace: string; name: string }[];
  };
  const sets = [loose.dataset, ...(loose.inputs ?? []), ...(loose.outputs ?? [])];
  return [
    ...(loose.run ? [`run:${loose.run.runId}`] : []),
    ...(loose.job ? [`job:${loose.job.namespace}/${loose.job.name}`] : []),
    ...sets.flatMap((set) => (set ? [`dataset:${set.namespace}/${set.name}`] : [])),
  ];
}
