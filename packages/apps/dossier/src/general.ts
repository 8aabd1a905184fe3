import type { Finder } from "./answers.ts";
import { bySystem, lacking, onRecord, quotedRecords, recordProof, tabled, unsaid } from "./words.ts";

/** Annex IV 1: what it is for, who provides it, how it is supplied. */
export const generalAnswers: Readonly<Record<string, Finder>> = {
  "IV.1.a": (facts) => {
    const { asset, model, proof } = facts;
    const versions = facts.logged.filter(({ kind }) => kind === "version");
    return {
      answers: [
        ...(model.intendedUse.trim() === "" ? [] : [onRecord("Intended purpose", model.intendedUse, proof)]),
        onRecord(
          "Provider",
          `Published by ${asset.publisher}; the address is all that the chain knows of the provider.`,
          proof,
        ),
        onRecord(
          "Name and version",
          `${model.name}: asset ${asset.id}, content ${asset.root}, of ${model.createdAt}.`,
          proof,
        ),
        onRecord("Licence", model.licence, proof),
        ...facts.relatives
          .filter(({ how }) => how === "earlier")
          .map((one) => onRecord("Earlier model of this name", `asset ${one.id}, of ${one.at}`, one.proof)),
        ...versions.map((one) =>
          onRecord("Version", `${String(one.predicate["from"])} to ${String(one.predicate["to"])}`, recordProof(one)),
        ),
      ],
      gaps: [
        ...(model.intendedUse.trim() === ""
          ? [
              unsaid(
                facts,
                "IV.1.a",
                "The publisher did not say what the model is for (intendedUse), nor the provider's legal name.",
              ),
            ]
          : [unsaid(facts, "IV.1.a", "The provider's legal name and address are not on record.")]),
      ],
    };
  },
  "IV.1.b": (facts) => ({
    answers: quotedRecords(facts, "deployment"),
    gaps: [unsaid(facts, "IV.1.b", "Which systems it is used with is not on record.")],
  }),
  "IV.1.c": (facts) => {
    const { model, proof } = facts;
    const made =
      model.type === "assay/program/1" && model.origin.kind === "import"
        ? [
            tabled(
              "Software of the model file",
              model.origin.producer,
              ["Operator set", "Version"],
              Object.entries(model.origin.opsets).map(([name, version]) => [name, String(version)]),
              proof,
            ),
          ]
        : [];
    const recipe = facts.run?.statement.recipe as { version?: unknown } | undefined;
    return {
      answers: [
        ...made,
        ...(facts.run && recipe?.version !== undefined
          ? [onRecord("Version of the recipe", String(recipe.version), facts.run.proof)]
          : []),
      ],
      gaps: [
        unsaid(facts, "IV.1.c", "The software that it runs with in use, and what updates require, are not on record."),
      ],
    };
  },
  "IV.1.d": (facts) => ({
    answers: [
      onRecord(
        "Form",
        `A file of ${facts.model.size} bytes (${facts.model.mediaType}); the asset is ${facts.asset.state}.`,
        facts.proof,
      ),
      ...quotedRecords(facts, "deployment"),
    ],
    gaps: facts.logged.some(({ kind }) => kind === "deployment") ? [] : [lackingDeployment(facts.asset.id)],
  }),
  "IV.1.g": (facts) => ({
    answers: [
      bySystem(
        "Interfaces that Assay gives",
        "A command line, an HTTP interface and a dashboard run the model and explain its answers.",
        `assay explain ${facts.asset.id} --help`,
      ),
    ],
    gaps: [unsaid(facts, "IV.1.g", "The interface that the deployer's people see is not on record.")],
  }),
};

const lackingDeployment = (id: string) =>
  lacking(
    "No deployment is on record.",
    `echo '{"model":"asset:${id}","where":"…"}' | assay log append - --kind deployment --about asset:${id} --sign node`,
  );
