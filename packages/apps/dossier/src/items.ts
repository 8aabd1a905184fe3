// What Annex IV and Article 12 of Regulation (EU) 2024/1689 ask for, item by item, in this house's words.

export interface Asked {
  readonly id: string;
  readonly part: string;
  readonly law: string;
  readonly title: string;
  readonly asks: string;
}

const parts = {
  general: "General description",
  development: "Elements and development",
  monitoring: "Monitoring, functioning and control",
  management: "Metrics, risks and changes",
  conformity: "Standards, declaration, after the market",
  records: "Record keeping",
} as const;

const of = (part: keyof typeof parts, id: string, law: string, title: string, asks: string): Asked => ({
  id,
  part: parts[part],
  law,
  title,
  asks,
});

/** Every item, in the law's order. SPEC D1. */
// biome-ignore format: one item a line
export const asked: readonly Asked[] = [
  of("general", "IV.1.a", "Annex IV 1(a)", "Purpose, provider, version", "The intended purpose, who provides it, and the version with its relation to earlier ones."),
  of("general", "IV.1.b", "Annex IV 1(b)", "Interaction with other systems", "How it works together with hardware, software and other AI systems outside of it."),
  of("general", "IV.1.c", "Annex IV 1(c)", "Software versions", "Versions of the software and firmware that matter, and what updates require."),
  of("general", "IV.1.d", "Annex IV 1(d)", "Forms of supply", "The forms in which it is put on the market: packages, downloads, interfaces."),
  of("general", "IV.1.e", "Annex IV 1(e)", "Hardware to run on", "The hardware that it is meant to run on."),
  of("general", "IV.1.f", "Annex IV 1(f)", "Product that contains it", "For a part of a product: pictures of its outside, marking and inside."),
  of("general", "IV.1.g", "Annex IV 1(g)", "User interface", "The interface that the deployer gets."),
  of("general", "IV.1.h", "Annex IV 1(h)", "Instructions for use", "Instructions for the deployer."),
  of("development", "IV.2.a", "Annex IV 2(a)", "Methods and steps", "How it was developed, and which trained systems or tools of others went into it."),
  of("development", "IV.2.b", "Annex IV 2(b)", "Design", "Logic, algorithms, choices with their reasons, what is optimised, the expected output."),
  of("development", "IV.2.c", "Annex IV 2(c)", "Architecture and computing", "How its parts build on each other, and what computing went into it."),
  of("development", "IV.2.d", "Annex IV 2(d)", "Data and its governance", "Data sets: where from, how chosen, labelled and cleaned, main characteristics, licences."),
  of("development", "IV.2.e", "Annex IV 2(e)", "Human oversight, assessed", "Which oversight is needed (Article 14), and what helps people read the output."),
  of("development", "IV.2.f", "Annex IV 2(f)", "Changes foreseen", "Changes to system and performance that are planned from the start."),
  of("development", "IV.2.g", "Annex IV 2(g)", "Validation and testing", "Procedures, data, metrics of accuracy and discrimination, dated and signed reports."),
  of("development", "IV.2.h", "Annex IV 2(h)", "Cybersecurity", "The measures of cybersecurity."),
  of("monitoring", "IV.3.a", "Annex IV 3", "Limits and accuracy by group", "Capabilities and limits, accuracy overall and for the groups that it is used on."),
  of("monitoring", "IV.3.b", "Annex IV 3", "Foreseeable risks", "Unintended outcomes, and risks to health, safety, rights, and of discrimination."),
  of("monitoring", "IV.3.c", "Annex IV 3", "Human oversight in use", "Measures of oversight, and means that help deployers read the output."),
  of("monitoring", "IV.3.d", "Annex IV 3", "Input data", "What the input data has to be."),
  of("management", "IV.4", "Annex IV 4", "Why these metrics", "Why the metrics of performance fit this system."),
  of("management", "IV.5", "Annex IV 5", "Risk management", "The risk management system (Article 9)."),
  of("management", "IV.6", "Annex IV 6", "Changes over the lifecycle", "What the provider changed over the system's life."),
  of("conformity", "IV.7", "Annex IV 7", "Standards", "Harmonised standards applied, or what was done instead."),
  of("conformity", "IV.8", "Annex IV 8", "Declaration of conformity", "A copy of the EU declaration of conformity (Article 47)."),
  of("conformity", "IV.9", "Annex IV 9", "After the market", "How performance is watched in use, with the monitoring plan (Article 72)."),
  of("records", "12.1", "Article 12(1)", "Automatic logs", "Events are recorded automatically over the system's life."),
  of("records", "12.2.a", "Article 12(2)(a)", "Risks and substantial changes", "Events that point to a risk or a substantial modification."),
  of("records", "12.2.b", "Article 12(2)(b)", "Events for monitoring", "Events that the monitoring after the market needs."),
  of("records", "12.2.c", "Article 12(2)(c)", "Operation", "Events that the deployer's monitoring of operation needs (Article 26(5))."),
  of("records", "12.3", "Article 12(3)", "Remote biometric identification", "For such systems only: period of use, reference data, matches, who verified them."),
];
