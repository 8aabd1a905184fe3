import { type Cell, type ColumnType, dayNumber, inferType, readCell } from "./cells.ts";
import { type PersonalFinding, PersonalScan } from "./personal.ts";
import { Distinct, type Histogram, HistogramBuilder, Moments, Sample } from "./stats.ts";

/** What is known of one column. Values of columns that likely hold personal data are left out. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  /** Cells that are there. */
  readonly count: number;
  readonly missing: number;
  /** Cells that are there but are none of the column's type. */
  readonly unfit: number;
  readonly distinct: { readonly count: number; readonly exact: boolean };
  /** Of numbers; of dates in days since 1970-01-01. */
  readonly numbers?: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly std: number;
    readonly zeros: number;
    readonly negative: number;
    /** Values at 0, 1, ... 100 percent. */
    readonly percentiles: readonly number[];
    /** False when percentiles come from a sample. */
    readonly exact: boolean;
  };
  readonly histogram?: Histogram;
  /** Characters of texts. */
  readonly length?: { readonly min: number; readonly max: number; readonly mean: number };
  /** Most frequent values of texts, booleans and numbers with few values; each occurs at least five times. */
  readonly top?: readonly { readonly value: string | number | boolean; readonly count: number }[];
  /** True when values were left out because the column likely holds personal data. */
  readonly withheld?: boolean;
}

/** Cells from which a type is inferred before anything is counted. */
const INFER_FROM = 4096;
/** Different values whose occurrences are counted. */
const COUNTED = 1000;
const TOP = 20;
/** A value that fewer rows share is not told: it might tell who a row is about. */
const SHARED_BY = 5;

/** Builds a column's profile while its cells come. */
export class ColumnBuilder {
  readonly #name: string;
  readonly #untyped: boolean;
  #type: ColumnType | undefined;
  #waiting: Cell[] = [];
  #missing = 0;
  #unfit = 0;
  #zeros = 0;
  #negative = 0;
  readonly #moments = new Moments();
  readonly #lengths = new Moments();
  readonly #histogram = new HistogramBuilder();
  readonly #sample: Sample;
  readonly #distinct = new Distinct();
  readonly #counts = new Map<string | number | boolean, number>();
  readonly #scan: PersonalScan;
  #count = 0;

  constructor(name: string, untyped: boolean, sample: number) {
    this.#name = name;
    this.#untyped = untyped;
    this.#sample = new Sample(sample);
    this.#scan = new PersonalScan(name);
  }

  get cells(): number {
    return this.#count + this.#missing + this.#unfit + this.#waiting.length;
  }

  addAll(cells: readonly Cell[]): void {
    for (const cell of cells) {
      if (this.#type !== undefined) this.#add(cell, this.#type);
      else if (this.#waiting.push(cell) === INFER_FROM) this.#decide();
    }
  }

  addMissing(count: number): void {
    this.#missing += count;
  }

  finish(): { profile: ColumnProfile; personal: PersonalFinding | undefined } {
    const type = this.#decide();
    const personal = this.#scan.finding();
    const base = {
      name: this.#name,
      type,
      count: this.#count,
      missing: this.#missing,
      unfit: this.#unfit,
      distinct: this.#distinct.count(),
    };
    if (personal) return { profile: { ...base, withheld: true }, personal };
    return { profile: { ...base, ...this.#values(type) }, personal };
  }

  #values(type: ColumnType): Partial<ColumnProfile> {
    if (this.#count === 0) return {};
    const top = this.#top();
    const told = top.length > 0 ? { top } : {};
    if (type === "boolean") return told;
    if (type === "string") {
      const { min, max, mean } = this.#lengths;
      return { length: { min, max, mean }, ...told };
    }
    const { min, max, mean, std } = this.#moments;
    const histogram = this.#histogram.histogram();
    return {
      numbers: {
        min,
        max,
        mean,
        std,
        zeros: this.#zeros,
        negative: this.#negative,
        percentiles: this.#sample.percentiles(),
        exact: this.#sample.whole,
      },
      ...(histogram ? { histogram } : {}),
      ...(type === "number" ? told : {}),
    };
  }

  /** Empty where there are too many different values to have counted them all. */
  #top(): { value: string | number | boolean; count: number }[] {
    if (this.#counts.size >= COUNTED) return [];
    return [...this.#counts]
      .filter(([, count]) => count >= SHARED_BY)
      .sort(([a, x], [b, y]) => y - x || (String(a) < String(b) ? -1 : 1))
      .slice(0, TOP)
      .map(([value, count]) => ({ value, count }));
  }

  #decide(): ColumnType {
    this.#type ??= inferType(this.#waiting, this.#untyped);
    for (const cell of this.#waiting) this.#add(cell, this.#type);
    this.#waiting = [];
    return this.#type;
  }

  #add(cell: Cell, type: ColumnType): void {
    if (cell === null || (typeof cell === "string" && cell.trim() === "")) {
      this.#missing++;
      return;
    }
    const value = typeOf(cell, type, this.#untyped);
    if (value === undefined) {
      this.#unfit++;
      return;
    }
    this.#count++;
    this.#scan.add(cell);
    const told = typeof value === "string" && value.length > 100 ? undefined : value;
    this.#distinct.add(String(value));
    if (told !== undefined && this.#counts.size < COUNTED) this.#counts.set(told, (this.#counts.get(told) ?? 0) + 1);
    if (type === "string") this.#lengths.add((value as string).length);
    else if (type !== "boolean")
      this.#number(type === "date" ? (dayNumber(value as string) as number) : (value as number));
  }

  #number(value: number): void {
    this.#moments.add(value);
    this.#histogram.add(value);
    this.#sample.add(value);
    if (value === 0) this.#zeros++;
    if (value < 0) this.#negative++;
  }
}

/** The cell as a value of the column's type; undefined when it is none. */
function typeOf(
  cell: string | number | boolean,
  type: ColumnType,
  untyped: boolean,
): string | number | boolean | undefined {
  if (typeof cell !== "string") {
    if (type === "string") return String(cell);
    return typeof cell === (type === "date" ? "string" : type) ? cell : undefined;
  }
  if (!untyped && type !== "date" && type !== "string") return undefined;
  return readCell(cell, type) ?? undefined;
}
