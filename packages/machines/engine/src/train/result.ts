import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { UnavailableError } from "@base/errors";
import type { NamedTensor } from "../commit/roots.ts";
import { type BundleContent, encodeBundle } from "../model/bundle.ts";
import { type Answer, evaluate, type Metrics } from "../model/evaluate.ts";
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

/** Measures what was trained on the test samples and writes its bundle. */
export function finish(
  prepared: Prepared,
  trained: Pick<BundleContent, "graph" | "trees" | "run">,
  tensors: readonly NamedTensor[],
  mean: Float32Array,
  answer: Answer,
): Omit<TrainResult, "curve"> {
  const { metrics, calibration } = evaluate(prepared, answer);
  const { recipe, features, categories } = prepared;
  const model = encodeBundle({ recipe, features, categories, ...trained, metrics }, [
    ...tensors,
    { name: "mean", shape: [1, mean.length], values: mean },
    {
      name: "calibration.prediction",
      shape: [calibration.length],
      values: Float32Array.from(calibration, (c) => c.prediction),
    },
    { name: "calibration.error", shape: [calibration.length], values: Float32Array.from(calibration, (c) => c.error) },
  ]);
  return { model, modelRoot: sha256Hex(model), run: trained.run, metrics };
}
