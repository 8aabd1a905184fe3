/** Terms of the series of cos on a quarter turn; the last one is below 2^-53. */
const TERMS = 12;

/** Cosine of `turns` full turns in binary64 with + - x / only (Taylor series on a quarter turn), so it is the same everywhere. */
export function cosTurns(turns: number): number {
  let part = turns - Math.floor(turns);
  if (part > 0.5) part = 1 - part;
  if (part > 0.25) return -cosQuarter(0.5 - part);
  return cosQuarter(part);
}

/** Sine of `turns` full turns, see {@link cosTurns}. */
export function sinTurns(turns: number): number {
  return cosTurns(turns - 0.25);
}

function cosQuarter(turns: number): number {
  const angle = turns * 2 * Math.PI;
  const square = angle * angle;
  let value = 1;
  for (let term = TERMS; term > 0; term--) value = 1 - (square * value) / ((2 * term - 1) * (2 * term));
  return value;
}
