import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import { merkleRoot } from "@base/bytes/merkle.ts";
import type { Check, Context } from "@kernel/capability";
import { formatCsv } from "@machines/engine";
import { loadTable } from "@records/assets/load.ts";
import { parseStatement } from "@records/assets/statements.ts";
import { z } from "zod";
import { labelParameters } from "./labelParameters.ts";
import { labelWeather } from "./weather.ts";
import { radiationAt } from "./wrsi.ts";

const parametersSchema = z.looseObject({ latitude: z.number().min(-60).max(60) });

/** Repeats `cover/wrsi/1` on the parent's bytes and compares the root of the result with the statement's. SPEC C14. */
export async function* verifyLabel(context: Context, value: unknown): AsyncIterable<Check> {
  const statement = parseStatement("assay/derived/1", value);
  const { latitude } = parametersSchema.parse(statement.transform.parameters);
  yield {
    name: "C14 constants of the water index",
    ok: canonicalJson(statement.transform.parameters) === canonicalJson(labelParameters(latitude)),
    detail: `latitude ${latitude}, crop and soil as ${statement.transform.id} has them`,
  };
  const [parent, ...others] = statement.parents;
  if (!parent || others.length > 0) {
    yield {
      name: "C14 one parent",
      ok: false,
      detail: `${statement.parents.length} parents, one weather table is wanted`,
    };
    return;
  }
  const { asset, table } = await loadTable(context, parent.asset);
  yield {
    name: "C14 weather of the parent",
    ok: asset.root === parent.root,
    detail: `asset ${asset.id}, root ${asset.root}`,
  };
  const bytes = formatCsv(labelWeather(table, radiationAt(latitude)));
  const root = merkleRoot(chunksOf(bytes, statement.manifest.chunkSize));
  yield {
    name: "C14 water index computed again",
    ok: root === statement.manifest.root && bytes.length === statement.manifest.size,
    detail: `${table.rows} days give root ${root}`,
  };
}

function* chunksOf(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}
