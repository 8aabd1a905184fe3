import { InvalidInputError } from "@base/errors";

/** 1.0 as a wad: fixed point with 18 decimals, as most tokens count. */
export const WAD = 10n ** 18n;

/** 100 % in basis points. */
export const BPS = 10_000n;

const MAX = 2n ** 256n - 1n;

/** floor(x * y / 1e18) on uint256; throws InvalidInputError where the Solidity twin would revert. */
export function mulDown(x: bigint, y: bigint): bigint {
  return mulDivDown(x, y, WAD);
}

/** ceil(x * y / 1e18) on uint256; throws InvalidInputError where the Solidity twin would revert. */
export function mulUp(x: bigint, y: bigint): bigint {
  return mulDivUp(x, y, WAD);
}

/** floor(x * 1e18 / y) on uint256; throws InvalidInputError where the Solidity twin would revert. */
export function divDown(x: bigint, y: bigint): bigint {
  return mulDivDown(x, WAD, y);
}

/** ceil(x * 1e18 / y) on uint256; throws InvalidInputError where the Solidity twin would revert. */
export function divUp(x: bigint, y: bigint): bigint {
  return mulDivUp(x, WAD, y);
}

/** floor(x * y / denominator) on uint256, the product in full; throws InvalidInputError on zero or a result above 2^256 - 1. */
export function mulDivDown(x: bigint, y: bigint, denominator: bigint): bigint {
  check(x, y, denominator);
  return fits((x * y) / denominator);
}

/** ceil(x * y / denominator) on uint256, the product in full; throws InvalidInputError on zero or a result above 2^256 - 1. */
export function mulDivUp(x: bigint, y: bigint, denominator: bigint): bigint {
  check(x, y, denominator);
  return fits((x * y + denominator - 1n) / denominator);
}

/** floor(amount * bps / 10,000); `bps` may exceed 10,000. */
export function bpsDown(amount: bigint, bps: bigint): bigint {
  return mulDivDown(amount, bps, BPS);
}

/** ceil(amount * bps / 10,000); `bps` may exceed 10,000. */
export function bpsUp(amount: bigint, bps: bigint): bigint {
  return mulDivUp(amount, bps, BPS);
}

/**
 * floor(value * 1e18) of an IEEE-754 binary32 given by its 32 bits: exact, toward minus infinity, -0 is 0.
 *
 * Throws InvalidInputError on NaN, on infinities and on bits outside 0 .. 2^32 - 1.
 */
export function f32ToWadDown(bits: number): bigint {
  if (!Number.isInteger(bits) || bits < 0 || bits > 0xffffffff) {
    throw new InvalidInputError(`Float bits must be an integer of 32 bits, got ${bits}.`);
  }
  const exponent = (bits >>> 23) & 0xff;
  const fraction = BigInt(bits & 0x7fffff);
  if (exponent === 0xff) {
    throw new InvalidInputError(`A float that is ${fraction ? "not a number" : "infinite"} has no fixed-point value.`);
  }
  // value = mantissa * 2^(scale - 149); subnormals have no hidden bit and the scale of exponent 1.
  const mantissa = exponent === 0 ? fraction : fraction + (1n << 23n);
  const scale = Math.max(exponent, 1) - 150;
  const scaled = (bits >>> 31 ? -mantissa : mantissa) * WAD;
  return scale >= 0 ? scaled << BigInt(scale) : scaled >> BigInt(-scale); // >> of a bigint is floor
}

/** Bits of the binary32 nearest to `value`, as an unsigned number. */
export function f32Bits(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

/** Decimal text of a wad without trailing zeros, e.g. 1500000000000000000n is "1.5". */
export function formatWad(wad: bigint): string {
  const sign = wad < 0n ? "-" : "";
  const digits = (wad < 0n ? -wad : wad).toString().padStart(19, "0");
  const fraction = digits.slice(-18).replace(/0+$/, "");
  return `${sign}${digits.slice(0, -18)}${fraction && `.${fraction}`}`;
}

/** Wad of a decimal text such as "-1.5"; throws InvalidInputError on other text and on more than 18 decimals. */
export function parseWad(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(text);
  if (!match) {
    throw new InvalidInputError(
      `${JSON.stringify(text.slice(0, 80))} is not a decimal number with at most 18 decimals.`,
    );
  }
  const [, sign, whole = "", fraction = ""] = match;
  const wad = BigInt(whole + fraction.padEnd(18, "0"));
  return sign ? -wad : wad;
}

const view = new DataView(new ArrayBuffer(4));

function check(x: bigint, y: bigint, denominator: bigint): void {
  for (const value of [x, y, denominator]) {
    if (value < 0n || value > MAX) throw new InvalidInputError(`${value} is not a uint256.`);
  }
  if (denominator === 0n) throw new InvalidInputError("Fixed-point division by zero.");
}

function fits(value: bigint): bigint {
  if (value > MAX) throw new InvalidInputError("Fixed-point result is above 2^256 - 1.");
  return value;
}
