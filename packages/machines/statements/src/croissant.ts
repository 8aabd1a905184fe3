import type { Json } from "@base/bytes/canonicalJson.ts";
import { InvalidInputError } from "@base/errors";
import { agentOf, type Exported, type ExportOptions, key, type Provenance, tableOf, uriOf } from "./provenance.ts";

/** Terms of the vocabulary that the context gives short names (Croissant 1.1, appendix 1). */
const TERMS =
  "annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileProperty fileObject fileSet format includes isArray isLiveDataset jsonPath key md5 parentField recordSet references regex readLines sdVersion separator source subField transform unArchive value";

/** The context of a Croissant 1.1 document, with the prefixes of PROV-O for where a table came from. */
export function croissantContext(): { readonly [key: string]: Json } {
  return {
    "@language": "en",
    "@vocab": "https://schema.org/",
    sc: "https://schema.org/",
    cr: "http://mlcommons.org/croissant/",
    rai: "http://mlcommons.org/croissant/RAI/",
    dct: "http://purl.org/dc/terms/",
    prov: "http://www.w3.org/ns/prov#",
    conformsTo: "dct:conformsTo",
    data: { "@id": "cr:data", "@type": "@json" },
    dataType: { "@id": "cr:dataType", "@type": "@vocab" },
    examples: { "@id": "cr:examples", "@type": "@json" },
    ...Object.fromEntries(TERMS.split(" ").map((term) => [term, `cr:${term}`])),
  };
}

const types: Readonly<Record<string, string>> = {
  number: "sc:Float",
  integer: "sc:Integer",
  string: "sc:Text",
  date: "sc:Date",
  boolean: "sc:Boolean",
};

const extensions: Readonly<Record<string, string>> = {
  "text/csv": "csv",
  "application/vnd.apache.parquet": "parquet",
  "application/vnd.apache.arrow.file": "arrow",
  "application/vnd.apache.arrow.stream": "arrows",
  "application/jsonl": "jsonl",
};

/** A table as Croissant 1.1: its file, its columns, its licence, its sources. Throws InvalidInputError for what is no table. */
export function toCroissant(provenance: Provenance, { files = {}, url }: ExportOptions): Exported {
  const { subject } = provenance;
  const table = tableOf(provenance, subject);
  if (!table) throw new InvalidInputError(`Croissant describes data sets, and ${key(subject)} is none.`);
  const sha256 = files[subject.id];
  if (sha256 === undefined) throw new InvalidInputError(`The bytes of ${key(subject)} are not here to be hashed.`);
  const uri = uriOf(provenance, subject);
  const { mediaType = "text/csv", sealed } = table;
  const file = `table.${extensions[mediaType] ?? "bin"}${sealed ? ".sealed" : ""}`;
  const root = `${table.rows} rows; RFC 6962 root of its chunks ${table.manifest.root}.`;
  const sources = provenance.edges.filter(({ from, to }) => key(from) === key(subject) && to.kind === "asset");
  const creator = agentOf(provenance, table.creator);
  return {
    mediaType: 'application/ld+json; profile="http://mlcommons.org/croissant/1.1"',
    document: {
      "@context": croissantContext(),
      "@type": "sc:Dataset",
      "@id": uri,
      conformsTo: "http://mlcommons.org/croissant/1.1",
      name: table.name,
      description: table.provenance || table.name,
      license: licenceUrl(table.licence),
      url: url ?? uri,
      creator: { "@type": "sc:Person", "@id": creator, name: table.creator, url: creator },
      datePublished: table.createdAt,
      version: "1.0.0",
      citeAs: `${table.name}, ${uri}`,
      isLiveDataset: false,
      ...(sources.length ? { "prov:wasDerivedFrom": sources.map(({ to }) => ({ "@id": uriOf(provenance, to) })) } : {}),
      distribution: [
        {
          "@type": "cr:FileObject",
          "@id": file,
          name: file,
          description: sealed ? `Encrypted (${sealed.cipher}), ${mediaType} inside. ${root}` : root,
          contentUrl: url ?? `${uri}#${file}`,
          contentSize: `${table.manifest.size} B`,
          encodingFormat: sealed ? "application/octet-stream" : mediaType,
          sha256,
        },
      ],
      recordSet: [
        {
          "@type": "cr:RecordSet",
          "@id": "rows",
          name: "rows",
          description: `The ${table.rows} rows of the table.`,
          field: table.schema.map(({ name, type, missing }) => ({
            "@type": "cr:Field",
            "@id": `rows/${encodeURIComponent(name)}`,
            name,
            description: missing ? `Column ${name}; ${missing} of ${table.rows} cells are empty.` : `Column ${name}.`,
            dataType: types[type] ?? "sc:Text",
            source: { fileObject: { "@id": file }, extract: { column: name } },
          })),
        },
      ],
    },
  };
}

/** SPDX licences have an address; other names stay what they are. */
export function licenceUrl(licence: string): string {
  return /^[A-Za-z0-9.+-]+$/.test(licence) && !licence.startsWith("LicenseRef-")
    ? `https://spdx.org/licenses/${licence}.html`
    : licence;
}
