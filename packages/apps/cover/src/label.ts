import { labelParameters } from "./labelParameters.ts";
import type { Context } from "@kernel/capability";
import { formatCsv } from "@machines/engine";
import { derive } from "@records/assets/derive.ts";
import { loadTable } from "@records/assets/load.ts";
import type { z } from "zod";
import type { labelInput, labelOutput } from "./shapes.ts";
import { radiationAt } from "./wrsi.ts";
import { labelWeather } from "./weather.ts";

/** Name and version of the transform; its constants are those of wrsi.ts. */
export const TRANSFORM = "cover/wrsi/1";

/**
 * Publishes a weather table with a column `wrsi`: at each day the water requirement satisfaction index of the 90-day
 * season that ends there. The derived asset names the weather as its parent. Throws InvalidInputError that names the
 * missing column or the row, NoAccessError, NotFoundError. SPEC C14.
 */
export async function label(
  context: Context,
  given: z.output<typeof labelInput>,
): Promise<z.output<typeof labelOutput>> {
  const { table } = await loadTable(context, given.asset);
  const { asset: _asset, latitude, ...terms } = given;
  context.progress({ label: "computing the water index" });
  const labelled = labelWeather(table, radiationAt(latitude));
  const asset = await derive(context, {
    ...terms,
    bytes: formatCsv(labelled),
    parents: [given.asset.toString()],
    transform: TRANSFORM,
    parameters: labelParameters(latitude),
  });
  return { ...asset };
}
