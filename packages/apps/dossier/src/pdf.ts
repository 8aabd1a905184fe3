// The dossier as a PDF: what the page says, in its order, with every proof open.
import { type Paragraph, toPages } from "./pdfPages.ts";
import type { Answer, Dossier, Item, LogExtract, Proof } from "./shapes.ts";
import { proofRows, signing, statuses } from "./words.ts";

const head = (text: string): Paragraph => ({ text, size: 15, face: "bold", above: 18, entry: true });
const plain = (text: string): Paragraph => ({ text, above: 3 });
const code = (text: string, indent = 0): Paragraph => ({ text, size: 8, face: "code", indent, above: 1 });
const small = (text: string, indent = 12): Paragraph => ({ text, size: 8, indent, grey: 0.3 });

/** Writes the dossier as a PDF of A4 pages. SPEC D7, D8. */
export function toPdf(dossier: Dossier): Uint8Array {
  const { model, counts, items, log, law } = dossier;
  const parts = [...new Set(items.map(({ part }) => part))];
  const having = items.filter(({ gaps }) => gaps.length > 0);
  return toPages(`Technical documentation: ${model.name}`, [
    { text: `${law}, Annex IV and Article 12`, grey: 0.3 },
    { text: model.name, size: 20, face: "bold", entry: true },
    plain(`Model: asset ${model.asset}, written ${dossier.madeAt}`),
    ...[
      ["Publisher", model.publisher],
      ["Content", model.root],
      ["Statement", model.statement],
      [`Contract on chain ${dossier.chainId}`, dossier.contract],
    ].map(([name, value]) => code(`${name}: ${value}`)),
    plain(
      `${counts.answered} items answered, ${counts.partial} in part, ${counts.gap} not at all; ${counts.gaps} gaps. Everything here is quoted from records or follows from how Assay works; nothing was filled in. Whether it suffices is for people to judge.`,
    ),
    head("Gaps"),
    ...(having.length === 0 ? [plain("None.")] : []),
    ...having.map(({ law, title, gaps }) => plain(`${law}: ${title}: ${gaps.map(({ missing }) => missing).join(" ")}`)),
    ...parts.flatMap((part) => [head(part), ...items.filter((item) => item.part === part).flatMap(itemOf)]),
    ...logOf(log),
    head("How to check it"),
    plain("Each answer names its proof and the command that checks it. The model with all that it stands on, at once:"),
    code(`assay assets receipt asset:${model.asset} --out receipt.json\nassay verify receipt.json`),
  ]);
}

function itemOf({ law, title, status, asks, answers, gaps }: Item): Paragraph[] {
  return [
    { text: `${law}  ${title} (${statuses[status].toLowerCase()})`, size: 11, face: "bold", above: 12 },
    { text: asks, grey: 0.3 },
    ...answers.flatMap(answerOf),
    ...gaps.flatMap(({ missing, close }): Paragraph[] => [
      { text: `Gap: ${missing}`, face: "bold", size: 9, indent: 12, above: 5 },
      code(`To close it: ${close}`, 12),
    ]),
  ];
}

function answerOf({ basis, label, text, table, proofs }: Answer): Paragraph[] {
  return [
    { text: label, face: "bold", size: 9.5, above: 6 },
    ...(basis === "system" ? [small("Follows from how Assay works, for every model.", 0)] : []),
    plain(text),
    ...(table?.rows ?? []).map((row) => small(row.map((cell, at) => `${table?.head[at] ?? ""}: ${cell}`).join("; "))),
    ...proofs.flatMap(proofOf),
  ];
}

function proofOf(proof: Proof): Paragraph[] {
  const [first, ...rest] = proofRows(proof);
  return [small(`Proof of ${first?.[1] ?? ""}`), ...rest.map(([name, value]) => code(`${name}: ${value}`, 18))];
}

function logOf(log: LogExtract | null): Paragraph[] {
  if (log === null) return [head("Extract of the log"), plain("This node keeps no log.")];
  const { anchor } = log;
  return [
    head("Extract of the log"),
    plain(`Log ${log.origin}: ${log.size} records.`),
    code(`Root: ${log.root}`),
    plain(`Witnesses: ${log.witnesses.join(", ") || "none signed this head"}.`),
    plain(
      `Anchor: ${anchor ? `head of ${anchor.size} records, block ${anchor.block} of chain ${anchor.chainId}` : "none"}.`,
    ),
    ...(log.records.length === 0 ? [plain("No record is about this model.")] : []),
    ...log.records.flatMap((one): Paragraph[] => [
      { text: `Record ${one.index}: ${one.kind}`, face: "bold", above: 6 },
      plain(one.says),
      code(`About: ${one.about}`, 12),
      code(`Signed: ${one.signed.map(signing).join(", ") || "unsigned"}`, 12),
      code(`Leaf: ${one.leaf}`, 12),
      code(`Check it: ${one.command}`, 12),
    ]),
  ];
}
