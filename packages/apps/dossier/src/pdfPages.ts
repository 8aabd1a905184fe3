// Text on pages, as PDF 1.4 (ISO 32000-1): the fonts that every reader has, no compression, so that bytes do not depend on a library.

/** How a paragraph looks. */
export interface Style {
  /** Points. */
  readonly size?: number;
  readonly face?: "plain" | "bold" | "code";
  /** Points from the left edge of the text. */
  readonly indent?: number;
  /** Points of room above it. */
  readonly above?: number;
  /** 0 is black, 1 white. */
  readonly grey?: number;
  /** Puts it into the reader's list of contents. */
  readonly entry?: boolean;
}

export interface Paragraph extends Style {
  readonly text: string;
}

// Points: A4, and the room that stays free around the text.
const [WIDTH, HEIGHT, MARGIN] = [595, 842, 56];
const fonts = { plain: ["F1", "Helvetica"], bold: ["F2", "Helvetica-Bold"], code: ["F3", "Courier"] } as const;
/** Widths of Helvetica's characters 32 to 126, in thousandths of the size (Adobe's font metrics). */
const WIDTHS = (
  "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 " +
  "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 " +
  "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 " +
  "278 556 500 722 500 500 500 334 260 334 584"
)
  .split(" ")
  .map(Number);
/** What Windows-1252 has between 128 and 159; from 160 on it is Latin 1. */
const HIGH = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

interface Line {
  readonly codes: readonly number[];
  readonly style: Style;
  readonly y: number;
}

/** Lays paragraphs out on as many A4 pages as they need, numbered, with `title` at the foot. The same text gives the same bytes. */
export function toPages(title: string, paragraphs: readonly Paragraph[]): Uint8Array {
  const pages: Line[][] = [[]];
  const entries: { readonly text: string; readonly page: number; readonly y: number }[] = [];
  let y = HEIGHT - MARGIN;
  for (const { text, ...style } of paragraphs) {
    const { size = 9.5, indent = 0, above = 2, face = "plain" } = style;
    const step = size * 1.35;
    y -= above;
    // A heading does not stand alone at the foot of a page.
    if (y - step * (face === "bold" ? 4 : 1) < MARGIN) y = turn();
    if (style.entry) entries.push({ text, page: pages.length - 1, y });
    for (const codes of wrap(text, (WIDTH - 2 * MARGIN - indent) / size, face)) {
      if (y - step < MARGIN) y = turn();
      y -= step;
      pages.at(-1)?.push({ codes, style, y });
    }
  }
  return assemble(title, pages, entries);

  function turn(): number {
    pages.push([]);
    return HEIGHT - MARGIN;
  }
}

/** Codes in Windows-1252; a character that it lacks is written as its number. */
function encode(text: string): number[] {
  return [...text].flatMap((one) => {
    const code = one.codePointAt(0) as number;
    if ((code >= 32 && code < 127) || (code >= 160 && code < 256)) return code;
    const high = HIGH.indexOf(one);
    if (code > 0 && high >= 0) return 128 + high;
    return encode(one === "\t" ? "    " : `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`);
  });
}

/** Lines no wider than `room` (in sizes); a word that is wider is broken. */
function wrap(text: string, room: number, face: keyof typeof fonts): number[][] {
  const width = (code: number) =>
    face === "code" ? 0.6 : ((WIDTHS[code - 32] ?? 556) / 1000) * (face === "bold" ? 1.1 : 1);
  const lines: number[][] = [];
  for (const part of text.split(/\r?\n/)) {
    let line: number[] = [];
    let used = 0;
    for (const word of part.split(/(?<= )/)) {
      const codes = encode(word);
      const wide = codes.reduce((sum, code) => sum + width(code), 0);
      if (used > 0 && used + wide > room && wide <= room) {
        lines.push(line);
        [line, used] = [[], 0];
      }
      for (const code of codes) {
        if (used + width(code) > room) {
          lines.push(line);
          [line, used] = [[], 0];
        }
        line.push(code);
        used += width(code);
      }
    }
    lines.push(line);
  }
  return lines;
}

/** The file: catalog, fonts, contents, pages, and where each object begins. */
function assemble(
  title: string,
  pages: readonly (readonly Line[])[],
  entries: readonly { readonly text: string; readonly page: number; readonly y: number }[],
): Uint8Array {
  const [FIRST_PAGE, PER_PAGE] = [8, 2];
  const pageOf = (index: number) => FIRST_PAGE + index * PER_PAGE;
  const firstEntry = pageOf(pages.length);
  const objects: string[] = [
    "<< /Type /Catalog /Pages 2 0 R /Outlines 7 0 R /PageMode /UseOutlines /Lang (en) >>",
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${pageOf(index)} 0 R`).join(" ")}] >>`,
    ...Object.values(fonts).map(
      ([, name]) => `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`,
    ),
    `<< /Title ${literal(encode(title))} /Producer (Assay) >>`,
    entries.length === 0
      ? "<< /Type /Outlines >>"
      : `<< /Type /Outlines /Count ${entries.length} /First ${firstEntry} 0 R /Last ${firstEntry + entries.length - 1} 0 R >>`,
  ];
  for (const [index, lines] of pages.entries()) {
    const foot = {
      codes: encode(`${title}: page ${index + 1} of ${pages.length}`),
      style: { size: 8, grey: 0.4 },
      y: 30,
    };
    const content = [...lines, foot].map(drawn).join("\n");
    const named = Object.values(fonts).map(([name], at) => `/${name} ${3 + at} 0 R`);
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Contents ${pageOf(index) + 1} 0 R /Resources << /Font << ${named.join(" ")} >> >> >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    );
  }
  for (const [index, { text, page, y }] of entries.entries()) {
    const next = index + 1 < entries.length ? ` /Next ${firstEntry + index + 1} 0 R` : "";
    const before = index > 0 ? ` /Prev ${firstEntry + index - 1} 0 R` : "";
    objects.push(
      `<< /Title ${literal(encode(text))} /Parent 7 0 R /Dest [${pageOf(page)} 0 R /XYZ 0 ${fixed(y)} 0]${before}${next} >>`,
    );
  }
  let file = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n";
  const places = objects.map((object, index) => {
    const at = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${places.join("")}trailer\n<< /Size ${size} /Root 1 0 R /Info 6 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
  // Every character stands for one byte.
  return Uint8Array.from(file + end, (one) => one.charCodeAt(0));
}

function drawn({ codes, style: { size = 9.5, face = "plain", indent = 0, grey = 0 }, y }: Line): string {
  return `BT ${grey} g /${fonts[face][0]} ${size} Tf ${fixed(MARGIN + indent)} ${fixed(y)} Td ${literal(codes)} Tj ET`;
}

const fixed = (value: number) => String(Math.round(value * 100) / 100);
const literal = (codes: readonly number[]) =>
  `(${codes.map((code) => String.fromCharCode(code).replace(/[()\\]/, "\\$&")).join("")})`;
