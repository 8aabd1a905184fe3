import { InvalidInputError } from "@base/errors";
import { z } from "zod";

// OpenLineage 2.0.2: RunEvent, DatasetEvent, JobEvent. Written from the published JSON schema; unknown fields are kept.

const uri = z.string().regex(/^[a-z][a-z0-9+.-]*:\S*$/i, "expected a URI");
const facet = z.looseObject({ _producer: uri, _schemaURL: uri, _deleted: z.boolean().optional() });
const facets = z.record(z.string(), facet).optional();
const dataset = { namespace: z.string(), name: z.string(), facets };
const job = z.looseObject({ namespace: z.string(), name: z.string(), facets });
const base = { eventTime: z.iso.datetime({ offset: true, local: false }), producer: uri, schemaURL: uri };
const inputs = z.array(z.looseObject({ ...dataset, inputFacets: facets })).optional();
const outputs = z.array(z.looseObject({ ...dataset, outputFacets: facets })).optional();

/** A job's run begins, ends or says more. Older producers leave `schemaURL` out. */
export const runEventSchema = z.looseObject({
  ...base,
  schemaURL: uri.optional(),
  eventType: z.enum(["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]).optional(),
  run: z.looseObject({ runId: z.guid("expected a UUID"), facets }),
  job,
  inputs,
  outputs,
});
const datasetEventSchema = z.looseObject({
  ...base,
  dataset: z.looseObject(dataset),
  job: z.never().optional(),
  run: z.never().optional(),
});
const jobEventSchema = z.looseObject({ ...base, job, inputs, outputs, run: z.never().optional() });

export type RunEvent = z.output<typeof runEventSchema>;
export type OpenLineageEvent = RunEvent | z.output<typeof datasetEventSchema> | z.output<typeof jobEventSchema>;

/** Version of the specification that written events name. */
export const OPEN_LINEAGE_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json";
/** Who wrote an event or facet of ours. */
export const PRODUCER = "https://github.com/assay/assay";

/** Reads an event as a pipeline sends it; throws InvalidInputError that names the field. */
export function parseOpenLineage(value: unknown): OpenLineageEvent {
  const given = (value ?? {}) as Record<string, unknown>;
  const schema = "run" in given ? runEventSchema : "dataset" in given ? datasetEventSchema : jobEventSchema;
  const result = schema.safeParse(value);
  if (result.success) return result.data as OpenLineageEvent;
  const issue = result.error.issues[0];
  throw new InvalidInputError(
    `This is no OpenLineage event: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "does not fit"}.`,
    { data: { field: issue?.path.join(".") ?? "" } },
  );
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
