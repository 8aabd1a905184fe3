import type { Json } from "@base/bytes/canonicalJson.ts";
import {
  assetOf,
  type Exported,
  type ExportOptions,
  flatMetrics,
  key,
  type ModelFacts,
  modelOf,
  type Provenance,
  type Ref,
  rootOf,
  type TableFacts,
  tableOf,
  uriOf,
  uuidOf,
} from "./provenance.ts";

/** Fields that are undefined are left out. */
const clean = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** A bill of materials of a model or table and all data it stands on: CycloneDX 1.6, with the model card of ML-BOM. */
export function toCycloneDx(provenance: Provenance, { now }: ExportOptions): Exported {
  assetOf(provenance, "CycloneDX");
  const assets = provenance.nodes.filter(({ kind }) => kind === "asset");
  const component = (ref: Ref): Json => {
    const model = modelOf(provenance, ref);
    const table = tableOf(provenance, ref);
    if (model) return modelComponent(provenance, ref, model);
    if (table) return dataComponent(provenance, ref, table);
    return { type: "data", "bom-ref": uriOf(provenance, ref), name: key(ref) };
  };
  const dependsOn = (ref: Ref) => [
    ...new Set(
      provenance.edges
        .filter(({ from, to }) => key(from) === key(ref) && to.kind === "asset")
        .map(({ to }) => uriOf(provenance, to)),
    ),
  ];
  return {
    mediaType: "application/vnd.cyclonedx+json; version=1.6",
    document: {
      $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      serialNumber: `urn:uuid:${uuidOf(`${uriOf(provenance, provenance.subject)} ${now}`)}`,
      version: 1,
      metadata: {
        timestamp: now,
        tools: { components: [{ type: "application", name: "assay" }] },
        component: component(provenance.subject),
      },
      components: assets.filter((ref) => key(ref) !== key(provenance.subject)).map(component),
      dependencies: assets.map((ref) => ({ ref: uriOf(provenance, ref), dependsOn: dependsOn(ref) })),
    },
  };
}

function common(provenance: Provenance, ref: Ref, asset: ModelFacts | TableFacts) {
  return {
    "bom-ref": uriOf(provenance, ref),
    name: asset.name,
    version: "1",
    authors: [{ name: asset.creator }],
    hashes: [{ alg: "SHA-256", content: rootOf(asset) }],
    licenses: /^[A-Za-z0-9.+-]+$/.test(asset.licence)
      ? [{ expression: asset.licence }]
      : [{ license: { name: asset.licence } }],
    properties: [{ name: "assay:hash", value: "root over the chunks (RFC 6962), SHA-256 of a model's bundle" }],
  };
}

function modelComponent(provenance: Provenance, ref: Ref, model: ModelFacts): Json {
  return clean({
    type: "machine-learning-model",
    ...common(provenance, ref, model),
    description: model.intendedUse || undefined,
    modelCard: {
      modelParameters: {
        approach: { type: "supervised" },
        task: model.task,
        datasets: model.parents.map(({ asset }) => ({ ref: uriOf(provenance, { kind: "asset", id: asset }) })),
        inputs: model.inputs.map((format) => ({ format })),
        outputs: [{ format: model.target }],
      },
      quantitativeAnalysis: {
        performanceMetrics: flatMetrics(model.metrics).map(([type, value]) => ({ type, value: String(value) })),
      },
      considerations: { useCases: model.intendedUse ? [model.intendedUse] : undefined },
    },
  });
}

function dataComponent(provenance: Provenance, ref: Ref, table: TableFacts): Json {
  return clean({
    type: "data",
    ...common(provenance, ref, table),
    description: table.provenance || undefined,
    data: [
      {
        type: "dataset",
        name: table.name,
        description: `${table.rows} rows of ${table.schema.map(({ name, type }) => `${name} ${type}`).join(", ")}`,
      },
    ],
  });
}
