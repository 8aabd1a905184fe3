import { InvalidInputError } from "@base/errors";

/** How int32 sums become int8. */
export interface Requantiser {
  /** Integer multiplier in [0, 2^31). */
  readonly multiplier: number;
  /** Right shift in [1, 62]. */
  readonly shift: number;
  /** Added after the shift, in [-128, 127]. */
  readonly zero: number;
}

/** Throws InvalidInputError when a field is out of range. */
export function checkRequantiser({ multiplier, shift, zero }: Requantiser): void {
  const within = (value: number, low: number, high: number) =>
    Number.isSafeInteger(value) && value >= low && value <= high;
  if (!within(multiplier, 0, 2 ** 31 - 1) || !within(shift, 1, 62) || !within(zero, -128, 127))
    throw new InvalidInputError(
      `A requantiser needs multiplier < 2^31, shift 1 to 62, zero an int8; not ${multiplier}, ${shift}, ${zero}.`,
    );
}

/** The rule of spec.md on every element. */
export function requantiseReference(sums: Int32Array, requantiser: Requantiser): Int8Array {
  checkRequantiser(requantiser);
  const { multiplier, shift, zero } = requantiser;
  const half = 1n << BigInt(shift - 1);
  return Int8Array.from(sums, (sum) => {
    const value = ((BigInt(sum) * BigInt(multiplier) + half) >> BigInt(shift)) + BigInt(zero);
    return Number(value < -128n ? -128n : value > 127n ? 127n : value);
  });
}

/** Multiplier and shift for a real factor in (0, 1); throws InvalidInputError outside. */
export function requantiserFor(factor: number, zero = 0): Requantiser {
  if (!(factor > 0 && factor < 1))
    throw new InvalidInputError(`A requantising factor lies between 0 and 1, not ${factor}.`);
  let shift = 31;
  while (shift < 62 && Math.round(factor * 2 ** (shift + 1)) < 2 ** 31) shift++;
  const multiplier = Math.min(Math.round(factor * 2 ** shift), 2 ** 31 - 1);
  return { multiplier, shift, zero };
}
