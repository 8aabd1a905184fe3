import { existsSync } from "node:fs";
import { basename } from "node:path";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { type Format, formatOf, type Profile, profile as profileOf } from "@machines/formats";
import { assetSource } from "./bytes.ts";
import { fetchJson } from "./describe.ts";
import { loadStatement } from "./load.ts";
import { openSource } from "./publishFile.ts";
import { isModelStatement } from "./statements.ts";

export interface ProfileInput {
  /** A file of this machine. */
  readonly file?: string | undefined;
  /** An asset, whose profile on record is given, or made where there is none. */
  readonly asset?: string | undefined;
  readonly format?: Format | "auto" | undefined;
}

/** A profile, and whether it is the one on record. */
export type ProfileResult = Pick<Profile, keyof Profile> & { readonly onRecord: boolean };

type Needs = Pick<Context, "store" | "chain" | "contracts" | "signal" | "progress"> & Partial<Pick<Context, "vault">>;

/** What a file or an asset holds: schema, statistics, likely personal data. Throws FormatError, NotFoundError. SPEC S16. */
export async function profile(context: Needs, input: ProfileInput): Promise<ProfileResult> {
  const named = given(input);
  const onRows = (done: number) => context.progress({ label: "profiling", done, unit: "rows" });
  const format = input.format === undefined || input.format === "auto" ? {} : { format: input.format };
  if ("file" in named) {
    const source = await openSource({ file: named.file });
    try {
      const found = await profileOf(source, { name: named.file, ...format, signal: context.signal, onRows });
      return { ...found, onRecord: false };
    } finally {
      await source.close();
    }
  }
  const { statement } = await loadStatement(context, named.asset);
  if (isModelStatement(statement))
    throw new InvalidInputError(`asset ${named.asset} is a model: \`assay model inspect\` shows it`);
  if (statement.profile !== undefined) {
    return { ...((await fetchJson(context, statement.profile)) as Profile), onRecord: true };
  }
  if (statement.sealed) {
    // Anybody may ask a node: what only the key's holder can know is not told on the way.
    throw new InvalidInputError(`asset ${named.asset} is sealed, and its publisher put no profile on record`, {
      data: { id: named.asset },
    });
  }
  const source = await assetSource(context, statement);
  const found = await profileOf(source, { format: formatOf(statement.mediaType), signal: context.signal, onRows });
  return { ...found, onRecord: false };
}

/** `assay profile X` takes a file or an asset's id in one place. */
function given({ file, asset }: ProfileInput): { file: string } | { asset: string } {
  if (asset !== undefined && file === undefined) return { asset };
  if (file !== undefined && asset === undefined) {
    // The command line makes paths of arguments: a number that is no file is an asset.
    const id = basename(file);
    return /^[1-9]\d{0,77}$/.test(id) && !existsSync(file) ? { asset: id } : { file };
  }
  throw new InvalidInputError("name a file or an asset", { data: { field: "file" } });
}
