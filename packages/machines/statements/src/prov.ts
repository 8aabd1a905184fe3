import type { Json } from "@base/bytes/canonicalJson.ts";
import { agentOf, type Exported, entryOf, key, type Provenance, type Ref, uriOf } from "./provenance.ts";

/** Kinds of things that happen; all others are things that exist. */
const ACTIVITIES = new Set(["run", "decision", "payout", "dispute"]);

/**
 * The lineage as W3C PROV-O in JSON-LD: assets and contracts are entities, runs, decisions and payouts activities, signers
 * agents. The context stands in the document, so that nothing is loaded to read it.
 */
export function toProv(provenance: Provenance): Exported {
  const id = (ref: Ref) => uriOf(provenance, ref);
  const acts = ({ kind }: Ref) => ACTIVITIES.has(kind);
  const agents = new Map<string, { readonly [key: string]: Json }>();
  const graph = provenance.nodes.map((node): { readonly [key: string]: Json } => {
    const entry = entryOf(provenance, node);
    const said = (entry?.statement ?? {}) as Record<string, unknown>;
    const made: Record<string, Json> = {
      "@id": id(node),
      "@type": acts(node) ? "prov:Activity" : "prov:Entity",
      label: node.label || key(node),
      kind: node.kind,
    };
    if (entry) made["sha256"] = entry.hash.replace(/^0x/, "");
    if (entry?.tx !== undefined) made["transaction"] = entry.tx;
    if (entry?.block !== undefined) made["block"] = entry.block;
    const time = said["createdAt"];
    if (typeof time === "string") made[acts(node) ? "endedAtTime" : "generatedAtTime"] = time;
    const creator = entry?.signer ?? said["creator"];
    if (typeof creator === "string") {
      const agent = agentOf(provenance, creator);
      agents.set(agent, { "@id": agent, "@type": "prov:Agent", label: creator });
      made[acts(node) ? "wasAssociatedWith" : "wasAttributedTo"] = agent;
    }
    for (const { from, to } of provenance.edges.filter((edge) => key(edge.from) === key(node))) {
      const relation = acts(from)
        ? acts(to)
          ? "wasInformedBy"
          : "used"
        : acts(to)
          ? "wasGeneratedBy"
          : "wasDerivedFrom";
      made[relation] = [...((made[relation] as Json[] | undefined) ?? []), id(to)];
    }
    return made;
  });
  return {
    mediaType: "application/ld+json",
    document: { "@context": context(), "@graph": [...graph, ...agents.values()] },
  };
}

function context(): { readonly [key: string]: Json } {
  const link = (name: string) => ({ "@id": `prov:${name}`, "@type": "@id" });
  const time = (name: string) => ({ "@id": `prov:${name}`, "@type": "xsd:dateTime" });
  return {
    prov: "http://www.w3.org/ns/prov#",
    rdfs: "http://www.w3.org/2000/01/rdf-schema#",
    xsd: "http://www.w3.org/2001/XMLSchema#",
    assay: "urn:assay:terms:",
    label: "rdfs:label",
    kind: "assay:kind",
    sha256: "assay:sha256",
    transaction: "assay:transaction",
    block: { "@id": "assay:block", "@type": "xsd:nonNegativeInteger" },
    generatedAtTime: time("generatedAtTime"),
    endedAtTime: time("endedAtTime"),
    used: link("used"),
    wasInformedBy: link("wasInformedBy"),
    wasGeneratedBy: link("wasGeneratedBy"),
    wasDerivedFrom: link("wasDerivedFrom"),
    wasAttributedTo: link("wasAttributedTo"),
    wasAssociatedWith: link("wasAssociatedWith"),
  };
}
