import { featureName } from "../recipe/names.ts";
import { textOf } from "../recipe/reader.ts";
import type { Layout } from "../recipe/schema.ts";
import { tokensOf } from "../recipe/tokens.ts";
import { columnOf, type Table } from "../table/table.ts";
import type { Bundle } from "./bundle.ts";
import type { Contribution } from "./model.ts";

/** Most tiles along one side of an image. */
const TILES = 8;

/** Contributions of a sequence by column, of a text by token, of an image by tile. */
export function layoutContributions(
  { recipe, features }: Pick<Bundle, "recipe" | "features">,
  table: Table,
  values: readonly number[],
): Contribution[] {
  const { layout } = recipe;
  const column = recipe.inputs[0]?.column ?? "";
  if (layout?.kind === "text") {
    const tokens = tokensOf(textOf(columnOf(table, column), table.rows - 1), layout.level).slice(0, layout.length);
    return tokens.map((token, place) => ({
      name: `"${token}", place ${place + 1}`,
      value: values[place] as number,
      column,
    }));
  }
  if (layout?.kind === "image") return tileContributions(layout, column, values);
  return features.map((feature, index) => ({
    name: featureName(feature),
    value: values[index] as number,
    column: feature.column,
  }));
}

/** Sums over channels and over tiles, at most 8 x 8 of them. */
function tileContributions(
  layout: Extract<Layout, { kind: "image" }>,
  column: string,
  values: readonly number[],
): Contribution[] {
  const [, height, width] = layout.shape;
  const [tall, wide] = [Math.ceil(height / TILES), Math.ceil(width / TILES)];
  const sums = new Map<string, number>();
  values.forEach((value, index) => {
    const [row, place] = [Math.floor(index / width) % height, index % width];
    const [top, left] = [Math.floor(row / tall) * tall, Math.floor(place / wide) * wide];
    const span = (from: number, size: number, end: number) => `${from + 1}-${Math.min(end, from + size)}`;
    const name = `rows ${span(top, tall, height)}, columns ${span(left, wide, width)}`;
    sums.set(name, (sums.get(name) ?? 0) + value);
  });
  return [...sums].map(([name, value]) => ({ name, value, column }));
}
