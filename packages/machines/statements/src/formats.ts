import type { Json } from "@base/bytes/canonicalJson.ts";
import { toCroissant } from "./croissant.ts";
import { toCycloneDx } from "./cycloneDx.ts";
import { signEnvelope } from "./envelope.ts";
import { PAYLOAD_TYPE } from "./inToto.ts";
import type { StatementSigner } from "./keys.ts";
import { toModelCard } from "./modelCard.ts";
import { toOpenLineage } from "./openLineageOut.ts";
import { toProv } from "./prov.ts";
import type { Exported, ExportOptions, Provenance } from "./provenance.ts";
import { toSlsa } from "./slsa.ts";
import { toSpdx } from "./spdx.ts";

/** Formats that a lineage can be written in. */
export const formats = ["croissant", "prov", "openlineage", "slsa", "model-card", "cyclonedx", "spdx"] as const;
export type Format = (typeof formats)[number];

/**
 * Writes a lineage in a format; SLSA provenance is put into a DSSE envelope where signers are given.
 * Throws InvalidInputError where the format has no word for the subject.
 */
export async function exportAs(
  format: Format,
  provenance: Provenance,
  options: ExportOptions,
  signers: readonly StatementSigner[] = [],
): Promise<Exported> {
  switch (format) {
    case "croissant":
      return toCroissant(provenance, options);
    case "prov":
      return toProv(provenance);
    case "openlineage":
      return toOpenLineage(provenance, options);
    case "model-card":
      return toModelCard(provenance);
    case "cyclonedx":
      return toCycloneDx(provenance, options);
    case "spdx":
      return toSpdx(provenance, options);
    case "slsa": {
      const statement = toSlsa(provenance);
      if (signers.length === 0) return { mediaType: PAYLOAD_TYPE, document: statement as unknown as Json };
      const envelope = await signEnvelope(statement, signers);
      return { mediaType: "application/vnd.dsse+json", document: envelope as unknown as Json };
    }
  }
}
