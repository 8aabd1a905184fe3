import { bitsOf, fromBits } from "../../bits.ts";
import { unaryReference } from "../elementwise.ts";

const f = Math.fround;
const LN2_HIGH = 0.693359375;
const LN2_LOW = fromBits(0xb95e8083);
const [C3, C5, C7, C9] = [f(2 / 3), f(2 / 5), f(2 / 7), f(2 / 9)];

/** Natural logarithm of the F32S contract, steps as in spec.md. */
export function log32(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  const subnormal = x < 2 ** -126;
  const bits = bitsOf(subnormal ? f(x * 8388608) : x);
  const exponent = (bits - 0x3f3504f3) >> 23;
  const t = f(fromBits(bits - (exponent << 23)) - 1);
  const s = f(t / f(2 + t));
  const z = f(s * s);
  const R = f(z * f(C3 + f(z * f(C5 + f(z * f(C7 + f(z * C9)))))));
  const e = exponent - (subnormal ? 23 : 0);
  return f(f(e * LN2_HIGH) + f(f(t - f(s * f(t - R))) + f(e * LN2_LOW)));
}

/** Elementwise natural logarithm. */
export const reference = unaryReference("log", log32);
