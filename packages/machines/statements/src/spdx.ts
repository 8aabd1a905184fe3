import type { Json } from "@base/bytes/canonicalJson.ts";
import {
  agentOf,
  assetOf,
  type Exported,
  type ExportOptions,
  flatMetrics,
  key,
  modelOf,
  type Provenance,
  type Ref,
  rootOf,
  tableOf,
  uriOf,
} from "./provenance.ts";

type Element = { readonly [key: string]: Json };

/** A model or table with the data it stands on as SPDX 3.0.1 (profiles core, software, simpleLicensing, ai, dataset), in JSON-LD. */
export function toSpdx(provenance: Provenance, { now, url }: ExportOptions): Exported {
  assetOf(provenance, "SPDX");
  const uri = uriOf(provenance, provenance.subject);
  const inside = (name: string) => `${uri}#${name}`;
  const created = now.replace(/\.\d+Z$/, "Z");
  const assets = provenance.nodes.filter(({ kind }) => kind === "asset");
  const elements: Element[] = [];
  const add = (type: string, spdxId: string, fields: Element): string => {
    if (!elements.some((one) => one["spdxId"] === spdxId))
      elements.push({ type, spdxId, creationInfo: "_:creation", ...fields });
    return spdxId;
  };
  const relate = (relationshipType: string, from: string, to: readonly string[]) =>
    void add("Relationship", inside(`relation-${elements.length}`), { relationshipType, from, to: [...to] });
  const agent = (address: string) => add("Agent", agentOf(provenance, address), { name: address });
  for (const ref of assets) {
    const spdxId = uriOf(provenance, ref);
    const [model, table] = [modelOf(provenance, ref), tableOf(provenance, ref)];
    const asset = model ?? table;
    if (!asset) continue;
    const by = agent(asset.creator);
    const released = asset.createdAt.replace(/\.\d+Z$/, "Z");
    const common = {
      name: asset.name,
      suppliedBy: by,
      originatedBy: [by],
      builtTime: released,
      releaseTime: released,
      software_packageVersion: "1",
      software_downloadLocation: url && key(ref) === key(provenance.subject) ? url : spdxId,
      verifiedUsing: [{ type: "Hash", algorithm: "sha256", hashValue: rootOf(asset) }],
    };
    if (model) {
      add("ai_AIPackage", spdxId, {
        ...common,
        software_primaryPurpose: "model",
        ai_typeOfModel: [model.task],
        ai_informationAboutApplication: model.intendedUse || "Not stated.",
        ai_informationAboutTraining: `Training run ${model.run}: whoever repeats it gets the same bytes.`,
        ai_metric: flatMetrics(model.metrics).map(([name, value]) => ({
          type: "DictionaryEntry",
          key: name,
          value: String(value),
        })),
      });
    } else if (table) {
      add("dataset_DatasetPackage", spdxId, {
        ...common,
        software_primaryPurpose: "data",
        dataset_datasetType: ["structured"],
        dataset_datasetSize: table.manifest.size,
        dataset_dataCollectionProcess: table.provenance || "Not stated.",
        ...(table.transform ? { dataset_dataPreprocessing: [table.transform.id] } : {}),
      });
    }
    const expression = /^[A-Za-z0-9.+-]+$/.test(asset.licence)
      ? asset.licence
      : `LicenseRef-${asset.licence.replace(/[^A-Za-z0-9.-]+/g, "-")}`;
    const licence = add("simplelicensing_LicenseExpression", inside(`licence-${encodeURIComponent(expression)}`), {
      simplelicensing_licenseExpression: expression,
    });
    relate("hasDeclaredLicense", spdxId, [licence]);
    relate("hasConcludedLicense", spdxId, [licence]);
  }
  const known = (ref: Ref) => elements.some((one) => one["spdxId"] === uriOf(provenance, ref));
  for (const { from, to, role } of provenance.edges) {
    if (!known(from) || !known(to)) continue;
    const trained = role === "learnt from" || modelOf(provenance, from) !== undefined;
    if (trained) relate("trainedOn", uriOf(provenance, from), [uriOf(provenance, to)]);
    else relate("descendantOf", uriOf(provenance, from), [uriOf(provenance, to)]);
  }
  const tool = add("Tool", "urn:assay:tool", { name: "assay" });
  const asset = assetOf(provenance, "SPDX");
  const profiles = ["core", "software", "simpleLicensing", "ai", "dataset"];
  const bom = inside("bom");
  const document = [
    {
      type: "SpdxDocument",
      spdxId: inside("document"),
      creationInfo: "_:creation",
      profileConformance: profiles,
      rootElement: [bom],
    },
    {
      type: "software_Sbom",
      spdxId: bom,
      creationInfo: "_:creation",
      profileConformance: profiles,
      rootElement: [uri],
      element: elements.map((one) => String(one["spdxId"])),
      software_sbomType: ["analyzed"],
    },
  ];
  return {
    mediaType: "application/spdx+json",
    document: {
      "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
      "@graph": [
        {
          type: "CreationInfo",
          "@id": "_:creation",
          specVersion: "3.0.1",
          created,
          createdBy: [agentOf(provenance, asset.creator)],
          createdUsing: [tool],
        },
        ...document,
        ...elements,
      ],
    },
  };
}
