import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { columnOf, parseCsv, type Table } from "@machines/engine";
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { checkPayoutTerms } from "./payout.ts";
import { defaultOptions, type PricingReport, priceHistory, type YieldRecord } from "./pricing.ts";
import type { reportInput } from "./shapes.ts";

/**
 * Prices a product on a history of yields and tells how it would have fared: burn, loss ratio, worst year, capital.
 * Throws NotFoundError, InvalidInputError that names file, row and column. SPEC C15.
 */
export async function report(
  context: Pick<Context, "progress">,
  given: z.output<typeof reportInput>,
): Promise<PricingReport> {
  const terms = { trigger: given.trigger, exit: given.exit, tsi: given.maxShare };
  checkPayoutTerms(terms);
  context.progress({ label: "reading yields" });
  const records = await readYields(given.data);
  return priceHistory(records, {
    ...defaultOptions,
    terms,
    train: span(given.train),
    test: span(given.test),
    credibility: given.credibility,
  });
}

/** Yields from a file with columns year, state (or area) and yield, tabs or commas; rows without a yield are left out. */
export async function readYields(file: string): Promise<YieldRecord[]> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw new NotFoundError(`there is no file ${file}`, { cause, data: { file } });
  }
  const newline = bytes.indexOf(10);
  const header = new TextDecoder().decode(bytes.subarray(0, newline < 0 ? undefined : newline)).trim();
  const delimiter = header.includes("\t") ? "\t" : ",";
  // Every column as text: NA is a word, and columns that are not used may hold anything.
  const names = header.split(delimiter).map((name) => name.replace(/^"(.*)"$/, "$1"));
  try {
    return yieldsOf(parseCsv(bytes, { delimiter, types: Object.fromEntries(names.map((name) => [name, "string"])) }));
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    throw new InvalidInputError(`${file}: ${cause.shortMessage}`, {
      cause,
      hints: cause.hints,
      data: { ...cause.data, file },
    });
  }
}

function yieldsOf(table: Table): YieldRecord[] {
  const area = columnOf(table, table.columns.some(({ name }) => name === "area") ? "area" : "state").values;
  const [year, amount] = [columnOf(table, "year").values, columnOf(table, "yield").values];
  const records: YieldRecord[] = [];
  for (let row = 0; row < table.rows; row++) {
    const text = String(amount[row]).trim();
    if (text === "NA") continue;
    const [when, value] = [Number(year[row]), Number(text)];
    if (!(value >= 0 && Number.isInteger(when))) {
      throw new InvalidInputError(`row ${row + 1}: a year and a yield are wanted, not ${year[row]} and ${text}`, {
        data: { row: row + 1 },
      });
    }
    records.push({ area: String(area[row]), year: when, yield: value });
  }
  return records;
}

function span(text: string): [number, number] {
  const [from, to] = text.split("-").map(Number) as [number, number];
  if (from <= to) return [from, to];
  throw new InvalidInputError(`${text}: the first year comes after the last`, { data: { years: text } });
}
