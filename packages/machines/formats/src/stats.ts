// Statistics of one column in one pass and bounded memory. A profile's hash goes on record, so everything here gives
// the same bits everywhere: additions, divisions and square roots only.

/** Counts of values in bins of equal width: bin i holds [start + i * width, start + (i + 1) * width). */
export interface Histogram {
  readonly start: number;
  readonly width: number;
  readonly counts: readonly number[];
}

const BINS = 64;

/** An exact histogram whose range is not known before: bins are a power of two wide and merge in pairs as the range grows. */
export class HistogramBuilder {
  #width = 0;
  /** Index of the first bin in units of the width. */
  #first = 0;
  #counts = new Array<number>(BINS).fill(0);
  /** Values before the first two that differ: they say how wide bins are to begin with. */
  #only: number | undefined;
  #onlyCount = 0;

  add(value: number): void {
    if (this.#width === 0) {
      if (this.#only === undefined || this.#only === value) {
        this.#only = value;
        this.#onlyCount++;
        return;
      }
      this.#begin(this.#only, value);
    }
    this.#count(value, 1);
  }

  /** Undefined where no value came, or the range is beyond what binary64 can divide. */
  histogram(): Histogram | undefined {
    if (this.#only === undefined) return undefined;
    if (this.#width === 0) return { start: this.#only, width: 0, counts: [this.#onlyCount] };
    if (!Number.isFinite(this.#width)) return undefined;
    const used = this.#counts.flatMap((count, i) => (count > 0 ? [i] : []));
    const [from, to] = [used[0] as number, used.at(-1) as number];
    return { start: (this.#first + from) * this.#width, width: this.#width, counts: this.#counts.slice(from, to + 1) };
  }

  #begin(a: number, b: number): void {
    const span = Math.abs(a - b);
    let width = 1;
    while (width * BINS < span && Number.isFinite(width)) width *= 2;
    while (width * BINS > span * 4 && width / 2 > 0) width /= 2;
    this.#width = width;
    this.#first = Math.floor(Math.min(a, b) / width);
    this.#count(a, this.#onlyCount);
  }

  #count(value: number, times: number): void {
    for (;;) {
      if (!Number.isFinite(this.#width)) return;
      const bin = Math.floor(value / this.#width);
      const last = Math.max(bin, this.#last());
      const first = Math.min(bin, this.#lowest());
      if (last - first < BINS) {
        if (bin < this.#first || bin >= this.#first + BINS) this.#shift(first);
        (this.#counts[bin - this.#first] as number) += times;
        return;
      }
      this.#widen();
    }
  }

  #lowest(): number {
    const at = this.#counts.findIndex((count) => count > 0);
    return at < 0 ? Number.POSITIVE_INFINITY : this.#first + at;
  }

  #last(): number {
    const at = this.#counts.findLastIndex((count) => count > 0);
    return at < 0 ? Number.NEGATIVE_INFINITY : this.#first + at;
  }

  #shift(first: number): void {
    const moved = new Array<number>(BINS).fill(0);
    this.#counts.forEach((count, i) => {
      if (count > 0) moved[this.#first + i - first] = count;
    });
    this.#counts = moved;
    this.#first = first;
  }

  #widen(): void {
    const first = Math.floor(this.#first / 2);
    const merged = new Array<number>(BINS).fill(0);
    this.#counts.forEach((count, i) => {
      if (count > 0) (merged[Math.floor((this.#first + i) / 2) - first] as number) += count;
    });
    this.#counts = merged;
    this.#first = first;
    this.#width *= 2;
  }
}

/** A fair sample of at most `limit` values, always the same for the same values in the same order (reservoir, algorithm R). */
export class Sample {
  readonly #limit: number;
  readonly #values: number[] = [];
  #seen = 0;
  #state = 0x9e3779b9;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(value: number): void {
    this.#seen++;
    if (this.#values.length < this.#limit) {
      this.#values.push(value);
      return;
    }
    const at = this.#random() % this.#seen;
    if (at < this.#limit) this.#values[at] = value;
  }

  /** True when the sample holds every value. */
  get whole(): boolean {
    return this.#seen <= this.#limit;
  }

  /** The values at 0, 1, ... 100 percent of the sorted sample (nearest rank). */
  percentiles(): number[] {
    const sorted = Float64Array.from(this.#values).sort();
    const last = sorted.length - 1;
    if (last < 0) return [];
    return Array.from({ length: 101 }, (_, percent) => sorted[Math.round((percent * last) / 100)] as number);
  }

  /** 53 bits of two xorshift32 steps. */
  #random(): number {
    const next = () => {
      this.#state ^= this.#state << 13;
      this.#state ^= this.#state >>> 17;
      this.#state ^= this.#state << 5;
      return this.#state >>> 0;
    };
    return (next() >>> 5) * 67_108_864 + (next() >>> 6);
  }
}

/** Count, mean and spread of numbers (Welford). */
export class Moments {
  count = 0;
  mean = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const delta = value - this.mean;
    this.mean += delta / this.count;
    this.#squares += delta * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** Standard deviation with divisor n - 1; 0 for fewer than two values. */
  get std(): number {
    return this.count < 2 ? 0 : Math.sqrt(this.#squares / (this.count - 1));
  }
}

const EXACT = 4096;
const SPACE = 2 ** 52;

/** How many different values: exact up to 4,096, beyond by the 4,096 smallest hashes (k minimum values; error about 1.6 %). */
export class Distinct {
  #hashes = new Set<number>();
  /** Largest of the kept hashes, once there are more than fit. */
  #bound = SPACE;
  #exact = true;

  add(text: string): void {
    const hash = hash52(text);
    if (hash >= this.#bound) return;
    this.#hashes.add(hash);
    if (this.#hashes.size < EXACT * 2) return;
    this.#exact = false;
    const kept = [...this.#hashes].sort((a, b) => a - b).slice(0, EXACT);
    this.#bound = kept.at(-1) as number;
    this.#hashes = new Set(kept);
  }

  count(): { count: number; exact: boolean } {
    if (this.#exact) return { count: this.#hashes.size, exact: true };
    const kept = [...this.#hashes].sort((a, b) => a - b).slice(0, EXACT);
    return { count: Math.round(((EXACT - 1) * SPACE) / (kept.at(-1) as number)), exact: false };
  }
}

/** 52 bits: two FNV-1a hashes with different beginnings, each mixed at the end (MurmurHash3's finaliser). */
function hash52(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x12345678;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  return mix(a) * 1_048_576 + (mix(b) >>> 12);
}

function mix(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
