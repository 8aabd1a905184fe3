import { stat } from "node:fs/promises";
import { NotFoundError } from "@base/errors";
import { type ByteSource, bytesSource, type Format, fileSource, mediaTypes } from "@machines/formats";
import { currencyOf } from "./currency.ts";
import { existingAsset, type PublishedAsset, publishAsset } from "./publishAsset.ts";
import { type PublishContext, readCsv, type TableSource, type TableTerms } from "./publishTable.ts";
import { lower } from "./sign.ts";
import { type Storing, storeProfile, storeSource } from "./storeSource.ts";

/** A published file that is no table. */
export interface PublishedFile extends PublishedAsset {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly profile: string | null;
}

/**
 * Publishes bytes of any kind as a data asset: read once in pieces, never whole in memory. Publishing the same bytes
 * again by the same identity returns the first asset. Throws FormatError where the file is not what it claims to be. SPEC S1-S4, S14.
 */
export async function publishFile(
  context: PublishContext,
  source: TableSource,
  format: Format,
  terms: TableTerms & Storing,
): Promise<PublishedFile> {
  const identity = context.identities.get(terms.as);
  const from = source.file ?? (await readCsv(source));
  const opened = await openSource(source);
  try {
    const profile = await storeProfile(context, opened, format, terms);
    const fields = await storeSource(context, from, terms);
    const found = { name: terms.name, mediaType: mediaTypes[format], size: opened.size, profile: profile ?? null };
    const existing = await existingAsset(context, identity, fields.manifest.root);
    if (existing) return { ...existing, ...found };
    const currency = await currencyOf(context);
    context.progress({ label: "publishing" });
    const asset = await publishAsset(context, identity, {
      type: "assay/file/1",
      name: terms.name,
      licence: terms.licence,
      price: terms.price.toString(),
      currency: currency.address,
      royaltyBps: terms.royaltyBps,
      creator: lower(identity.address),
      createdAt: new Date(context.clock()).toISOString(),
      mediaType: mediaTypes[format],
      provenance: terms.provenance,
      ...fields,
      ...(profile ? { profile } : {}),
    });
    return { ...asset, ...found };
  } finally {
    await opened.close();
  }
}

/** The bytes that somebody wants published, to be read in pieces; throws NotFoundError or InvalidInputError that names the file. */
export async function openSource(source: TableSource): Promise<ByteSource> {
  if (source.file === undefined || source.content !== undefined || source.bytes !== undefined) {
    return bytesSource(await readCsv(source));
  }
  const { file } = source;
  const found = await stat(file).catch((cause) => {
    throw new NotFoundError(`there is no file ${file}`, { cause, data: { file } });
  });
  // A folder, or a file that may not be read: told as for tables.
  if (!found.isFile()) await readCsv(source);
  return fileSource(file);
}
