// Tables from a folder outside the repository: ASSAY_EVIDENCE (default ../shared). Nothing of them is kept here.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Features, row-major (NaN for an empty cell), and targets 0 or 1. */
export interface EvidenceRows {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly names: readonly string[];
}

const root = fileURLToPath(new URL("../../../..", import.meta.url));

function read(path: string): string | undefined {
  const file = resolve(root, process.env.ASSAY_EVIDENCE ?? "../shared", path);
  if (existsSync(file)) return readFileSync(file, "utf8");
  console.log(`skipped: ${file} is not there (set ASSAY_EVIDENCE to the folder that holds data/)`);
  return undefined;
}

/** Cells of one line of CSV with quotes. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
  return cells;
}

function rowsOf(names: readonly string[], columns: readonly (readonly number[])[], y: readonly number[]): EvidenceRows {
  const x = Float32Array.from({ length: names.length * y.length }, (_, i) => {
    const column = columns[i % names.length] as readonly number[];
    return column[Math.floor(i / names.length)] as number;
  });
  return { x, y: Float32Array.from(y), names };
}

/**
 * Ethereum accounts with fraud flags by protocol: A every numeric column that varies; B the same without the rows
 * whose ERC20 cells are empty and without repeated rows (the headline); C the columns that are not about ERC20,
 * without repeated rows. Undefined, after a message, when the file is absent.
 */
export function readFraud(protocol: "A" | "B" | "C"): EvidenceRows | undefined {
  const text = read("data/fraud-accounts/eth-fraud-train70.csv");
  if (text === undefined) return undefined;
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const header = cellsOf(lines[0] as string);
  const cells = lines.slice(1).map(cellsOf);
  const flag = header.indexOf("FLAG");
  const erc = header.findIndex((name) => name.includes("Total ERC20"));
  const numeric = header.flatMap((name, column) => {
    if (column <= flag || name.trim() === "" || /most.*token.type/.test(name)) return [];
    if (protocol === "C" && name.includes("ERC20")) return [];
    const values = new Set(
      cells
        .map((row) => row[column])
        .filter((cell) => cell !== "")
        .map(Number),
    );
    return values.size > 1 ? [column] : [];
  });
  const seen = new Set<string>();
  const kept = cells.filter((row) => {
    if (protocol === "A") return true;
    if (protocol === "B" && row[erc] === "") return false;
    const key = numeric.map((column) => row[column]).join();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  const number = (cell: string | undefined) => (cell === undefined || cell === "" ? Number.NaN : Number(cell));
  const columns = numeric.map((column) => kept.map((row) => number(row[column])));
  return rowsOf(
    numeric.map((column) => (header[column] as string).trim()),
    columns,
    kept.map((row) => Number(row[flag])),
  );
}

/** German credit: 1 = bad loan; numbers as they are, ordered codes by rank, other codes one column each. */
export function readCredit(): EvidenceRows | undefined {
  const text = read("data/credit-german/german.data");
  if (text === undefined) return undefined;
  const cells = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.trim().split(/\s+/));
  const ordered: Record<number, readonly string[]> = {
    0: ["A14", "A11", "A12", "A13"], // account: none, overdrawn, below 200, above
    5: ["A65", "A61", "A62", "A63", "A64"], // savings
    6: ["A71", "A72", "A73", "A74", "A75"], // years in work
    16: ["A171", "A172", "A173", "A174"], // job
  };
  const names: string[] = [];
  const columns: number[][] = [];
  for (let column = 0; column < 20; column++) {
    const list = cells.map((row) => row[column] as string);
    const distinct = [...new Set(list)].sort();
    const order = ordered[column];
    if (order !== undefined) {
      names.push(`a${column + 1}`);
      columns.push(list.map((code) => order.indexOf(code)));
    }
    if (list.every((cell) => /^\d+$/.test(cell))) {
      names.push(`a${column + 1}`);
      columns.push(list.map(Number));
    } else
      for (const code of distinct) {
        names.push(code);
        columns.push(list.map((cell) => (cell === code ? 1 : 0)));
      }
  }
  return rowsOf(
    names,
    columns,
    cells.map((row) => (row[20] === "2" ? 1 : 0)),
  );
}
