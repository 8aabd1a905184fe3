export type { Graph, GraphNode, Shape } from "./graph/ir.ts";
export type { Report } from "./metrics/report.ts";
export { BundleError } from "./model/bundle.ts";
export type { Metrics } from "./model/evaluate.ts";
export {
  type ClassProbability,
  type Contribution,
  type Decision,
  loadModel,
  type Model,
  type Prediction,
  toWad,
} from "./model/model.ts";
export { type Aggregate, DEFAULT_TOLERANCE, type Recipe, type RecipeInput } from "./recipe/recipe.ts";
export { sampleRows } from "./recipe/reader.ts";
export { recipeJsonSchema } from "./recipe/schema.ts";
export { RecipeError, validateRecipe } from "./recipe/validate.ts";
export { type CsvOptions, formatCsv, parseCsv } from "./table/csv.ts";
export {
  type Column,
  type ColumnType,
  columnOf,
  sliceTable,
  type Table,
  TableError,
  type TableProblem,
} from "./table/table.ts";
export { tableRoot } from "./commit/roots.ts";
export { decodeCheckpoint, encodeCheckpoint } from "./train/checkpoint.ts";
export type { Checkpoint, CheckpointRoot, RunCommitment, TrainOptions, TrainProgress } from "./train/run.ts";
export { rowsByPart } from "./train/rows.ts";
export { train, TrainingStoppedError, type TrainResult } from "./train/train.ts";
export { firstMismatch, type RunVerdict, verifyRun } from "./train/verify.ts";
