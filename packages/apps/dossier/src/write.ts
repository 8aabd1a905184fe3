import { rename, writeFile } from "node:fs/promises";
import type { Context } from "@kernel/capability";
import { answers } from "./answers.ts";
import { gather } from "./gather.ts";
import { toHtml } from "./html.ts";
import { toPdf } from "./pdf.ts";
import { type Dossier, dossierSchema } from "./shapes.ts";

export interface WriteInput {
  /** Id of a model asset. */
  readonly model: string;
  /** HTML file, or PDF where its name ends so; the JSON gets the same name with `.json`. */
  readonly out?: string | undefined;
}

/**
 * Writes a model's technical documentation from what is on record: every item of Annex IV and Article 12, answered with
 * proofs or named as a gap. The same records and clock give the same bytes.
 *
 * Throws NotFoundError for an unknown asset, InvalidInputError for what is no model. SPEC D1-D8.
 */
export async function write(context: Context, { model, out }: WriteInput) {
  const facts = await gather(context, model);
  const items = answers(facts);
  const having = (status: string) => items.filter((item) => item.status === status).length;
  const dossier: Dossier = dossierSchema.parse({
    type: "assay/dossier/1",
    version: 1,
    law: "Regulation (EU) 2024/1689",
    madeAt: new Date(context.clock()).toISOString(),
    chainId: context.chain.chainId,
    contract: context.contracts.get("Assets").address.toLowerCase(),
    model: {
      asset: facts.asset.id,
      name: facts.model.name,
      publisher: facts.asset.publisher,
      root: facts.asset.root,
      statement: facts.asset.statement,
    },
    counts: {
      answered: having("answered"),
      partial: having("partial"),
      gap: having("gap"),
      gaps: items.reduce((sum, { gaps }) => sum + gaps.length, 0),
    },
    items,
    log: facts.log,
  });
  const html = toHtml(dossier);
  const files: string[] = [];
  if (out !== undefined) {
    const stem = out.replace(/\.(html?|pdf)$/i, "");
    const readable = /\.pdf$/i.test(out) ? `${stem}.pdf` : `${stem}.html`;
    await put(readable, readable.endsWith(".pdf") ? toPdf(dossier) : html);
    await put(`${stem}.json`, `${JSON.stringify(dossier, null, 2)}\n`);
    files.push(readable, `${stem}.json`);
  }
  return { dossier, html, files };
}

/** A file is there whole or not at all. */
async function put(path: string, text: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, text, { flush: true });
  await rename(`${path}.part`, path);
}
