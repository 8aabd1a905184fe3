const WAD = 10n ** 18n;

/** Rounds a 1e18-scaled decimal string to `places` digits, half away from zero, grouped by thousands. */
export function wad(value: string | undefined, places = 2): string {
  if (value === undefined) return "–";
  let units: bigint;
  try {
    units = BigInt(value);
  } catch {
    return value;
  }
  const sign = units < 0n ? "−" : "";
  if (units < 0n) units = -units;
  const step = 10n ** BigInt(18 - places);
  const rounded = (units + step / 2n) / step;
  const scale = 10n ** BigInt(places);
  const whole = (rounded / scale).toString().replace(/\B(?=(\d{3})+$)/g, " ");
  return places === 0 ? sign + whole : `${sign}${whole}.${(rounded % scale).toString().padStart(places, "0")}`;
}

/** An amount of money in whole units with two decimals, rounded towards zero as every payout is. */
export function amount(value: string | undefined): string {
  if (value === undefined || !/^-?\d+$/.test(value)) return wad(value);
  const cent = 10n ** 16n;
  return wad(((BigInt(value) / cent) * cent).toString());
}

/** A 1e18-scaled string as a plain number, for drawing only. */
export function wadNumber(value: string | undefined): number {
  if (value === undefined) return Number.NaN;
  try {
    const units = BigInt(value);
    return Number(units / WAD) + Number(units % WAD) / 1e18;
  } catch {
    return Number.NaN;
  }
}

/** Start and end of a long hex string or id; short ones stay whole. */
export function short(id: string, head = 6, tail = 4): string {
  return id.length <= head + tail + 3 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`;
}

/** Seconds since 1970 as `2015-07-01 12:00 UTC`. */
export function when(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Milliseconds since 1970 as local clock time. */
export function clock(ms: number | undefined): string {
  return ms === undefined ? "–" : new Date(ms).toLocaleTimeString([], { hour12: false });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Day and month of an ISO 8601 date, e.g. `1 Jul`. */
export function dayMonth(date: string): string {
  return `${Number(date.slice(8))} ${MONTHS[Number(date.slice(5, 7)) - 1]}`;
}

/** A season by its months, e.g. `Apr–Jun 2015`, from its first and last day (ISO 8601). */
export function seasonName(from: string, to: string): string {
  const month = (date: string) => MONTHS[Number(date.slice(5, 7)) - 1] ?? "";
  const [first, last] = [from.slice(0, 4), to.slice(0, 4)];
  return first === last ? `${month(from)}–${month(to)} ${last}` : `${month(from)} ${first}–${month(to)} ${last}`;
}

/** A length of time in seconds, in its two largest units. */
export function span(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const [d, h, m, s] = [
    Math.floor(total / 86400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${m} min`;
  if (m > 0) return `${m} min ${s} s`;
  return `${s} s`;
}

/** Milliseconds as `840 ms` or `3.2 s`. */
export function took(ms: number | undefined): string {
  if (ms === undefined) return "–";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A whole number grouped by thousands. */
export function count(value: number | undefined): string {
  return value === undefined
    ? "–"
    : Math.round(value)
        .toString()
        .replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Basis points as a percentage. */
export function percent(bps: number | undefined, places = 1): string {
  return bps === undefined ? "–" : `${(bps / 100).toFixed(places)} %`;
}

/** Bytes in binary units. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** RFC 4180 text of a table; fields that a spreadsheet would run as a formula are quoted with an apostrophe. */
export function csv(rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cell = (value: string | number | undefined) => {
    const raw = value === undefined ? "" : String(value);
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(raw) ? `'${raw}` : raw;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** Hands `text` to the reader as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
