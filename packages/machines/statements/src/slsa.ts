import { bare, makeStatement, type Statement } from "./inToto.ts";
import {
  agentOf,
  assetOf,
  entryOf,
  key,
  modelOf,
  type Provenance,
  type Ref,
  rootOf,
  tableOf,
  uriOf,
} from "./provenance.ts";

/** `predicateType` of SLSA Provenance v1. */
export const SLSA_PROVENANCE = "https://slsa.dev/provenance/v1";

/**
 * How a table or model came to be, as SLSA provenance in an in-toto statement: a model's recipe and training run, a
 * derived table's transformation, a table's publication; its digest is the content root that the chain holds.
 */
export function toSlsa(provenance: Provenance): Statement {
  const asset = assetOf(provenance, "SLSA provenance");
  const { subject } = provenance;
  const entry = entryOf(provenance, subject);
  const model = modelOf(provenance, subject);
  const table = tableOf(provenance, subject);
  const run = model ? entryOf(provenance, { kind: "run", id: model.run }) : undefined;
  const said = (run?.statement ?? {}) as { recipe?: unknown; commitment?: Record<string, unknown> };
  const { checkpoints = [], ...commitment } = said.commitment ?? {};
  const from = provenance.edges.filter((edge) => key(edge.from) === key(subject) && edge.to.kind === "asset");
  return makeStatement([{ name: asset.name, digest: { sha256: rootOf(asset) } }], SLSA_PROVENANCE, {
    buildDefinition: {
      buildType: model
        ? "urn:assay:training:1"
        : table?.transform
          ? "urn:assay:transform:1"
          : "urn:assay:publication:1",
      externalParameters: model
        ? { recipe: said.recipe ?? null, target: model.target, task: model.task }
        : table?.transform
          ? { transform: table.transform.id, parameters: table.transform.parameters }
          : { source: table?.provenance ?? "" },
      internalParameters: commitment,
      resolvedDependencies: from.map(({ to }) => dependency(provenance, to)),
    },
    runDetails: {
      builder: { id: agentOf(provenance, asset.creator) },
      metadata: {
        invocationId: run ? uriOf(provenance, { kind: "run", id: bare(run.hash) }) : uriOf(provenance, subject),
        finishedOn: asset.createdAt,
      },
      byproducts: [
        ...(entry ? [{ name: "statement", digest: { sha256: bare(entry.hash) } }] : []),
        ...(checkpoints as { step: number; root: string }[]).map(({ step, root }) => ({
          name: `checkpoint/${step}`,
          digest: { sha256: bare(root) },
        })),
      ],
    },
  });
}

function dependency(provenance: Provenance, ref: Ref) {
  const asset = tableOf(provenance, ref) ?? modelOf(provenance, ref);
  const digest = asset ? rootOf(asset) : bare(entryOf(provenance, ref)?.hash ?? "");
  return {
    name: asset?.name ?? key(ref),
    uri: uriOf(provenance, ref),
    ...(digest ? { digest: { sha256: digest } } : {}),
  };
}
