// Models as `assets.show` tells of them: documents with the reports that real trainings gave (shortened by hand).
const wave = (n: number) => Math.sin(n * 12.9898) * 0.5 + 0.5;

const learning = (epochs: number, best: number) => ({
  epochs,
  best,
  curve: Array.from({ length: epochs }, (_, n) => ({
    epoch: n + 1,
    train: 0.68 * 0.9 ** n + 0.06,
    valid: 0.7 * 0.9 ** Math.min(n, best) + 0.11 + Math.max(0, n - best) * 0.012 + wave(n) * 0.01,
  })),
});

const bins = Array.from({ length: 9 }, (_, n) => ({
  rows: 12 + n,
  said: 0.05 + n * 0.11,
  seen: Math.min(1, Math.max(0, 0.02 + n * 0.115 + (wave(n) - 0.5) * 0.1)),
}));
const arc = Array.from({ length: 60 }, (_, n): [number, number] => [n / 59, (n / 59) ** 0.28]);
const precision = Array.from({ length: 60 }, (_, n): [number, number] => [n / 59, 1 - 0.45 * (n / 59) ** 3]);
const common = { trainRows: 524, testRows: 120, mae: 0.21, baselineRmse: 0.47, baselineMae: 0.4 };
const digits = Array.from({ length: 10 }, (_, n) => String(n));

/** Documents by asset id. */
export const models: Readonly<Record<string, { readonly name: string; readonly [field: string]: unknown }>> = {
  "3": {
    name: "Dry season score",
    task: "regression",
    target: "wrsi",
    createdAt: "2026-05-01T08:00:00.000Z",
    metrics: {
      ...common,
      rmse: 0.081,
      report: {
        validRows: 0,
        learning: { ...learning(30, 30), curve: learning(30, 30).curve.map(({ epoch, train }) => ({ epoch, train })) },
        regression: {
          r2: 0.91,
          pairs: Array.from({ length: 90 }, (_, n) => [
            wave(n),
            Math.min(1, Math.max(0, wave(n) + wave(n + 7) * 0.2 - 0.1)),
          ]),
        },
      },
    },
  },
  "4": {
    name: "Heart disease",
    task: "binary",
    target: "disease",
    createdAt: "2026-05-01T08:00:00.000Z",
    metrics: {
      ...common,
      rmse: 0.36,
      binary: { logLoss: 0.41, accuracy: 0.82, auc: 0.887 },
      report: {
        validRows: 96,
        learning: learning(42, 30),
        binary: {
          precision: 0.83,
          recall: 0.86,
          f1: 0.846,
          brier: 0.129,
          averagePrecision: 0.881,
          calibrationError: 0.051,
          calibration: bins,
          confusion: [
            [41, 12],
            [9, 58],
          ],
          roc: arc,
          precisionRecall: precision,
        },
        crossValidation: { metric: "auc", scores: [0.86, 0.9, 0.88, 0.87, 0.89], mean: 0.88, deviation: 0.0141 },
      },
    },
  },
  "5": {
    name: "Digits",
    task: "multiclass",
    target: "digit",
    createdAt: "2026-05-01T08:00:00.000Z",
    metrics: {
      ...common,
      rmse: 0.4,
      report: {
        validRows: 60,
        learning: learning(20, 20),
        classes: {
          labels: digits,
          accuracy: 0.868,
          guess: 0.09,
          macroF1: 0.86,
          logLoss: 0.44,
          brier: 0.2,
          calibrationError: 0.04,
          calibration: bins,
          confusion: digits.map((_, was) =>
            digits.map((__, said) => (was === said ? 10 + (was % 3) : (was * said) % 7 === 3 ? 1 : 0)),
          ),
        },
      },
    },
  },
};
