import type { Feature } from "./features.ts";

/** Readable name of a feature: `temp_max mean, days 1-15`, `purpose = car`, `age`. */
export function featureName(feature: Feature): string {
  if (feature.category !== undefined) return `${feature.column} = ${feature.category}`;
  if (feature.days === undefined || feature.aggregate === undefined) return feature.column;
  const [from, to] = feature.days;
  const span = to - from === 1 ? `day ${to}` : `days ${from + 1}-${to}`;
  return `${feature.column} ${feature.aggregate}, ${span}`;
}
