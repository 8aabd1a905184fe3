import { isModelStatement } from "@records/assets/statements.ts";
import type { Finder } from "./answers.ts";
import type { Facts, Source } from "./gather.ts";
import type { Answer } from "./shapes.ts";
import { type Found, lacking, onRecord, quotedRecords, tabled, unsaid } from "./words.ts";

/** Annex IV 2(d): the data and its governance. */
export const dataAnswers: Readonly<Record<string, Finder>> = {
  "IV.2.d": (facts) => {
    const each = facts.sources.map(dataOf);
    return {
      answers: [
        ...each.flatMap(({ answers }) => answers),
        ...splits(facts),
        ...quotedRecords(facts, "licence", "consent"),
      ],
      gaps: [
        ...(facts.sources.length === 0
          ? [unsaid(facts, "IV.2.d", "No data asset is on record behind this model.")]
          : []),
        ...each.flatMap(({ gaps }) => gaps),
        unsaid(facts, "IV.2.d", "How the data was chosen, labelled and cleaned is not on record."),
        ...(facts.truncated
          ? [lacking("The lineage is larger than this dossier reads.", `assay assets trace asset:${facts.asset.id}`)]
          : []),
      ],
    };
  },
};

function dataOf({ id, statement, profile, proof }: Source): Found {
  if (statement === null) {
    return { answers: [], gaps: [lacking(`The statement of asset ${id} is not on this node.`, `assay show ${id}`)] };
  }
  const name = `asset ${id}, ${statement.name}`;
  const about: [string, string][] = [
    ["Kind", statement.type],
    ["Licence", statement.licence],
    ["Publisher", statement.creator],
    ["Of", statement.createdAt],
    ["Content root", "manifest" in statement ? statement.manifest.root : statement.root],
  ];
  const answers: Answer[] = [];
  const gaps: Found["gaps"] = [];
  if (!isModelStatement(statement)) {
    if (saysNothing(statement))
      gaps.push(
        lacking(`Asset ${id} does not say where it comes from.`, `assay assets publish <file> --provenance '…'`),
      );
    else about.push(["Where from", statement.provenance]);
    if (statement.sealed) about.push(["Sealed", "The stored bytes are encrypted."]);
    if (statement.type !== "assay/file/1") {
      about.push(["Rows", String(statement.rows)], ["Columns", String(statement.schema.length)]);
      if (statement.roots) about.push(["Root of its rows", statement.roots.rows.root]);
    }
    if (statement.type === "assay/derived/1") about.push(...made(statement));
  }
  if (/^LicenseRef-All-Rights-Reserved$/.test(statement.licence))
    gaps.push(
      lacking(
        `Asset ${id} grants no licence (all rights reserved): by what right it is used is not on record.`,
        licensing(id),
      ),
    );
  answers.push(tabled(name, "What its publisher states.", ["Field", "Value"], about, proof));
  if (!isModelStatement(statement) && statement.type !== "assay/file/1")
    answers.push(
      tabled(
        `Columns of asset ${id}`,
        "Missing cells as the statement counts them.",
        ["Column", "Type", "Missing"],
        statement.schema.map(({ name: column, type, missing = 0 }) => [column, type, String(missing)]),
        proof,
      ),
    );
  if (profile) answers.push(...profiled(id, profile, proof));
  else if (!isModelStatement(statement))
    gaps.push(
      lacking(
        `No profile of asset ${id} (statistics, likely personal data) is on record.`,
        `assay assets profile ${id}`,
      ),
    );
  return { answers, gaps };
}

/** The sentence that `assets.publish` writes where its publisher gave none names no source. */
function saysNothing({ name, provenance }: { name: string; provenance: string }): boolean {
  return provenance.trim() === "" || provenance === `Published by its holder as ${name}.`;
}

const licensing = (id: string) =>
  `echo '{"licence":"…","holder":"…"}' | assay log append - --kind licence --about asset:${id} --sign node`;

function made(statement: { transform: { id: string }; parents: readonly { asset: string }[] }): [string, string][] {
  return [
    ["Made by", statement.transform.id],
    ["Made from", statement.parents.map(({ asset }) => `asset ${asset}`).join(", ")],
  ];
}

function profiled(id: string, profile: NonNullable<Source["profile"]>, proof: Source["proof"]): Answer[] {
  const found: Answer[] = [];
  if (profile.table) {
    const { rows, columns } = profile.table;
    found.push(
      tabled(
        `Profile of asset ${id}`,
        `${rows} rows, ${columns.reduce((sum, { missing }) => sum + missing, 0)} missing cells.`,
        ["Column", "Type", "Missing", "Unfit", "Different", "Least", "Mean", "Greatest"],
        columns.map(({ name, type, missing, unfit, distinct, numbers }) => [
          name,
          type,
          String(missing),
          String(unfit),
          String(distinct.count),
          String(numbers?.min ?? ""),
          String(numbers?.mean ?? ""),
          String(numbers?.max ?? ""),
        ]),
        proof,
      ),
    );
  }
  found.push(
    profile.personal.length === 0
      ? onRecord(
          `Personal data in asset ${id}`,
          "The profile found none by form or name; that is no proof that there is none.",
          proof,
        )
      : tabled(
          `Likely personal data in asset ${id}`,
          "What the profile found by form and name.",
          ["Column", "Kind", "Confidence", "Why"],
          profile.personal.map(({ column, kind, confidence, reason }) => [column, kind, String(confidence), reason]),
          proof,
        ),
  );
  return found;
}

/** Which rows trained, validated and tested. */
function splits({ run }: Facts): Answer[] {
  if (!run) return [];
  const { samples, recipe } = run.statement;
  const rule = JSON.stringify((recipe as { split?: unknown }).split ?? null);
  if (!samples) return [onRecord("Split", rule, run.proof)];
  const rows = Object.entries(samples).map(([part, { rows, size, root }]) => [part, String(rows), String(size), root]);
  return [tabled("Split", `Rule: ${rule}`, ["Part", "Rows", "Different rows", "Root of its rows"], rows, run.proof)];
}
