import { InvalidInputError } from "@base/errors";

/** Leaves [start, end) whose root is one hash of a proof. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Largest power of two below `length` (length >= 2). */
function split(length: number): number {
  let power = 1;
  while (power * 2 < length) power *= 2;
  return power;
}

/** Throws InvalidInputError unless `low <= value <= high`. */
export function within(value: number, low: number, high: number, what: string): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  throw new InvalidInputError(`${what} ${value} is outside ${low} to ${high}.`, { data: { value, low, high } });
}

/** Ranges whose roots prove that leaf `index` stands under the root of `size` leaves, lowest first (RFC 6962, 2.1.1). */
export function inclusionRanges(index: number, size: number): Range[] {
  const path: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
    }
  }
  return path.reverse();
}

/** Ranges whose roots prove that `second` leaves begin with `first` leaves, lowest first (RFC 6962, 2.1.2). */
export function consistencyRanges(first: number, second: number): Range[] {
  const path: Range[] = [];
  let [start, end] = [0, second];
  let known = true; // the range in hand is the whole earlier tree, whose root the verifier has
  while (first !== end) {
    const middle = start + split(end - start);
    if (first <= middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
      known = false;
    }
  }
  if (!known) path.push({ start, end });
  return path.reverse();
}

/** A complete subtree: the leaves [index * 2^level, (index + 1) * 2^level). */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** The complete subtrees of a range, left to right; `start` is aligned as in an RFC 6962 tree. */
export function subtreesOf({ start, end }: Range): Subtree[] {
  const parts: Subtree[] = [];
  for (let at = start; at < end; ) {
    let level = 0;
    let width = 1;
    while (at + width * 2 <= end && at % (width * 2) === 0) {
      width *= 2;
      level++;
    }
    parts.push({ level, index: at / width });
    at += width;
  }
  return parts;
}
