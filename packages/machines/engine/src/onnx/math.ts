import { exponentOf, powerOfTwo, roundEven } from "./dtype.ts";

// Functions in binary64, made of + - x / and square root in a fixed order, so every machine gives the same bits.
// For binary32 results the caller rounds once. The language's own exp, log, sin and their like never run.

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const { PI } = Math;
const PI_LOW = 1.2246467991473532e-16;

function series(first: number, count: number, next: (previous: number, n: number) => number): number[] {
  const list = [first];
  for (let n = 1; n < count; n++) list.push(next(list[n - 1] as number, n));
  return list;
}

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + (coefficients[i] as number);
  return sum;
}

const EXP = series(1, 15, (previous, n) => previous / n);
const ATANH = Array.from({ length: 12 }, (_, n) => 1 / (2 * n + 1));
const SIN = series(1, 10, (previous, n) => -previous / (2 * n * (2 * n + 1)));
const COS = series(1, 11, (previous, n) => -previous / (2 * n * (2 * n - 1)));
const ATAN = Array.from({ length: 14 }, (_, n) => (n % 2 === 0 ? 1 : -1) / (2 * n + 1));
const SINH = series(1, 9, (previous, n) => previous / (2 * n * (2 * n + 1)));

/** e^x. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.8) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const k = roundEven(x * Math.LOG2E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  const half = Math.trunc(k / 2);
  return horner(EXP, r) * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Natural logarithm. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = exponentOf(x);
  let m = k < -1000 ? (x * 2 ** 100) / powerOfTwo(k + 100) : x / powerOfTwo(k);
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const s = (m - 1) / (m + 1);
  return k * LN2_HIGH + (2 * s * horner(ATANH, s * s) + k * LN2_LOW);
}

/** log(1 + x) without loss near zero. */
export function log1p(x: number): number {
  const u = 1 + x;
  return u === 1 || u === Number.POSITIVE_INFINITY ? x : (log(u) * x) / (u - 1);
}

let halfPi: bigint | undefined;
const SCALE = 1280n;

/** pi/2 times 2^1280, by Machin's formula in integers. */
function halfPiFixed(): bigint {
  const arctanInverse = (n: bigint): bigint => {
    const one = 1n << (SCALE + 32n);
    let power = one / n;
    let sum = power;
    for (let k = 3n; power !== 0n; k += 2n) {
      power = -power / (n * n);
      sum += power / k;
    }
    return sum;
  };
  halfPi ??= (8n * arctanInverse(5n) - 2n * arctanInverse(239n)) >> 32n;
  return halfPi;
}

/** x = quadrant * pi/2 + rest, |rest| <= pi/4. */
function reduce(x: number): { quadrant: number; rest: number } {
  if (Math.abs(x) < 4096) {
    const k = roundEven(x * 0.6366197723675814);
    // pi/2 in three parts of 33 bits: k times the first two is exact.
    const rest = x - k * 1.5707963267341256 - k * 6.077100506303966e-11 - k * 2.0222662487959506e-21;
    return { quadrant: ((k % 4) + 4) % 4, rest };
  }
  const exponent = exponentOf(x) - 52;
  const mantissa = BigInt(
    (Math.abs(x) / (exponent > 0 ? powerOfTwo(exponent) : 1)) * (exponent < 0 ? powerOfTwo(-exponent) : 1),
  );
  const fixed = mantissa << (SCALE + BigInt(exponent));
  const unit = halfPiFixed();
  const k = (fixed + unit / 2n) / unit;
  const rest = Number((fixed - k * unit) >> (SCALE - 80n)) / 2 ** 80;
  const sign = x < 0 ? -1 : 1;
  const quadrant = Number(k % 4n) * sign;
  return { quadrant: (quadrant + 4) % 4, rest: sign * rest };
}

function circular(x: number, shift: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const { quadrant, rest } = reduce(x);
  const which = (quadrant + shift) % 4;
  const q = rest * rest;
  const value = which % 2 === 0 ? rest * horner(SIN, q) : horner(COS, q);
  return which >= 2 ? -value : value;
}

/** Sine of radians; arguments of any size are reduced exactly. */
export function sin(x: number): number {
  return x === 0 ? x : circular(x, 0);
}

/** Cosine of radians. */
export function cos(x: number): number {
  return circular(x, 1);
}

/** Tangent of radians. */
export function tan(x: number): number {
  return x === 0 ? x : circular(x, 0) / circular(x, 1);
}

/** Inverse tangent. */
export function atan(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  if (x < 0) return -atan(-x);
  if (x > 1) return PI / 2 - (atan(1 / x) - PI_LOW / 2);
  const once = x / (1 + Math.sqrt(1 + x * x));
  const twice = once / (1 + Math.sqrt(1 + once * once));
  return 4 * twice * horner(ATAN, twice * twice);
}

/** Angle of the point (x, y). */
export function atan2(y: number, x: number): number {
  if (x > 0) return atan(y / x);
  if (x < 0) return y >= 0 ? atan(y / x) + PI : atan(y / x) - PI;
  return y === 0 ? 0 : y > 0 ? PI / 2 : -PI / 2;
}

/** Inverse sine. */
export function asin(x: number): number {
  return Math.abs(x) === 1 ? (x * PI) / 2 : atan(x / Math.sqrt((1 - x) * (1 + x)));
}

/** Inverse cosine. */
export function acos(x: number): number {
  return x === -1 ? PI : 2 * atan(Math.sqrt((1 - x) / (1 + x)));
}

/** Hyperbolic sine. */
export function sinh(x: number): number {
  if (Math.abs(x) < 1) return x * horner(SINH, x * x);
  const half = exp(Math.abs(x) / 2) / 2;
  const y = half * (2 * half) - exp(-Math.abs(x)) / 2;
  return x < 0 ? -y : y;
}

/** Hyperbolic cosine. */
export function cosh(x: number): number {
  const half = exp(Math.abs(x) / 2) / 2;
  return half * (2 * half) + exp(-Math.abs(x)) / 2;
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  if (Math.abs(x) < 1) return sinh(x) / cosh(x);
  const e = exp(-2 * Math.abs(x));
  return x < 0 ? -(1 - e) / (1 + e) : (1 - e) / (1 + e);
}

/** Inverse hyperbolic sine. */
export function asinh(x: number): number {
  const a = Math.abs(x);
  if (a === 0 || a === Number.POSITIVE_INFINITY || Number.isNaN(x)) return x;
  const y = a > 1e8 ? log(a) + LN2_HIGH + LN2_LOW : log1p(a + (a * a) / (1 + Math.sqrt(1 + a * a)));
  return x < 0 ? -y : y;
}

/** Inverse hyperbolic cosine. */
export function acosh(x: number): number {
  if (x < 1) return Number.NaN;
  if (x > 1e8) return log(x) + LN2_HIGH + LN2_LOW;
  return log1p(x - 1 + Math.sqrt((x - 1) * (x + 1)));
}

/** Inverse hyperbolic tangent. */
export function atanh(x: number): number {
  return x === 0 ? x : 0.5 * log1p((2 * x) / (1 - x));
}

/** Error function: a series of positive terms, summed until they vanish. */
export function erf(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  const a = Math.abs(x);
  if (a > 6) return x < 0 ? -1 : 1;
  let [term, sum] = [a, a];
  for (let n = 1; n < 400 && term > sum * 1e-18; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    sum += term;
  }
  const y = 1.1283791670955126 * exp(-a * a) * sum;
  return x < 0 ? -y : y;
}

function wholePower(x: number, n: number): number {
  let [result, base] = [1, x];
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= base;
    base *= base;
  }
  return result;
}

/** x^y by the rules of IEEE 754 pow. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const whole = Number.isInteger(y);
  const odd = whole && Math.abs(y) < 2 ** 53 && Math.abs(y) % 2 === 1;
  if (!Number.isFinite(y)) {
    const size = Math.abs(x);
    if (size === 1) return 1;
    return size > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  if (whole && Math.abs(y) <= 1024) return y > 0 ? wholePower(x, y) : 1 / wholePower(x, -y);
  if (x < 0 && !whole) return x === Number.NEGATIVE_INFINITY ? (y > 0 ? Number.POSITIVE_INFINITY : 0) : Number.NaN;
  if (y === 0.5) return Math.sqrt(x + 0);
  const size = exp(y * log(Math.abs(x)));
  return odd && (x < 0 || Object.is(x, -0)) ? -size : size;
}
