import type { Feature } from "./features.ts";

/** Readable name of a feature: `temp_max mean, days 1-15`, `purpose = car`, `sales, 7 rows earlier`, `day yearSin`. */
export function featureName(feature: Feature): string {
  const place = placeName(feature);
  if (feature.empty === true) return `${feature.column} is empty${place}`;
  if (feature.category !== undefined) return `${feature.column} = ${feature.category}${place}`;
  if (feature.part !== undefined) return `${feature.column} ${feature.part}${place}`;
  if (feature.days === undefined || feature.aggregate === undefined) return `${feature.column}${place}`;
  const [from, to] = feature.days;
  const span = to - from === 1 ? `day ${to}` : `days ${from + 1}-${to}`;
  return `${feature.column} ${feature.aggregate}, ${span}`;
}

/** Where the feature is read besides the sample's last row: `, 7 rows earlier`, `, place 3`. */
function placeName({ lag, step }: Feature): string {
  if (step !== undefined) return `, place ${step + 1}`;
  return lag === undefined ? "" : `, ${lag} ${lag === 1 ? "row" : "rows"} earlier`;
}
