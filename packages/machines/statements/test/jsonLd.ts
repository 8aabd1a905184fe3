import { createRequire } from "node:module";

// biome-ignore lint/suspicious/noExplicitAny: JSON documents of many shapes
type Doc = any;

/** What the tests use of the jsonld library, which brings no types. */
interface JsonLd {
  expand(document: unknown, options: object): Promise<Doc[]>;
  toRDF(document: unknown, options: object): Promise<string>;
  canonize(document: unknown, options: object): Promise<string>;
}

export const jsonld = createRequire(import.meta.url)("jsonld") as JsonLd;

/** Nothing may be fetched: what a document means stands in it. */
export const offline = {
  base: "urn:base:",
  safe: true,
  documentLoader: (url: string) => {
    throw new Error(`a context was asked for at ${url}`);
  },
};
