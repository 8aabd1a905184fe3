import { InvalidInputError } from "@base/errors";
import { columnOf, type Table } from "@machines/engine";
import { rollingWrsi, type WeatherDay } from "./wrsi.ts";

/** Name of the column that the label goes into. */
export const LABEL = "wrsi";

/** The days of a weather table: date, precipitation (mm), temp_max and temp_min (Celsius). Throws InvalidInputError. */
export function weatherDays(table: Table): WeatherDay[] {
  const dates = columnOf(table, "date").values;
  const [precipitation, maximum, minimum] = ["precipitation", "temp_max", "temp_min"].map((name) =>
    columnOf(table, name),
  );
  return dates.map((date, index) => {
    const month = Number(String(date).slice(5, 7));
    const at = (column: typeof precipitation): number => {
      const value = column?.values[index];
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw new InvalidInputError(`row ${index + 1}, column "${column?.name}": a number is wanted, not ${value}`, {
        data: { row: index + 1, column: column?.name },
      });
    };
    if (!/^\d{4}-\d{2}-\d{2}$/.test(String(date))) {
      throw new InvalidInputError(`row ${index + 1}, column "date": a day such as 2015-04-01 is wanted, not ${date}`, {
        data: { row: index + 1, column: "date" },
      });
    }
    const day = { month, precipitation: at(precipitation), maximum: at(maximum), minimum: at(minimum) };
    if (day.precipitation < 0 || day.maximum < day.minimum) {
      throw new InvalidInputError(`row ${index + 1}: rain below 0, or a maximum below the minimum`, {
        data: { row: index + 1 },
      });
    }
    return day;
  });
}

/** The table with the column `wrsi` added, its days checked to follow each other. Throws InvalidInputError. */
export function labelWeather(table: Table, radiation: readonly number[]): Table {
  if (table.columns.some(({ name }) => name === LABEL)) {
    throw new InvalidInputError(`the table has a column "${LABEL}" already`, { data: { column: LABEL } });
  }
  const days = weatherDays(table);
  const dates = columnOf(table, "date").values.map((date) => Date.parse(`${date}T00:00:00Z`));
  const gap = dates.findIndex((date, index) => index > 0 && date - (dates[index - 1] as number) !== 86_400_000);
  if (gap > 0) {
    throw new InvalidInputError(`row ${gap + 1}: the day does not follow the one before`, { data: { row: gap + 1 } });
  }
  const label = { name: LABEL, type: "number" as const, values: rollingWrsi(days, radiation) };
  return { columns: [...table.columns, label], rows: table.rows };
}
