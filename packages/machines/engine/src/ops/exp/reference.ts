import { bitsOf, fromBits } from "../../bits.ts";
import { unaryReference } from "../elementwise.ts";

const f = Math.fround;
const LOG2_E = fromBits(0x3fb8aa3b);
const MAGIC = 12582912; // 1.5 * 2^23: adding it rounds to an integer
const LN2_HIGH = 0.693359375;
const LN2_LOW = fromBits(0xb95e8083);
const COEFFICIENTS = [5040, 720, 120, 24, 6, 2, 1, 1].map((factorial) => f(1 / factorial));

/** exp of the F32S contract, steps as in spec.md. */
export function exp32(x: number): number {
  if (x > 89) return Number.POSITIVE_INFINITY;
  if (x < -104) return 0;
  if (Number.isNaN(x)) return x;
  const k = f(f(x * LOG2_E) + MAGIC);
  const n = f(k - MAGIC);
  const r = f(f(x - f(n * LN2_HIGH)) - f(n * LN2_LOW));
  let p = COEFFICIENTS[0] as number;
  for (let j = 1; j < COEFFICIENTS.length; j++) p = f(f(p * r) + (COEFFICIENTS[j] as number));
  const integer = (bitsOf(k) - bitsOf(MAGIC)) | 0;
  const half = integer >> 1;
  return f(f(p * fromBits((half + 127) << 23)) * fromBits((integer - half + 127) << 23));
}

/** Elementwise exp. */
export const reference = unaryReference("exp", exp32);
