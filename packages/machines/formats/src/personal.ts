import { isIP } from "node:net";
import type { Cell } from "./cells.ts";
import * as check from "./checksums.ts";

/** A column that likely holds personal data. Never a value: the report itself must not give any away. */
export interface PersonalFinding {
  readonly column: string;
  readonly kind: string;
  /** 0 to 1; the report begins at 0.5. */
  readonly confidence: number;
  /** Share of the looked-at cells that have the form. */
  readonly share: number;
  readonly reason: string;
}

interface Kind {
  readonly kind: string;
  /** Words in a column's name that point to it. */
  readonly name?: RegExp;
  /** What the name alone is worth. */
  readonly byName?: number;
  /** The form of one cell. */
  readonly form?: (text: string) => boolean;
  /** How sure it is when every cell has the form: one in how many other values would pass too. */
  readonly byForm?: number;
  /** Cells count only where the name points there too: too many other numbers have the form. */
  readonly both?: boolean;
}

const phone = (text: string) => {
  const digits = text.replace(/\D/g, "").length;
  return (
    /^(\+|00)?[\d\s().\-/]+$/.test(text) &&
    digits >= 8 &&
    digits <= 15 &&
    (/^(\+|00)/.test(text) || /\d[\s().\-/]+\d/.test(text))
  );
};
const coordinates = (text: string) => {
  const match = /^\s*\(?(-?\d{1,2}\.\d{3,})[,;\s]+(-?\d{1,3}\.\d{3,})\)?\s*$/.exec(text);
  return match !== null && Math.abs(Number(match[1])) <= 90 && Math.abs(Number(match[2])) <= 180;
};
const degrees = (limit: number) => (text: string) =>
  /^-?\d{1,3}\.\d{3,}$/.test(text) && Math.abs(Number(text)) <= limit;
/** Dates and ISO moments look like telephone numbers. */
const isMoment = (text: string) => /^\d{4}-\d{2}-\d{2}|^\d{1,2}[./]\d{1,2}[./]\d{2,4}$/.test(text);

const kinds: readonly Kind[] = [
  {
    kind: "e-mail address",
    name: /e.?mail/,
    byName: 0.7,
    form: (text) => text.length < 255 && /^[^\s@,;<>]+@[^\s@,;<>.]+(\.[^\s@,;<>.]+)+$/.test(text),
    byForm: 0.99,
  },
  {
    kind: "telephone number",
    name: /phone|mobile|tel(ef|eph|_|$)|fax|handy|gsm/,
    byName: 0.6,
    form: (text) => !isMoment(text) && isIP(text) === 0 && phone(text),
    byForm: 0.75,
  },
  { kind: "bank account (IBAN)", name: /iban/, byName: 0.7, form: check.isIban, byForm: 0.99 },
  { kind: "payment card", name: /card.?(no|num)|pan$|credit.?card/, byName: 0.6, form: check.isCard, byForm: 0.95 },
  { kind: "IP address", name: /(^|_)ip(v4|v6|_?addr|$)/, byName: 0.5, form: (text) => isIP(text) !== 0, byForm: 0.9 },
  { kind: "national id (US SSN)", name: /ssn|social.?sec/, byName: 0.7, form: check.isUsSsn, byForm: 0.85 },
  { kind: "national id (UK NINO)", name: /nino|national.?insurance/, byName: 0.6, form: check.isUkNino, byForm: 0.9 },
  {
    kind: "national id (ES DNI/NIE)",
    name: /(^|_)(dni|nie|nif)($|_)/,
    byName: 0.6,
    form: check.isSpanishId,
    byForm: 0.97,
  },
  {
    kind: "national id (IT codice fiscale)",
    name: /codice.?fiscale/,
    byName: 0.7,
    form: check.isItalianCode,
    byForm: 0.99,
  },
  { kind: "national id (FR NIR)", name: /(^|_)nir($|_)|secu/, byName: 0.4, form: check.isFrenchNir, byForm: 0.97 },
  { kind: "national id (DE tax id)", name: /steuer.?id|tax.?id/, byName: 0.6, form: check.isGermanTaxId, byForm: 0.9 },
  { kind: "national id (NL BSN)", name: /(^|_)bsn($|_)/, byName: 0.6, form: check.isDutchBsn, byForm: 0.9, both: true },
  { kind: "national id (BR CPF)", name: /(^|_)cpf($|_)/, byName: 0.6, form: check.isBrazilianCpf, byForm: 0.95 },
  { kind: "coordinates", name: /coord|geo.?(point|loc)|lat.?l(on|ng)/, byName: 0.5, form: coordinates, byForm: 0.9 },
  {
    kind: "latitude",
    name: /^lat(itude)?$|(^|_)lat(itude)?($|_)/,
    byName: 0.5,
    form: degrees(90),
    byForm: 0.8,
    both: true,
  },
  {
    kind: "longitude",
    name: /^l(on|ng)(gitude)?$|(^|_)l(on|ng)(gitude)?($|_)/,
    byName: 0.5,
    form: degrees(180),
    byForm: 0.8,
    both: true,
  },
  {
    kind: "name of a person",
    name: /(first|last|full|given|family|middle|sur|maiden|patient|customer|employee|user)_?name|^(vorname|nachname|prenom|apellido|cognome)/,
    byName: 0.8,
  },
  {
    kind: "postal address",
    name: /street|address|addr(_|$)|postcode|post_?code|zip(_?code)?$|strasse|plz/,
    byName: 0.65,
  },
  { kind: "date of birth", name: /birth|(^|_)dob($|_)|geburt/, byName: 0.8 },
  { kind: "identity document", name: /passport|driver.?s?_?licen|id_?card|license_?plate/, byName: 0.7 },
  { kind: "special category (health)", name: /diagnos|disease|icd_?\d*|medicat|blood|hiv|disab|patient/, byName: 0.6 },
  {
    kind: "special category (origin, belief, orientation)",
    name: /religi|ethnic|(^|_)race($|_)|sexual|politic|union_?member/,
    byName: 0.75,
  },
  { kind: "sex or age", name: /^(sex|gender|age)$|(^|_)(sex|gender)($|_)/, byName: 0.6 },
];

const LOOKED_AT = 5_000;

/** Looks at the name and at the first cells of a column. */
export class PersonalScan {
  readonly #column: string;
  readonly #hits = new Array<number>(kinds.length).fill(0);
  #seen = 0;

  constructor(column: string) {
    this.#column = column;
  }

  add(cell: Cell): void {
    if (cell === null || typeof cell === "boolean" || this.#seen >= LOOKED_AT) return;
    const text = String(cell).trim();
    if (text === "" || text.length > 300) return;
    this.#seen++;
    for (let i = 0; i < kinds.length; i++) if (kinds[i]?.form?.(text)) (this.#hits[i] as number)++;
  }

  /** The likeliest kind; undefined below a confidence of 0.5. */
  finding(): PersonalFinding | undefined {
    const name = this.#column
      .replace(/([a-z])([A-Z])/g, "$1_$2")
      .replace(/[\s.-]+/g, "_")
      .toLowerCase();
    let best: PersonalFinding | undefined;
    for (const [i, { kind, name: pattern, byName = 0, form, byForm = 0, both }] of kinds.entries()) {
      const named = pattern?.test(name) ?? false;
      const share = this.#seen > 0 ? (this.#hits[i] as number) / this.#seen : 0;
      if (both && !named) continue;
      // A name that promises a form which its cells do not have is worth little.
      const trust = named ? (form && this.#seen > 0 && share < 0.1 ? byName / 3 : byName) : 0;
      const formed = share >= 0.1 ? share * byForm : 0;
      const confidence = 1 - (1 - trust) * (1 - formed);
      if (confidence < 0.5 || (best && best.confidence >= confidence)) continue;
      const reasons = [
        named ? "the column's name" : "",
        formed > 0 ? `the form of ${percent(share)} of its cells` : "",
      ];
      best = {
        column: this.#column,
        kind,
        confidence: round(confidence),
        share: round(share),
        reason: reasons.filter(Boolean).join(" and "),
      };
    }
    return best;
  }
}

const round = (value: number) => Math.round(value * 1000) / 1000;
const percent = (share: number) => `${Math.round(share * 100)} %`;
