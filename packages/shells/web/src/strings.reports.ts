/** What the dashboard says of reports on a model: groups, and rows behind an answer. */
export const reports = {
  noFairness: (model: string) =>
    `Nobody has measured what this model does to groups: assay fairness ${model} --data <asset> --group <column>.`,
  noTrace: (model: string) =>
    `No answer was traced to the rows that trained it: assay influence ${model} <data> --row <row>.`,
  fairness: (group: string) => `Fairness by ${group}`,
  measured: (rows: number, left: number, threshold: number) =>
    `${rows} rows${left === 0 ? "" : `, ${left} without target or group left out`}; yes from a probability of ${threshold}.`,
  trained: (rows: number | null) =>
    rows === null
      ? "Whether some of them trained the model is not known."
      : rows === 0
        ? "None of them trained the model."
        : `${rows} of them trained the model, which flatters it.`,
  fourFifthsHolds: "No group is selected less than four fifths as often as another.",
  fourFifthsBroken: "A group is selected less than four fifths as often as another.",
  fourFifthsUnknown: "Nobody is selected, so the four-fifths rule says nothing.",
  disparateImpact: "Disparate impact",
  parity: "Selection difference",
  opportunity: "True positive difference",
  odds: "Equalised odds difference",
  calibrationError: "Worst calibration error",
  selectionBy: (group: string) => `Selected by ${group}`,
  impactLabel: (groups: number, below: readonly string[]) =>
    `Share selected in ${groups} groups; ${below.length === 0 ? "none is" : `${below.join(", ")} ${below.length === 1 ? "is" : "are"}`} below four fifths of the highest.`,
  below: "below four fifths",
  fourFifthsOf: (limit: string) => `four fifths of the highest: ${limit}`,
  ratesBy: (group: string) => `Rates by ${group}`,
  calibrationBy: (group: string) => `Calibration by ${group}`,
  calibrationOf: (group: string, name: string) => `Calibration, ${group} ${name}`,
  calibrationLabel: (names: readonly string[]) =>
    `What happened against what was said, in tenths, for ${names.join(", ")}; on the diagonal both are equal.`,
  group: "Group",
  rows: "Rows",
  selected: "Selected",
  truePositives: "True positives",
  falsePositives: "False positives",
  precision: "Precision",
  accuracy: "Accuracy",
  said: "Said",
  seen: "Happened",
  trace: (answer: string, at: string) => `Where the answer ${answer} comes from, ${at}`,
  traced: (samples: number, unit: string, method: string) =>
    `Of ${samples} training rows these moved the answer most, in ${unit}, by ${method}.`,
  methods: {
    "leaf-removal": "what each row adds to the leaves that the answer uses",
    "last-layer-influence-function": "the influence function of the last layer",
  } as Readonly<Record<string, string>>,
  rowsBehind: (id: string) => `Rows behind the answer ${id}`,
  traceLimits: "Values are estimates; a row that moved an answer is not thereby wrong.",
  moved: "Moved it",
  for: "for",
  against: "against",
  row: "Row",
  asset: "Asset",
  value: "Value",
  share: "Share",
  hash: "Row hash",
  signedBy: "Signed by",
  signer: "signer",
};
