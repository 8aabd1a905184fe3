import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { UnavailableError } from "@base/errors";
import type { NamedTensor } from "../commit/roots.ts";
import { type BundleContent, encodeBundle } from "../model/bundle.ts";
import { type FoldScores, reportOf } from "../metrics/report.ts";
import { evaluate, type Metrics } from "../model/evaluate.ts";
import type { History } from "./history.ts";
import type { Prepared } from "./prepare.ts";
import type { RunCommitment, TrainProgress } from "./run.ts";

/** A finished run. */
export interface TrainResult {
  /** Canonical model bundle; the same inputs give the same bytes on every machine. */
  readonly model: Uint8Array;
  /** SHA-256 of `model`. */
  readonly modelRoot: Hash;
  readonly run: RunCommitment;
  readonly metrics: Metrics;
  /** Loss before each progress report: of the last batch, or of all training samples for trees. */
  readonly curve: readonly TrainProgress[];
}

/** The run was stopped by its signal; resuming from the last checkpoint gives the same bytes. */
export class TrainingStoppedError extends UnavailableError {
  override name = "TrainingStoppedError";
}

/** Measures answers for the test samples [samples, outputs] and writes the model's bundle. */
export function finish(
  prepared: Prepared,
  trained: Pick<BundleContent, "graph" | "trees" | "run">,
  tensors: readonly NamedTensor[],
  mean: Float32Array,
  predictions: Float32Array,
  history: History,
  folds: FoldScores | undefined,
): Omit<TrainResult, "curve"> {
  const { metrics: plain, calibration } = evaluate(prepared, predictions);
  const { recipe, features, categories, fitted } = prepared;
  const metrics = recipe.version === 1 ? plain : { ...plain, report: reportOf(prepared, predictions, history, folds) };
  const classes = fitted?.classes === undefined ? {} : { classes: fitted.classes };
  const fills = fitted?.fills;
  const model = encodeBundle({ recipe, features, categories, ...classes, ...trained, metrics }, [
    ...tensors,
    { name: "mean", shape: [1, mean.length], values: mean },
    ...(fills === undefined ? [] : [{ name: "fills", shape: [1, fills.length], values: fills }]),
    {
      name: "calibration.prediction",
      shape: [calibration.length],
      values: Float32Array.from(calibration, (c) => c.prediction),
    },
    { name: "calibration.error", shape: [calibration.length], values: Float32Array.from(calibration, (c) => c.error) },
  ]);
  return { model, modelRoot: sha256Hex(model), run: trained.run, metrics };
}
