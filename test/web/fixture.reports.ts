// Reports as `report.list` tells of them; two groups, four groups, and a trace of an answer.
const hash = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;
const signer = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const signed = (n: number) => ({
  statement: hash(n),
  id: hash(n + 100),
  signer,
  createdAt: "2026-05-02T08:00:00.000Z",
});

const group = (
  name: string,
  rows: number,
  selectionRate: number,
  hits: number | null,
  alarms: number,
  seen: number,
) => ({
  group: name,
  rows,
  selected: Math.round(rows * selectionRate),
  selectionRate,
  truePositiveRate: hits,
  falsePositiveRate: alarms,
  precision: 0.81,
  accuracy: 0.83,
  said: seen + 0.02,
  seen,
});
const curve = (name: string, lift: number) => ({
  group: name,
  bins: Array.from({ length: 10 }, (_, n) => ({
    from: n / 10,
    rows: 9 + n,
    said: 0.05 + n / 10,
    seen: Math.min(1, Math.max(0, 0.05 + n / 10 + lift * Math.sin(n))),
  })),
  expectedError: Math.abs(lift) * 0.63,
  largestError: Math.abs(lift),
});

const bySex = {
  ...signed(1),
  data: { asset: "2" },
  group: "sex",
  threshold: 0.5,
  rows: 297,
  left: 6,
  part: "all",
  trained: 210,
  groups: [group("female", 96, 0.281, 0.84, 0.08, 0.26), group("male", 201, 0.537, 0.86, 0.15, 0.55)],
  disparateImpact: 0.523,
  fourFifths: false,
  demographicParityDifference: 0.256,
  truePositiveDifference: 0.02,
  falsePositiveDifference: 0.07,
  equalisedOddsDifference: 0.07,
  calibrationGap: 0.02,
  calibration: [curve("female", 0.12), curve("male", 0.05)],
};
const sites = ["Budapest", "Cleveland", "Long Beach", "Zürich and Basel, both hospitals of the university"];
const bySite = {
  ...bySex,
  ...signed(2),
  group: "site",
  left: 0,
  part: "test",
  trained: 0,
  groups: sites.map((site, n) => group(site, 60 + n, 0.5 + n * 0.02, n === 3 ? null : 0.8, 0.1, 0.4)),
  disparateImpact: 0.893,
  fourFifths: true,
  truePositiveDifference: null,
  equalisedOddsDifference: null,
  calibration: sites.map((site, n) => curve(site, 0.03 + n * 0.02)),
};
const row = (at: number, value: number) => ({
  row: at,
  asset: "2",
  at,
  value,
  share: Math.abs(value) / 3,
  hash: hash(900 + at),
});

/** Reports by model. */
export const reports: Readonly<
  Record<string, { readonly fairness: readonly object[]; readonly influence: readonly object[] }>
> = {
  "4": {
    fairness: [bySex, bySite],
    influence: [
      {
        ...signed(3),
        method: "leaf-removal",
        unit: "log-odds",
        output: 0.31,
        answer: "no",
        score: -0.8,
        samples: 524,
        for: [row(17, -0.61), row(201, -0.34), row(88, -0.2)],
        against: [row(40, 0.72), row(305, 0.21), row(11, 0.05)],
      },
    ],
  },
};
