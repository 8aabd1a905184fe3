import { InvalidInputError } from "@base/errors";
import {
  type Exported,
  entryOf,
  flatMetrics,
  key,
  modelOf,
  type Provenance,
  rootOf,
  tableOf,
  uriOf,
} from "./provenance.ts";

/** A model card in Markdown with the front matter that model hubs read. Throws InvalidInputError for what is no model. */
export function toModelCard(provenance: Provenance): Exported {
  const { subject } = provenance;
  const model = modelOf(provenance, subject);
  if (!model) throw new InvalidInputError(`A model card describes models, and ${key(subject)} is none.`);
  const entry = entryOf(provenance, subject);
  const run = entryOf(provenance, { kind: "run", id: model.run })?.statement as
    | { commitment?: { steps?: number; seed?: unknown; optimiser?: unknown; finalRoot?: string } }
    | undefined;
  const metrics = flatMetrics(model.metrics);
  const data = model.parents.map(({ asset }) => {
    const table = tableOf(provenance, { kind: "asset", id: asset });
    return table
      ? `- **${cell(table.name)}** (asset ${asset}, ${table.rows} rows, ${cell(table.licence)}): ${cell(table.provenance || "no source named")}`
      : `- asset ${asset}`;
  });
  const lines = [
    "---",
    `license: ${licenceId(model.licence)}`,
    ...(licenceId(model.licence) === "other" ? [`license_name: ${JSON.stringify(model.licence)}`] : []),
    `pipeline_tag: ${model.task === "binary" ? "tabular-classification" : "tabular-regression"}`,
    "tags:",
    "- assay",
    "model-index:",
    `- name: ${JSON.stringify(model.name)}`,
    "  results:",
    "  - task:",
    `      type: ${model.task === "binary" ? "tabular-classification" : "tabular-regression"}`,
    "    dataset:",
    `      name: ${JSON.stringify(data.length ? `asset ${model.parents[0]?.asset}` : "unknown")}`,
    "      type: tabular",
    "    metrics:",
    ...metrics.flatMap(([name, value]) => [`    - type: ${JSON.stringify(name)}`, `      value: ${value}`]),
    "---",
    "",
    `# ${cell(model.name)}`,
    "",
    "## Intended use",
    "",
    model.intendedUse || "Not stated.",
    "",
    "## Model",
    "",
    `- task: ${model.task}, target \`${model.target}\``,
    `- inputs: ${model.inputs.map((input) => `\`${input}\``).join(", ")}`,
    `- licence: ${model.licence}`,
    `- by ${model.creator}, ${model.createdAt}`,
    `- content root \`${rootOf(model)}\`, ${model.size} bytes`,
    "",
    "## Training data",
    "",
    ...data,
    "",
    "## Training",
    "",
    `- run \`${model.run}\`: ${run?.commitment?.steps ?? "unknown"} steps; whoever repeats it gets the same bytes`,
    "",
    "## Metrics on the test rows",
    "",
    "| metric | value |",
    "|---|---|",
    ...metrics.map(([name, value]) => `| ${cell(name)} | ${value} |`),
    "",
    "## Limits",
    "",
    "Metrics by subgroup, ethical considerations and known failure cases are not part of the statement: they are gaps here.",
    "",
    "## Provenance",
    "",
    `- name \`${uriOf(provenance, subject)}\``,
    `- statement \`${entry?.hash ?? ""}\`, transaction \`${entry?.tx ?? ""}\`, block ${entry?.block ?? ""}`,
    "",
  ];
  return { mediaType: "text/markdown", document: lines.join("\n") };
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Hubs name licences in lower case and call all others `other`. */
const licenceId = (licence: string) =>
  /^[A-Za-z0-9.+-]+$/.test(licence) && !licence.startsWith("LicenseRef") ? licence.toLowerCase() : "other";
