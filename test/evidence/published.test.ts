/**
 * What is written and taken here against the published files of OpenLineage and Croissant, from a folder outside the
 * repository: `published/` beneath ASSAY_EVIDENCE (default ../shared). The files come from public repositories:
 *
 * - openlineage/OpenLineage.json: version 2-0-2, as valensim/OpenLineageJSClient carries it (src/schemas/eventSchema.json
 *   at 3c3b29cc); openlineage/OpenLineage-2-0-0.json: OpenLineage/OpenLineage website/static/spec/2-0-0/OpenLineage.json.
 * - openlineage/facets/: OpenLineage/OpenLineage spec/facets/ JobTypeJobFacet.json (2-0-2, at 46420d73),
 *   SchemaDatasetFacet.json (1-0-0, at e724205e), DatasetVersionDatasetFacet.json (1-0-0, at 0f6a673d).
 * - openlineage/events/: `python.*` OpenLineage/OpenLineage client/python/tests/, `marquez.*` MarquezProject/marquez
 *   api/src/test/resources/open_lineage/, `pedrobtz.*` pedrobtz/openlineage tests/testthat/fixtures/.
 * - openlineage/facet-examples/: OpenLineage/OpenLineage spec/tests/.
 * - croissant/context.json, required.md: mlcommons/croissant docs/croissant-spec-1.1.md at 0d3119df, appendix 1 and the
 *   sections "Required" and "Modified and Added Properties"; croissant.ttl: docs/croissant.ttl at 8e8b86f9;
 *   datasets/: datasets/1.1/ audio_test/metadata.json and recipes/minimal_multilingual.json.
 * - schemaorg/package/: the npm package schema-dts 2.1.0, which lists every class and property of schema.org.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { exportAs } from "../../packages/machines/statements/src/formats.ts";
import { OPEN_LINEAGE_SCHEMA, parseOpenLineage } from "../../packages/machines/statements/src/openLineage.ts";
import { jsonld, offline } from "../../packages/machines/statements/test/jsonLd.ts";
import { files, lineage, of } from "../../packages/machines/statements/test/lineage.ts";
import { runEventFacts } from "../../packages/machines/statements/test/openLineageFacts.ts";
import { startLogNode } from "../../packages/records/log/test/node.ts";

const folder = resolve(process.env["ASSAY_EVIDENCE"] ?? "../shared", "published");
const present = existsSync(folder);
if (!present) console.log(`skipped: ${folder} is not there (set ASSAY_EVIDENCE to a folder that holds published/)`);

// biome-ignore lint/suspicious/noExplicitAny: JSON documents of many shapes
type Doc = any;
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const json = (name: string): Doc => JSON.parse(read(name));
const all = (name: string): [string, Doc][] =>
  present ? readdirSync(join(folder, name)).map((file) => [file, json(join(name, file))]) : [];
const now = "2026-11-27T20:00:00.000Z";
const write = async (format: "croissant" | "openlineage", provenance = lineage): Promise<Doc> =>
  (await exportAs(format, provenance, { files, now })).document;

/** The published schemas, compiled; what a facet's `_schemaURL` names is looked up among them. */
function published() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  const core = json("openlineage/OpenLineage.json");
  ajv.addSchema(core);
  // The older facets refer to 1-0-2 for the base of a facet, which 2-0-0 says in the same words.
  const { BaseFacet, DatasetFacet } = json("openlineage/OpenLineage-2-0-0.json").$defs;
  const $id = "https://openlineage.io/spec/1-0-2/OpenLineage.json";
  ajv.addSchema({ $id, $defs: { BaseFacet, DatasetFacet } });
  const ids = new Map<string, string>();
  for (const [, schema] of all("openlineage/facets")) {
    ajv.addSchema(schema);
    for (const [name, { $ref }] of Object.entries<Doc>(schema.properties)) ids.set(`${schema.$id}${$ref}`, name);
  }
  const run = ajv.getSchema(`${OPEN_LINEAGE_SCHEMA}#/$defs/RunEvent`);
  const any = ajv.getSchema(OPEN_LINEAGE_SCHEMA);
  if (!run || !any) throw new Error("the published schema does not compile");
  const facets = Object.fromEntries([...ids].map(([id, name]) => [name, ajv.getSchema(id)]));
  return { ids, run, any, facets, errors: (validate = run) => ajv.errorsText(validate.errors) };
}

/** Every facet of an event, by its name. */
const facetsOf = (event: Doc): [string, Doc][] =>
  [event.run, event.job, event.dataset, ...list(event.inputs), ...list(event.outputs)].flatMap((part) =>
    ["facets", "inputFacets", "outputFacets"].flatMap((key) => Object.entries(object(object(part)[key]))),
  );
const object = (value: unknown): Doc => (typeof value === "object" && value !== null ? value : {});
const list = (value: unknown): Doc[] => (Array.isArray(value) ? value : []);

/** Spoils a copy at one place: something is taken away, replaced, or put in. Deterministic. */
function spoil(event: Doc, seed: number): Doc {
  let state = seed * 2_654_435_761 + 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const copy = structuredClone(event);
  const places: [Doc, string][] = [];
  const visit = (value: Doc) => {
    for (const key of Object.keys(object(value))) {
      places.push([value, key]);
      visit(value[key]);
    }
  };
  visit(copy);
  const [holder, key] = places[next(places.length)] as [Doc, string];
  const put = [null, 7, true, "", "no uri or date", [], {}, { a: 1 }, [1], "2026-02-30T00:00:00Z", "urn:x:1"];
  const what = next(put.length + 3);
  if (what === 0) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  } else if (what === 1) Object.assign(object(holder[key]), { more: put[next(put.length)] });
  else if (what === 2) Object.assign(object(holder[key]), { _deleted: put[next(put.length)] });
  else holder[key] = put[what - 3];
  return copy;
}

describe.skipIf(!present)("OpenLineage as published", () => {
  const schemas = present ? published() : (undefined as never);
  const wild = all("openlineage/events");

  test("2-0-2 is 2-0-0 but for facets that are no longer listed, deletion, and kinds of events that exclude each other", () => {
    const [newer, older] = [json("openlineage/OpenLineage.json"), json("openlineage/OpenLineage-2-0-0.json")];
    const strip = (value: Doc): Doc => {
      if (Array.isArray(value)) return value.filter((one) => !/^facets\//.test(one?.$ref ?? "")).map(strip);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, strip(inner)]));
    };
    const changed = Object.keys(newer.$defs).filter(
      (name) => JSON.stringify(newer.$defs[name]) !== JSON.stringify(strip(older.$defs[name])),
    );
    expect(changed.sort()).toEqual(["DatasetEvent", "DatasetFacet", "JobEvent", "JobFacet"]);
    expect(Object.keys(newer.$defs)).toEqual(Object.keys(older.$defs));
  });

  test("every event that is written is valid, and so is each facet by the schema that it names", async () => {
    const seen = new Set<string>();
    for (const provenance of [lineage, of("3"), of("2"), of("1")]) {
      for (const event of await write("openlineage", provenance)) {
        expect(schemas.any(event), schemas.errors(schemas.any)).toBe(true);
        expect(schemas.run(event), schemas.errors()).toBe(true);
        expect(event.schemaURL).toBe(`${OPEN_LINEAGE_SCHEMA}#/$defs/RunEvent`);
        for (const [name, facet] of facetsOf(event)) {
          expect(schemas.ids.get(facet._schemaURL), facet._schemaURL).toBe(name);
          expect(schemas.facets[name]?.(facet), name).toBe(true);
          seen.add(facet._schemaURL);
        }
      }
    }
    expect([...seen].sort()).toEqual([...schemas.ids.keys()].sort());
  });

  test("the retyped facts say what the published schemas say, on 2,000 spoilt events", async () => {
    const ajv = new Ajv2020({ strict: false });
    (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
    const facts = ajv.compile(runEventFacts);
    const events: Doc[] = await write("openlineage");
    let [taken, refused] = [0, 0];
    for (let seed = 0; seed < 2_000; seed++) {
      const event = spoilt(events, seed);
      const valid =
        schemas.run(event) &&
        [...facetsIn(event.job, "jobType"), ...sets(event).flatMap((set) => facetsIn(set, "schema", "version"))].every(
          ([name, facet]) => schemas.facets[name]?.(facet),
        );
      expect(facts(event), `seed ${seed}: ${JSON.stringify(event)}`).toBe(valid);
      if (valid) taken++;
      else refused++;
    }
    expect(taken).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(200);
  });

  test("what the published schema takes is taken, and what is taken beyond it is named", async () => {
    const events: Doc[] = [...(await write("openlineage")), ...wild.map(([, event]) => event)];
    const reasons = new Map<string, number>();
    for (let seed = 0; seed < 4_000; seed++) {
      const event = spoilt(events, seed);
      const ours = takes(event);
      if (schemas.any(event)) expect(ours, `seed ${seed}: ${JSON.stringify(event)}`).toBe(true);
      else if (ours) {
        const filled = { schemaURL: OPEN_LINEAGE_SCHEMA, ...event };
        if (/\dT[\d:.]+$/.test(filled.eventTime)) filled.eventTime += "Z";
        const why = schemas.any(filled) ? "no schemaURL or no zone" : schemas.errors(schemas.any);
        reasons.set(why, (reasons.get(why) ?? 0) + 1);
      }
    }
    expect([...reasons.keys()]).toEqual(["no schemaURL or no zone"]);
  });

  test("examples of others go through the intake and come out as they were", async () => {
    const [, started]: Doc[] = await write("openlineage");
    const examples = all("openlineage/facet-examples").map(([file, facets]): [string, Doc] => {
      const copy = structuredClone(started);
      const part = /Run/.test(file) ? copy.run : /Job/.test(file) ? copy.job : copy.inputs[0];
      part.facets = { ...part.facets, ...facets };
      return [file, copy];
    });
    expect(wild.length + examples.length).toBeGreaterThanOrEqual(20);
    const node = await startLogNode();
    try {
      const send = (event: Doc) =>
        node.runtime.app.fetch(
          new Request("http://localhost/api/v1/lineage", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(event),
          }),
        );
      const refused: string[] = [];
      const mine: [string, Doc][] = (await write("openlineage")).map((event: Doc, i: number) => [`ours.${i}`, event]);
      for (const [name, event] of [...wild, ...examples, ...mine]) {
        const answer = await send(event);
        if (answer.status !== 201) {
          refused.push(`${name}: ${((await answer.json()) as Doc).field}`);
          continue;
        }
        const { indexes } = (await answer.json()) as { indexes: number[] };
        const { value } = await node.call<{ value: Doc }>("log.show", { record: String(indexes[0]) });
        expect(value, name).toEqual(event);
        if (event.schemaURL && /(Z|[+-]\d\d:\d\d)$/.test(event.eventTime)) {
          expect(schemas.any(value), `${name}: ${schemas.errors(schemas.any)}`).toBe(true);
        }
      }
      // Its run is named by a word, which no version of the schema allows.
      expect(refused).toEqual(["marquez.event_required_only.json: run.runId"]);
    } finally {
      await node.close();
    }
  });

  const spoilt = (events: Doc[], seed: number) => {
    const once = spoil(events[seed % events.length], seed);
    return seed % 3 === 0 ? spoil(once, seed + 1) : once;
  };
  const sets = (event: Doc) => [...list(event.inputs), ...list(event.outputs)];
  const facetsIn = (part: Doc, ...names: string[]): [string, Doc][] =>
    Object.entries(object(object(part).facets)).filter(([name]) => names.includes(name));
  const takes = (event: Doc) => {
    try {
      parseOpenLineage(event);
      return true;
    } catch {
      return false;
    }
  };
});

describe.skipIf(!present)("Croissant 1.1 as published", () => {
  const rdf = (document: Doc) =>
    jsonld.canonize(document, { ...offline, algorithm: "RDFC-1.0", format: "application/n-quads" });
  /** The specification spells schema.org with http, its data sets and its reader with https. */
  const secure = (context: Doc) =>
    JSON.parse(JSON.stringify(context).replaceAll("http://schema.org/", "https://schema.org/"));
  const prov = { prov: "http://www.w3.org/ns/prov#" };
  const subjects = ["1", "2"];

  test("the same triples under the published contexts as under ours", async () => {
    const contexts = [json("croissant/context.json"), ...all("croissant/datasets").map(([, set]) => set)];
    expect(contexts).toHaveLength(3);
    for (const id of subjects) {
      const document = await write("croissant", of(id));
      const mine = await rdf(document);
      expect(mine.split("\n").length).toBeGreaterThan(50);
      for (const published of contexts) {
        const context = { ...secure(published["@context"]), ...prov };
        expect(await rdf({ ...document, "@context": context })).toBe(mine);
      }
      const { recordSet: _, ...poorer } = secure(contexts[0]["@context"]);
      expect(await rdf({ ...document, "@context": { ...poorer, ...prov } })).not.toBe(mine);
    }
  });

  test("every class and property is defined by croissant.ttl or by schema.org", async () => {
    const turtle = read("croissant/croissant.ttl");
    const terms = [...turtle.matchAll(/^croissant:(\w+) a (?:rdf|croissant):/gm)];
    const croissant = new Set(terms.map(([, name]) => `http://mlcommons.org/croissant/${name}`));
    const types = read("schemaorg/package/dist/schema.d.ts");
    const schema = new Set(
      [...types.matchAll(/^ {4}"(\w+)"\?: SchemaValue|^export type (\w+) =|"@type": "(\w+)"/gm)].flatMap((found) =>
        found.slice(1).flatMap((name) => (name ? [`https://schema.org/${name}`] : [])),
      ),
    );
    expect(croissant.size).toBeGreaterThan(35);
    expect(schema.size).toBeGreaterThan(2_000);
    const other = ["http://purl.org/dc/terms/conformsTo", "http://www.w3.org/ns/prov#wasDerivedFrom"];
    const used = new Set<string>();
    const visit = (value: Doc) => {
      if (Array.isArray(value)) for (const one of value) visit(one);
      else if (value && typeof value === "object") {
        for (const [key, inner] of Object.entries(value)) {
          if (key === "@type") for (const type of [inner].flat()) used.add(String(type));
          else if (!key.startsWith("@")) used.add(key);
          if (/dataType$/.test(key)) for (const type of inner as Doc[]) used.add(type["@id"]);
          visit(inner);
        }
      }
    };
    for (const id of subjects) visit(await jsonld.expand(await write("croissant", of(id)), offline));
    expect(used.size).toBeGreaterThan(30);
    expect([...used].filter((term) => !croissant.has(term) && !schema.has(term) && !other.includes(term))).toEqual([]);
    // The check can fail: terms of neither vocabulary are not in the sets.
    expect(croissant).not.toContain("http://mlcommons.org/croissant/columns");
    expect(schema).not.toContain("https://schema.org/licence");
  });

  test("what the specification requires is there, and what its own reader checks", async () => {
    const rows = [...read("croissant/required.md").matchAll(/<tr>\s*<td>(?:<a[^>]*>)?([@\w:]+)(?:<\/a>)?<\/td>/g)];
    const required = rows.map(([, name]) => String(name).replace("dct:", ""));
    expect(required).toEqual(
      "@context @type conformsTo description license name url creator datePublished distribution".split(" "),
    );
    for (const id of subjects) {
      const document = await write("croissant", of(id));
      for (const field of required) expect(document[field], field).toBeTruthy();
      expect(document["@type"]).toBe("sc:Dataset");
      expect(document.conformsTo).toBe("http://mlcommons.org/croissant/1.1");
      // mlcroissant: MAJOR.MINOR.PATCH; files have name, format, address and one checksum; fields have a type and a source.
      expect(document.version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(Number.isNaN(Date.parse(document.datePublished))).toBe(false);
      const ids = new Set([document["@id"]]);
      for (const file of document.distribution) {
        ids.add(file["@id"]);
        for (const field of ["@id", "name", "encodingFormat", "contentUrl", "sha256"]) expect(file[field]).toBeTruthy();
        expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
      }
      const fields = document.recordSet.flatMap((set: Doc) => set.field);
      for (const field of fields) {
        expect(field.dataType).toMatch(/^sc:/);
        expect(ids).toContain(field.source.fileObject["@id"]);
        expect(field["@id"].startsWith("rows/")).toBe(true);
      }
      expect(new Set(fields.map((field: Doc) => field["@id"])).size).toBe(fields.length);
    }
  });
});
