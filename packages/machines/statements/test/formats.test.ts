import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { croissantContext } from "../src/croissant.ts";
import { exportAs, type Format, formats } from "../src/formats.ts";
import { OPEN_LINEAGE_SCHEMA, parseOpenLineage } from "../src/openLineage.ts";
import { uriOf } from "../src/provenance.ts";
import { jsonld, offline } from "./jsonLd.ts";
import { files, lineage, of } from "./lineage.ts";
import { runEventFacts } from "./openLineageFacts.ts";

const now = "2026-11-27T20:00:00.000Z";
// biome-ignore lint/suspicious/noExplicitAny: JSON documents of many shapes
type Doc = any;
const write = async (format: Format, provenance = of("3")): Promise<Doc> =>
  (await exportAs(format, provenance, { files, now })).document;

/** Every IRI that stands for a property or type somewhere in an expanded document. */
function terms(value: Doc, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const one of value) terms(one, found);
  else if (value && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) {
      if (key === "@type") for (const type of [inner].flat()) found.add(String(type));
      else if (!key.startsWith("@")) found.add(key);
      terms(inner, found);
    }
  }
  return found;
}

/** The strict schema of CycloneDX 1.6 as the library of its makers ships it. */
function cycloneDx() {
  const main = createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library");
  const folder = join(main.slice(0, main.lastIndexOf("cyclonedx-library") + 17), "res/schema");
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const ajv = new Ajv({ strict: false });
  for (const name of ["jsf-0.82.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json"]) {
    ajv.addSchema({ ...read(name), $id: `http://cyclonedx.org/schema/${name}` });
  }
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  for (const format of ["iri-reference", "idn-email"]) ajv.addFormat(format, true);
  return ajv.compile(read("bom-1.6.SNAPSHOT.schema.json"));
}

describe("a lineage in the formats of the field", () => {
  test("Croissant 1.1: what the standard requires, every term in a known vocabulary, references that lead somewhere", async () => {
    const document = await write("croissant", of("2"));
    for (const field of [
      "@context",
      "@type",
      "conformsTo",
      "description",
      "license",
      "name",
      "url",
      "creator",
      "datePublished",
      "distribution",
    ]) {
      expect(document[field], field).toBeTruthy();
    }
    const expanded = await jsonld.expand(document, offline);
    const known =
      /^(https:\/\/schema\.org\/|http:\/\/mlcommons\.org\/croissant\/|http:\/\/purl\.org\/dc\/terms\/conformsTo$|http:\/\/www\.w3\.org\/ns\/prov#)/;
    for (const term of terms(expanded)) expect(term).toMatch(known);
    const [set] = expanded;
    expect(set["@type"]).toEqual(["https://schema.org/Dataset"]);
    expect(set["http://purl.org/dc/terms/conformsTo"][0]["@value"]).toBe("http://mlcommons.org/croissant/1.1");
    const [file] = set["https://schema.org/distribution"];
    expect(file["@type"]).toEqual(["http://mlcommons.org/croissant/FileObject"]);
    expect(file["https://schema.org/sha256"][0]["@value"]).toBe(files["2"]);
    const [records] = set["http://mlcommons.org/croissant/recordSet"];
    const fields = records["http://mlcommons.org/croissant/field"];
    const kinds = fields.map((field: Doc) => field["http://mlcommons.org/croissant/dataType"][0]["@id"]);
    expect(kinds).toEqual(["https://schema.org/Date", "https://schema.org/Float", "https://schema.org/Boolean"]);
    for (const field of fields) {
      const [source] = field["http://mlcommons.org/croissant/source"];
      expect(source["http://mlcommons.org/croissant/fileObject"][0]["@id"]).toBe(file["@id"]);
    }
    expect(set["http://www.w3.org/ns/prov#wasDerivedFrom"][0]["@id"]).toBe(uriOf(lineage, { kind: "asset", id: "1" }));
    expect(new Set(fields.map((field: Doc) => field["@id"])).size).toBe(3);
    expect(Object.keys(croissantContext())).toContain("recordSet");
    const told = async (more: object) => {
      const provenance = structuredClone(of("2"));
      Object.assign(provenance.statements.find(({ node }) => node.id === "2")?.statement as object, more);
      return (await write("croissant", provenance)).distribution[0];
    };
    const parquet = { mediaType: "application/vnd.apache.parquet" };
    expect(await told(parquet)).toMatchObject({ "@id": "table.parquet", encodingFormat: parquet.mediaType });
    expect(await told({ ...parquet, sealed: { cipher: "aes-256-gcm" } })).toMatchObject({
      "@id": "table.parquet.sealed",
      encodingFormat: "application/octet-stream",
      description: expect.stringMatching(/^Encrypted \(aes-256-gcm\), application\/vnd.apache.parquet inside/),
    });
    await expect(write("croissant", of("3"))).rejects.toThrow(/data sets/);
    await expect(exportAs("croissant", of("2"), { now })).rejects.toThrow(/hashed/);
  });

  test("PROV-O: valid JSON-LD, the relations of the standard, closed under its own names", async () => {
    const document = await write("prov", lineage);
    const expanded = await jsonld.expand(document, offline);
    for (const term of terms(expanded))
      expect(term).toMatch(
        /^(http:\/\/www\.w3\.org\/(ns\/prov#|2000\/01\/rdf-schema#label|2001\/XMLSchema#)|urn:assay:terms:)/,
      );
    const triples = await jsonld.toRDF(document, { ...offline, format: "application/n-quads" });
    const node = (kind: string, id: string) => `<${uriOf(lineage, { kind, id })}>`;
    const prov = (name: string) => `<http://www.w3.org/ns/prov#${name}>`;
    const run = node("run", `0x${"7".repeat(64)}`);
    for (const line of [
      `${node("asset", "3")} ${prov("wasGeneratedBy")} ${run}`,
      `${node("asset", "3")} ${prov("wasDerivedFrom")} ${node("asset", "2")}`,
      `${run} ${prov("used")} ${node("asset", "2")}`,
      `${node("payout", "1000001")} ${prov("wasInformedBy")} ${node("decision", `0x${"9".repeat(64)}`)}`,
      `${node("asset", "1")} ${prov("wasAttributedTo")} <did:pkh:eip155:31337:0x${"a1".repeat(20)}>`,
    ]) {
      expect(triples).toContain(line);
    }
  });

  test("OpenLineage: events that we would take ourselves, a start and an end for each step", async () => {
    const events: Doc[] = await write("openlineage", lineage);
    expect(events.map((event) => [event.eventType, event.job.name])).toEqual([
      ["START", "transform/cover/wrsi/1"],
      ["COMPLETE", "transform/cover/wrsi/1"],
      ["START", "training/Water index"],
      ["COMPLETE", "training/Water index"],
      ["START", "decision"],
      ["COMPLETE", "decision"],
    ]);
    for (const event of events) expect(parseOpenLineage(event)).toEqual(event);
    expect(events[3].inputs[0].name).toBe("asset/2");
    expect(events[3].outputs[0].name).toBe("asset/3");
    expect(events[2].run.runId).toBe(events[3].run.runId);
  });

  test("CycloneDX: valid by the schema that its own library carries", async () => {
    const validate = cycloneDx();
    for (const id of ["3", "2", "1"]) {
      const document = await write("cyclonedx", of(id));
      expect(validate(document), JSON.stringify(validate.errors?.[0])).toBe(true);
    }
    const document = await write("cyclonedx");
    expect(document.metadata.component.modelCard.quantitativeAnalysis.performanceMetrics).toContainEqual({
      type: "rmse",
      value: "0.085",
    });
    expect(document.components.map(({ name }: Doc) => name)).toEqual(["Labelled weather", "Weather"]);
    for (const wrong of [{ metadata: { timestamp: "yesterday" } }, { version: 0 }, { nonsense: 1 }]) {
      expect(validate({ ...document, ...wrong }), JSON.stringify(wrong)).toBe(false);
    }
  });

  test("SPDX 3: what the profiles ai and dataset require", async () => {
    const graph: Doc[] = (await write("spdx"))["@graph"];
    const by = (type: string) => graph.filter((one) => one.type === type);
    const [model] = by("ai_AIPackage");
    for (const field of [
      "suppliedBy",
      "software_downloadLocation",
      "software_packageVersion",
      "software_primaryPurpose",
      "releaseTime",
    ]) {
      expect(model[field], field).toBeTruthy();
    }
    expect(by("dataset_DatasetPackage")).toHaveLength(2);
    for (const set of by("dataset_DatasetPackage")) {
      for (const field of [
        "builtTime",
        "originatedBy",
        "releaseTime",
        "software_downloadLocation",
        "software_primaryPurpose",
        "dataset_datasetType",
      ]) {
        expect(set[field], field).toBeTruthy();
      }
    }
    for (const one of [model, ...by("dataset_DatasetPackage")]) {
      for (const type of ["hasDeclaredLicense", "hasConcludedLicense"]) {
        expect(
          by("Relationship").filter((link) => link.from === one.spdxId && link.relationshipType === type),
        ).toHaveLength(1);
      }
    }
    const ids = new Set(graph.map((one) => one.spdxId ?? one["@id"]));
    for (const link of by("Relationship")) for (const end of [link.from, ...link.to]) expect(ids).toContain(end);
    expect(graph.filter((one) => one.spdxId).length).toBe(new Set(graph.flatMap((one) => one.spdxId ?? [])).size);
    for (const time of [by("CreationInfo")[0].created, model.releaseTime])
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(by("Relationship").some((link) => link.relationshipType === "trainedOn" && link.from === model.spdxId)).toBe(
      true,
    );
  });

  test("SLSA provenance and model card; what has no word for a subject says so", async () => {
    const statement = await write("slsa");
    expect(statement.predicateType).toBe("https://slsa.dev/provenance/v1");
    expect(statement.subject).toEqual([{ name: "Water index", digest: { sha256: "4".repeat(64) } }]);
    const { buildDefinition, runDetails } = statement.predicate;
    expect(buildDefinition.resolvedDependencies[0]).toMatchObject({ digest: { sha256: "6".repeat(64) } });
    expect(buildDefinition.externalParameters.recipe).toEqual({ layers: [8, 1] });
    expect(runDetails.builder.id).toMatch(/^did:pkh:/);
    const card: string = await write("model-card");
    expect(card).toMatch(/^---\nlicense: apache-2\.0\n/);
    for (const text of ["Scores seasons at this station.", "baselines.mean.rmse", "Labelled weather"])
      expect(card).toContain(text);
    for (const format of formats) {
      if (format === "prov" || format === "openlineage") continue;
      await expect(write(format, lineage), format).rejects.toThrow(/payout:1000001/);
    }
  });
});

describe("OpenLineage against what its schema asks (retyped, see openLineageFacts.ts)", () => {
  const ajv = new Ajv({ allErrors: true, strict: false });
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  const valid = ajv.compile(runEventFacts);

  test("every event that is written has it all", async () => {
    const events = (await write("openlineage")) as Doc[];
    expect(events.length).toBeGreaterThan(1);
    for (const event of events) {
      expect(valid(event), ajv.errorsText(valid.errors)).toBe(true);
      expect(event.schemaURL).toBe(`${OPEN_LINEAGE_SCHEMA}#/$defs/RunEvent`);
    }
  });

  test("older clients' times without zone and events without schemaURL are taken; what is of two kinds is not", async () => {
    const [{ schemaURL: _, ...event }] = (await write("openlineage")) as Doc[];
    const old = { ...event, eventTime: "2021-11-03T10:53:52.427343" };
    expect(parseOpenLineage(old)).toEqual(old);
    const { run: __, ...job } = event;
    const both = { ...job, dataset: { namespace: "a", name: "b" } };
    expect(() => parseOpenLineage(both)).toThrow(/a job and of a data set alike/);
    for (const value of [null, 7, "event", [], {}]) expect(() => parseOpenLineage(value)).toThrow(/no OpenLineage/);
  });

  test("what is read is what the schema takes: each missing or wrong field is refused by both", async () => {
    const [event] = (await write("openlineage")) as Doc[];
    const spoilt: [string, (copy: Doc) => void][] = [
      ["eventTime", (copy) => delete copy.eventTime],
      ["eventTime", (copy) => Object.assign(copy, { eventTime: "yesterday" })],
      ["producer", (copy) => delete copy.producer],
      ["producer", (copy) => Object.assign(copy, { producer: "no uri" })],
      ["run id", (copy) => Object.assign(copy.run, { runId: "7" })],
      ["job name", (copy) => delete copy.job.name],
      ["event type", (copy) => Object.assign(copy, { eventType: "DONE" })],
      ["input's namespace", (copy) => Object.assign(copy, { inputs: [{ name: "a" }] })],
      ["facet's producer", (copy) => Object.assign(copy.job, { facets: { a: { _schemaURL: "https://a.example/" } } })],
    ];
    expect(parseOpenLineage(event)).toEqual(event);
    for (const [name, spoil] of spoilt) {
      const copy = structuredClone(event);
      spoil(copy);
      expect(valid(copy), name).toBe(false);
      expect(() => parseOpenLineage(copy), name).toThrow(/no OpenLineage event/);
    }
  });
});
