// Records that can be shown in part. Each field is a leaf of a Merkle tree together with a salt of its own, so that who
// sees some fields and the root learns nothing of the others: without the salt a guess cannot be tried.
import { canonicalJson, canonicalJsonBytes, type Json } from "@base/bytes/canonicalJson.ts";
import { type Hash, isHash } from "@base/bytes/hash.ts";
import { bytesToHex, utf8 } from "@base/bytes/hex.ts";
import { leafHash, MerkleTree, verifyInclusion } from "@base/bytes/merkle.ts";
import { IntegrityError, InvalidInputError } from "@base/errors";
import { z } from "zod";

/** Bytes of a salt: 128 bits, as SD-JWT asks for. */
const SALT = 16;

/** What is logged in place of the fields: their number and the root over them. */
export const sealedSchema = z.strictObject({
  type: z.literal("assay/sealed/1"),
  root: z
    .string()
    .refine(isHash, "a 32-byte hash")
    .transform((text) => text as Hash),
  fields: z.int().min(1).max(4096),
});

/** One field with its salt, as the holder keeps it. */
const fieldSchema = z.strictObject({
  path: z.string().min(1),
  value: z.json(),
  salt: z.string().regex(/^[0-9a-f]{32}$/),
});

/** Everything: to be kept secret by whoever may show parts of it. */
export const openingSchema = z.strictObject({ sealed: sealedSchema, fields: z.array(fieldSchema).min(1) });

/** Some fields with the proof that they stand in the sealed record. */
export const disclosureSchema = z.strictObject({
  type: z.literal("assay/disclosure/1"),
  sealed: sealedSchema,
  shown: z.array(
    z.strictObject({ ...fieldSchema.shape, index: z.int().nonnegative(), proof: z.array(z.string().refine(isHash)) }),
  ),
});

export type Sealed = z.output<typeof sealedSchema>;
export type Opening = z.output<typeof openingSchema>;
export type Disclosure = z.output<typeof disclosureSchema>;

/** A shown field is not the one that was sealed. */
export class DisclosureError extends IntegrityError {
  override name = "DisclosureError";
}

const leafOf = ({ path, value, salt }: Opening["fields"][number]): Uint8Array =>
  utf8(canonicalJson([salt, path, value as Json]));

/** Paths (RFC 6901) of the leaves of a JSON value with what stands there; empty objects and lists are leaves. */
function leavesOf(value: Json, path = ""): [string, Json][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[path, value]];
  return entries.flatMap(([key, inner]) =>
    leavesOf(inner as Json, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

/**
 * Seals a JSON object: what is to be logged, and the opening that its holder keeps.
 *
 * @param random source of salts; must be cryptographic.
 */
export function seal(record: { readonly [key: string]: Json }, random: (bytes: number) => Uint8Array): Opening {
  const fields = leavesOf(record).map(([path, value]) => ({
    path: path || "/",
    value: value as z.output<typeof fieldSchema>["value"],
    salt: bytesToHex(random(SALT)).slice(2),
  }));
  if (fields.length > 4096)
    throw new InvalidInputError(`A sealed record has at most 4,096 fields, not ${fields.length}.`);
  // In the order of the leaf hashes: the place of a field says nothing about its name.
  const hashed = fields.map((field) => ({ field, hash: leafHash(leafOf(field)) }));
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const root = MerkleTree.fromHashes(hashed.map(({ hash }) => hash)).root();
  const sealed: Sealed = { type: "assay/sealed/1", root, fields: fields.length };
  return { sealed, fields: hashed.map(({ field }) => field) };
}

/** The bytes of a sealed record as they are logged. */
export function sealedBytes(sealed: Sealed): Uint8Array<ArrayBuffer> {
  return canonicalJsonBytes(sealed);
}

/** Shows the fields at `paths` (RFC 6901, a prefix takes all below it); throws InvalidInputError for one that is not there. */
export function disclose(opening: Opening, paths: readonly string[]): Disclosure {
  const tree = MerkleTree.fromLeaves(opening.fields.map(leafOf));
  if (tree.root() !== opening.sealed.root)
    throw new DisclosureError("The opening is not the one of this sealed record.");
  const shown = paths.flatMap((path) => {
    const found = opening.fields.flatMap((field, index) =>
      field.path === path || field.path.startsWith(`${path.replace(/\/$/, "")}/`)
        ? [{ ...field, index, proof: tree.inclusionProof(index) }]
        : [],
    );
    if (found.length === 0) throw new InvalidInputError(`The record has no field ${path}.`, { data: { path } });
    return found;
  });
  return {
    type: "assay/disclosure/1",
    sealed: opening.sealed,
    shown: [...new Map(shown.map((one) => [one.index, one])).values()],
  };
}

/** The shown fields by path, once each is proven; throws DisclosureError or InvalidInputError. */
export function verifyDisclosure(value: unknown): { sealed: Sealed; fields: Readonly<Record<string, Json>> } {
  const parsed = disclosureSchema.safeParse(value);
  if (!parsed.success) throw new InvalidInputError("This is no disclosure.", { details: parsed.error.message });
  const { sealed, shown } = parsed.data;
  for (const { index, proof, ...field } of shown) {
    const claim = {
      index,
      size: sealed.fields,
      leaf: leafHash(leafOf(field)),
      proof: proof as Hash[],
      root: sealed.root,
    };
    if (verifyInclusion(claim)) continue;
    throw new DisclosureError(`The field ${field.path} is not in the sealed record.`, { data: { path: field.path } });
  }
  return { sealed, fields: Object.fromEntries(shown.map(({ path, value: shownValue }) => [path, shownValue as Json])) };
}
