import { createHash } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { BaseError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { bare, walletSigner } from "@machines/statements";
import { exportAs, type Format } from "@machines/statements/formats.ts";
import { loadStatement } from "./load.ts";
import { receipt } from "./receipt.ts";

export interface ExportInput {
  /** Any node of the lineage, as `assets.trace` takes it. */
  readonly id: string;
  readonly format: Format;
  readonly out?: string | undefined;
  readonly at?: string | undefined;
  /** Identity that signs SLSA provenance, or `node` for the node's own keys. */
  readonly sign?: string | undefined;
}

/**
 * Writes a thing and all it stands on in a format of the field: data sheets, bills of materials, provenance.
 *
 * Throws NotFoundError for what is not here, InvalidInputError where the format has no word for it. SPEC S13.
 */
export async function exportAsset(context: Context, { id, format, out, at, sign }: ExportInput) {
  const provenance = await receipt(context, { id });
  const { subject } = provenance;
  const files: Record<string, string> = {};
  if (format === "croissant" && subject.kind === "asset") files[subject.id] = await fileHash(context, subject.id);
  if (sign !== undefined && format !== "slsa") {
    throw new InvalidInputError("Only SLSA provenance is signed; the other formats have no place for a signature.");
  }
  const signers =
    sign === undefined
      ? []
      : sign === "node"
        ? nodeSigners(context)
        : [walletSigner(context.identities.get(sign).account)];
  const now = new Date(context.clock()).toISOString();
  const { mediaType, document } = await exportAs(format, provenance, { files, url: at, now }, signers);
  if (out !== undefined) {
    const text = typeof document === "string" ? document : `${JSON.stringify(document, null, 2)}\n`;
    await writeFile(`${out}.part`, text, { flush: true });
    await rename(`${out}.part`, out);
  }
  return { subject: `${subject.kind}:${subject.id}`, format, mediaType, document };
}

function nodeSigners({ signers = [] }: Pick<Context, "signers">) {
  if (signers.length > 0) return signers;
  throw new InvalidInputError("This node has no keys of its own for statements: name an identity.");
}

/** SHA-256 of a table's whole file; empty where the bytes are not at hand, so that only formats that need it refuse. */
async function fileHash(context: Context, id: string): Promise<string> {
  const { statement } = await loadStatement(context, id);
  if (!("manifest" in statement)) return bare(statement.root);
  try {
    const hash = createHash("sha256");
    for await (const bytes of context.store.readFile(statement.manifest)) hash.update(bytes);
    return hash.digest("hex");
  } catch (cause) {
    if (!(cause instanceof BaseError)) throw cause;
    throw new InvalidInputError(`The bytes of asset ${id} are not here, and the format asks for their hash.`, {
      cause,
    });
  }
}
