// Check digits of numbers that name people, accounts and cards.

const digitsOf = (text: string) => Array.from(text, Number);

/** Luhn (ISO/IEC 7812-1, annex B). */
export function luhn(digits: string): boolean {
  const sum = digitsOf(digits)
    .reverse()
    .reduce((total, digit, i) => total + (i % 2 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit), 0);
  return sum % 10 === 0;
}

/** Remainder by 97 of a decimal text of any length (ISO/IEC 7064). */
export function mod97(digits: string): number {
  return digitsOf(digits).reduce((rest, digit) => (rest * 10 + digit) % 97, 0);
}

/** Lengths of IBANs by country, of the countries with the most accounts (ISO 13616). */
const ibanLengths: Readonly<Record<string, number>> = {
  AT: 20,
  BE: 16,
  BG: 22,
  CH: 21,
  CY: 28,
  CZ: 24,
  DE: 22,
  DK: 18,
  EE: 20,
  ES: 24,
  FI: 18,
  FR: 27,
  GB: 22,
  GR: 27,
  HR: 21,
  HU: 28,
  IE: 22,
  IS: 26,
  IT: 27,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  MT: 31,
  NL: 18,
  NO: 15,
  PL: 28,
  PT: 25,
  RO: 24,
  SE: 24,
  SI: 19,
  SK: 24,
  TR: 26,
  UA: 29,
  AE: 23,
  SA: 24,
  IL: 23,
  BR: 29,
};

/** IBAN with its length by country and its check digits (ISO 13616). */
export function isIban(text: string): boolean {
  const iban = text.replaceAll(" ", "").toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban) || ibanLengths[iban.slice(0, 2)] !== iban.length) return false;
  const moved = iban.slice(4) + iban.slice(0, 4);
  return mod97(moved.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) === 1;
}

/** Payment card: length and first digits of a network, and Luhn. */
export function isCard(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  return (
    /^(4\d{12}(\d{3})?(\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|6(011|5\d\d|4[4-9]\d)\d{12}|35\d{14})$/.test(
      digits,
    ) && luhn(digits)
  );
}

/** Social security number of the United States: a form without check digit, some groups never given out. */
export const isUsSsn = (text: string) => /^(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/.test(text);

/** National insurance number of the United Kingdom: a form without check digit. */
export const isUkNino = (text: string) =>
  /^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]$/.test(text.toUpperCase());

/** Spanish DNI or NIE with its letter. */
export function isSpanishId(text: string): boolean {
  const match = /^([XYZ]?)(\d{7,8})-?([A-Z])$/.exec(text.toUpperCase());
  if (!match || (match[1] === "") !== (match[2]?.length === 8)) return false;
  const number = Number(
    `${"XYZ".indexOf(match[1] as string) >= 0 && match[1] ? "XYZ".indexOf(match[1]) : ""}${match[2]}`,
  );
  return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] === match[3];
}

/** Italian codice fiscale with its letter. */
export function isItalianCode(text: string): boolean {
  const code = text.toUpperCase();
  if (!/^[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]$/.test(code)) return false;
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  const sum = Array.from(code.slice(0, 15)).reduce((total, character, i) => {
    const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65;
    return total + (i % 2 ? value : (odd[value] as number));
  }, 0);
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

/** French NIR (numéro de sécurité sociale) with its key of two digits. */
export function isFrenchNir(text: string): boolean {
  const nir = text.replaceAll(" ", "").toUpperCase();
  if (!/^[12]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2[AB])\d{6}\d{2}$/.test(nir)) return false;
  const digits = nir.replace("2A", "19").replace("2B", "18");
  return 97 - mod97(digits.slice(0, 13)) === Number(digits.slice(13));
}

/** German tax identification number (ISO/IEC 7064 MOD 11,10); one digit occurs twice or three times. */
export function isGermanTaxId(text: string): boolean {
  const digits = text.replaceAll(" ", "");
  if (!/^[1-9]\d{10}$/.test(digits)) return false;
  const repeated = new Set(digits.slice(0, 10)).size;
  if (repeated !== 9 && repeated !== 8) return false;
  const product = digitsOf(digits.slice(0, 10)).reduce((rest, digit) => {
    const sum = (digit + rest) % 10 || 10;
    return (sum * 2) % 11;
  }, 10);
  return (11 - product) % 10 === Number(digits[10]);
}

/** Dutch burgerservicenummer (the eleven test). */
export function isDutchBsn(text: string): boolean {
  if (!/^\d{9}$/.test(text) || text === "000000000") return false;
  const sum = digitsOf(text).reduce((total, digit, i) => total + digit * (i === 8 ? -1 : 9 - i), 0);
  return sum % 11 === 0;
}

/** Brazilian CPF with its two check digits. */
export function isBrazilianCpf(text: string): boolean {
  const digits = text.replace(/[.-]/g, "");
  if (!/^\d{11}$/.test(digits) || new Set(digits).size === 1) return false;
  const check = (length: number) => {
    const sum = digitsOf(digits.slice(0, length)).reduce((total, digit, i) => total + digit * (length + 1 - i), 0);
    return ((sum * 10) % 11) % 10;
  };
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
}
